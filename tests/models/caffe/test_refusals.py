"""What is wrong with a net, said in one line with layer, type and line, all of it at once."""

from __future__ import annotations

import pytest
from net_text import conv, layer

from trtcore.errors import ModelError
from trtcore.models.caffe.importer import load_caffe


def two(kind, rest=""):
    return layer(kind, rest, bottom='bottom: "data" bottom: "other"')


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            layer("ROIPooling"),
            "this layer type is not supported; no layer above can be an output",
        ),
        (
            layer("Convolutoin"),
            "this layer type is not supported, did you mean Convolution?; "
            "no layer above can be an output",
        ),
        (layer("ReLU", bottom=""), "has 0 bottoms, takes 1"),
        (layer("ReLU", 'top: "more"'), "has 2 tops, takes 1"),
        (layer("Scale", 'bottom: "data" bottom: "other"'), "has 3 bottoms, takes 1 or 2"),
        (layer("Eltwise"), "has 1 bottoms, takes at least 2"),
        (layer("ReLU", bottom='bottom: "dta"'), "reads 'dta', which no layer produces"),
        (layer("Slice", 'top: "out"'), "produces 'out', which another layer already produces"),
        (layer("ReLU", top="other"), "produces 'other', which another layer already produces"),
        (
            conv("num_output: 1000000000 kernel_size: 1"),
            "its blob 0 would be 1000000000x6x1x1, a blob has 1 to 2147483647 values",
        ),
        (
            conv("num_output: 4000000000 kernel_size: 4000000000 pad: 4000000000"),
            "its blob 0 would be 4000000000x6x4000000000x4000000000, "
            "a blob has 1 to 2147483647 values",
        ),
        (conv("kernel_size: 1"), "num_output is 0, must be 1 or more"),
        (conv("num_output: 4"), "has 0 values of kernel_size, takes 1 or 2"),
        (conv("num_output: 4 kernel_size: 0"), "kernel_size is 0, must be 1 or more"),
        (conv("num_output: 4 kernel_size: 3 stride: 0"), "stride is 0, must be 1 or more"),
        (
            conv("num_output: 4 kernel_size: 3 pad: 1 pad: 1 pad: 1"),
            "has 3 values of pad, takes 1 or 2",
        ),
        (
            conv("num_output: 4 kernel_size: 3 kernel_h: 3 kernel_w: 3"),
            "kernel_h and kernel_w go with 2 spatial axes and without kernel_size",
        ),
        (conv("num_output: 4 kernel_size: 3 group: 4"), "group 4 does not divide its channels, 6"),
        (
            conv("num_output: 4 kernel_size: 3 group: 3"),
            "group 3 does not divide its num_output, 4",
        ),
        (
            conv("num_output: 4 kernel_size: 3 dilation: 5"),
            "a window of 11x11 does not fit into its bottom of 2x6x8x9",
        ),
        (
            conv("num_output: 4 kernel_size: 3 axis: 2"),
            "takes a bottom of batch, channels and spatial axes with axis 1, "
            "got 2x6x8x9 and axis 2",
        ),
        (
            layer("InnerProduct", "inner_product_param { num_output: 3 axis: 4 }"),
            "axis 4 does not exist in its bottom of 2x6x8x9",
        ),
        (
            layer("Pooling", "pooling_param { pool: STOCHASTIC kernel_size: 2 }"),
            "pool STOCHASTIC is not supported, use MAX or AVE",
        ),
        (layer("Pooling"), "kernel_size is 0, must be 1 or more"),
        (
            layer("Pooling", "pooling_param { kernel_size: 2 pad: 2 }"),
            "pad 2 must be smaller than the kernel, 2",
        ),
        (
            layer("Pooling", "pooling_param { kernel_size: 2 kernel_h: 2 kernel_w: 2 }"),
            "has both kernel_size and kernel_h or kernel_w, use one form",
        ),
        (
            layer("Pooling", "pooling_param { kernel_size: 2 global_pooling: true }"),
            "has both global_pooling and kernel_size, use one",
        ),
        (
            layer("Pooling", "pooling_param { pad: 1 global_pooling: true }"),
            "has both global_pooling and padding, use one",
        ),
        (
            layer("Pooling", "pooling_param { kernel_size: 30 }"),
            "kernel 30 does not fit into its bottom of size 8",
        ),
        (
            layer("Pooling", "pooling_param { kernel_size: 1 stride: 8 }"),
            "kernel 1, stride 8, pad 0 on size 8 puts its last window outside the image",
        ),
        (layer("LRN", "lrn_param { local_size: 4 }"), "local_size is 4, must be odd"),
        (
            layer("BatchNorm", "batch_norm_param { use_global_stats: false }"),
            "use_global_stats: false asks for the batch's own statistics: remove it",
        ),
        (layer("Clip", "clip_param { min: 1 }"), "clip_param takes both min and max"),
        (layer("Exp", "exp_param { base: 0 }"), "base is 0, must be above 0, or -1 for e"),
        (layer("Log", "log_param { base: 1 }"), "a logarithm of base 1 does not exist"),
        (two("Eltwise"), "its bottoms 2x6x8x9 and 2x6x4x4 differ"),
        (
            layer(
                "Eltwise",
                "eltwise_param { operation: PROD coeff: 1 coeff: 1 }",
                bottom='bottom: "data" bottom: "data"',
            ),
            "has 2 coeff, takes one per bottom, and only with SUM",
        ),
        (two("Concat"), "its bottoms 2x6x8x9 and 2x6x4x4 differ beside axis 1"),
        (
            two("Concat", "concat_param { axis: 1 concat_dim: 1 }"),
            "has both axis and concat_dim, use axis",
        ),
        (
            layer("Slice", 'top: "b" top: "c" top: "d"'),
            "4 tops do not divide the size, 6; give slice_point",
        ),
        (
            layer("Slice", 'top: "b" slice_param { slice_point: 6 }'),
            "slice_point [6] must be 1 rising cuts between 0 and 6",
        ),
        (two("Scale"), "its bottoms 2x6x8x9 and 2x6x4x4 differ from axis 1"),
        (
            layer("Scale", "scale_param { num_axes: 4 }"),
            "num_axes 4 from axis 1 does not fit 2x6x8x9",
        ),
        (
            layer("Flatten", "flatten_param { axis: 2 end_axis: 1 }"),
            "axis 2 comes after end_axis 1",
        ),
        (
            layer("Reshape", "reshape_param { shape { dim: 5 dim: -1 } }"),
            "cannot turn 2x6x8x9 into 5x-1",
        ),
        (
            layer("Reshape", "reshape_param { shape { dim: -1 dim: -1 } }"),
            "shape [-1, -1] takes sizes, 0 to copy and one -1",
        ),
        (
            layer("Reshape", "reshape_param { shape { dim: 1 dim: 1 dim: 1 dim: 1 dim: 0 } }"),
            "dim 0 at 4 has no axis to copy in 2x6x8x9",
        ),
        (
            layer("Reshape", "reshape_param { axis: 3 num_axes: 2 }"),
            "axis 3 and num_axes 2 do not fit 2x6x8x9",
        ),
        (two("Crop", "crop_param { axis: 2 offset: 5 }"), "offset [5, 5] and size 4x4 leave 8x9"),
        (
            two("Crop", "crop_param { axis: 1 offset: 0 offset: 0 }"),
            "takes bottoms of as many axes and 0, 1 or 3 offsets, got 2x6x8x9, 2x6x4x4 and 2",
        ),
        (
            layer("Permute", "permute_param { order: 0 order: 0 }"),
            "order [0, 0] must be different axes of 2x6x8x9",
        ),
        (
            layer("Tile", "tile_param { tiles: 0 }"),
            "its output would be 2x0x8x9, a blob has 1 to 2147483647 values",
        ),
        (
            layer("Tile", "tile_param { tiles: 2000000000 }"),
            "its output would be 2x12000000000x8x9, a blob has 1 to 2147483647 values",
        ),
        (layer("ArgMax", "argmax_param { top_k: 7 axis: 1 }"), "top_k is 7, must be 1 to 6"),
    ],
)
def test_layer_is_refused_by_name_type_and_line(write_net, text, problem):
    net = write_net(text, data=(2, 6, 8, 9), other=(2, 6, 4, 4))
    with pytest.raises(ModelError) as caught:
        load_caffe(net)
    kind = text.split('"')[3]
    assert str(caught.value) == f"{net}: layer 'it' ({kind}, line 3): {problem}"


def test_everything_wrong_is_said_at_once(write_net):
    net = write_net(
        layer("Pooling", "pooling_param { pool: STOCHASTIC kernel_size: 2 }", name="a", top="a")
        + layer("ReLU", name="b", bottom='bottom: "a"', top="b")
        + layer("LRN", "lrn_param { local_size: 4 }", name="c", top="c")
        + layer("LRN", "lrn_param { local_size: 2 }", name="d", top="d"),
        data=(1, 2, 3, 4),
    )
    with pytest.raises(ModelError) as caught:
        load_caffe(net)
    assert str(caught.value) == (
        f"{net}: 3 problems: layer 'a' (Pooling, line 2): pool STOCHASTIC is not supported, use "
        "MAX or AVE; layer 'c' (LRN, line 4): local_size is 4, must be odd (and 1 more of its type)"
    )


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        (
            'bottom: "b"',
            'bottom: "a"',
            "layer 'one' (TanH, line 2): reads 'b', which is produced by layer 'two' (AbsVal, "
            "line 3) further down: a cycle, or a wrong order",
        ),
        (
            'bottom: "data"',
            'bottom: "b" bottom: "a"',
            "layer 'two' (AbsVal, line 3): reads 'b', which no layer produces",
        ),
    ],
)
def test_cycles(write_net, first, second, problem):
    net = write_net(
        layer("TanH", name="one", bottom=first, top="a")
        + layer("AbsVal", name="two", bottom=second, top="b"),
        data=(1, 2),
    )
    with pytest.raises(ModelError) as caught:
        load_caffe(net)
    assert str(caught.value) == f"{net}: {problem}"


def test_bottom_of_a_layer_that_is_left_out(write_net):
    text = layer("EuclideanLoss", name="loss", bottom='bottom: "data" bottom: "data"', top="loss")
    net = write_net(text + layer("ReLU", bottom='bottom: "loss"'), data=(1, 2))
    with pytest.raises(ModelError, match=r"reads 'loss' of layer 'loss' \(EuclideanLoss, line 2\)"):
        load_caffe(net)


@pytest.mark.parametrize(
    ("kind", "dims", "param", "problem"),
    [
        ("ShuffleChannel", (2, 12), "", "takes a bottom of 4 axes, got 2x12"),
        (
            "ShuffleChannel",
            (2, 4, 3, 3),
            "shuffle_channel_param { group: 3 }",
            "group 3 does not divide its channels, 4",
        ),
    ],
)
def test_bottom_of_another_rank_or_length(write_net, kind, dims, param, problem):
    net = write_net(layer(kind, param), data=dims)
    with pytest.raises(ModelError) as caught:
        load_caffe(net)
    assert str(caught.value) == f"{net}: layer 'it' ({kind}, line 2): {problem}"


def test_ranks_of_a_scalar(write_net):
    text = layer("Reduction", name="sum", top="sum") + layer("ArgMax", bottom='bottom: "sum"')
    net = write_net(text, data=(2, 3))
    with pytest.raises(ModelError) as caught:
        load_caffe(net)
    assert str(caught.value) == (
        f"{net}: layer 'it' (ArgMax, line 3): takes a bottom with axes, got a scalar"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('name: "x"', "has no layers, expected a Caffe net"),
        (
            layer("ReLU") + 'layers { name: "b" type: RELU bottom: "out" top: "b" }',
            "mixes `layer` and `layers` entries, use one of them",
        ),
        (
            'input: "data" input_dim: 1 input_dim: 3\n' + layer("ReLU"),
            "has 1 `input` and 2 `input_dim` entries, give four per input",
        ),
        (
            layer("ReLU", "include { phase: TEST } exclude { phase: TRAIN }"),
            "layer 'it' (ReLU, line 1) has both include and exclude rules, use one",
        ),
        (
            layer("Input", "input_param { shape { dim: -1 dim: 3 } }", bottom=""),
            "layer 'it' (Input, line 1): its top 'out' would be -1x3, "
            "a blob has 1 to 2147483647 values",
        ),
        (
            layer("Input", "input_param { shape { dim: 1 dim: 1000000000 dim: 9 } }", bottom=""),
            "layer 'it' (Input, line 1): its top 'out' would be 1x1000000000x9, "
            "a blob has 1 to 2147483647 values",
        ),
        (
            layer("Input", bottom=""),
            "layer 'it' (Input, line 1): does not state the shape of 'out': "
            "give it with shapes={'out': ('N', 'C', 'H', 'W')}",
        ),
        (
            layer("Input", "input_param { shape { } }", bottom=""),
            "layer 'it' (Input, line 1): does not state the shape of 'out': "
            "give it with shapes={'out': ('N', 'C', 'H', 'W')}",
        ),
    ],
)
def test_net_is_refused(tmp_path, text, problem):
    net = tmp_path / "net.prototxt"
    net.write_text(text)
    with pytest.raises(ModelError) as caught:
        load_caffe(net)
    assert str(caught.value) == f"{net}: {problem}"


def test_v0_format(tmp_path):
    net = tmp_path / "net.prototxt"
    net.write_text('layers {\n  layer { name: "a" type: "conv" kernelsize: 3 } bottom: "x" }')
    with pytest.raises(ModelError, match="line 1: the V0 format of 2013 is not supported, upgrade"):
        load_caffe(net)


CONV = layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 }")


def test_skipped_parameter_of_a_layer_that_is_not_needed(write_net):
    net = write_net(
        CONV + layer("TanH", "tanh_param { odd: 1 }", name="b", top="b"), data=(1, 3, 8, 8)
    )
    load_caffe(net)
    net = write_net(
        CONV + conv("num_output: 1 kernel_size: 1 odd: 1", name="b", top="b"), data=(1, 3, 8, 8)
    )
    with pytest.raises(
        ModelError, match=r"layer 'b' .*ConvolutionParameter\.odd \(line 3\) is not"
    ):
        load_caffe(net)
    load_caffe(net, outputs=["out"])
