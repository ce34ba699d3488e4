"""What is wrong with the layers of Caffe's forks, and with whole nets: each message in full."""

from __future__ import annotations

import numpy as np
import pytest
from caffemodel_writer import caffemodel, chunk, number

from trtcore.errors import ModelError
from trtcore.models.caffe.importer import load_caffe


def layer(kind, rest="", bottoms=("data",), top="out"):
    reads = "".join(f'bottom: "{blob}" ' for blob in bottoms)
    return f'layer {{ name: "it" type: "{kind}" {reads} top: "{top}" {rest} }}\n'


BOXES = "takes a min_size of 1 or more, and no max_size or one for each min_size"
NO_PADS = "pad_beg 1 and pad_end 0 must be 0 or less, zoom_factor 1 and shrink_factor 1 1 or more"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            layer("PriorBox", "prior_box_param { min_size: 4 }", ("data", "row")),
            "takes two bottoms of 4 axes, got 2x6x8x9 and 2x6",
        ),
        (layer("PriorBox", "", ("data", "data")), BOXES),
        (layer("PriorBox", "prior_box_param { min_size: 0.5 }", ("data", "data")), BOXES),
        (
            layer(
                "PriorBox", "prior_box_param { min_size: 4 max_size: 8 max_size: 9 }", ("data",) * 2
            ),
            BOXES,
        ),
        (
            layer(
                "PriorBox", "prior_box_param { min_size: 4 variance: 1 variance: 2 }", ("data",) * 2
            ),
            "has 2 values of variance, takes 1 or 4 above 0",
        ),
        (layer("ContinuationIndicator", "", ()), "takes a time_step and a batch_size"),
        (
            layer("Reorg", "reorg_param { stride: 2 }"),
            "stride 2 does not divide its bottom, 2x6x8x9",
        ),
        (layer("Interp"), "takes a height and width, a zoom_factor or a shrink_factor"),
        (layer("Interp", "interp_param { pad_beg: 1 zoom_factor: 1 }"), NO_PADS),
        (
            layer("Interp", "interp_param { pad_beg: -4 pad_end: -4 height: 4 width: 4 }"),
            "pad_beg -4 and pad_end -4 leave nothing of 2x6x8x9",
        ),
        (
            layer("Transpose", "transpose_param { dim: 1 dim: 0 }"),
            "dim [1, 0] must name every axis of 2x6x8x9",
        ),
        (
            layer("BN", "bn_param { moving_average: false }"),
            "takes axis 1 and moving_average: true; no layer above can be an output",
        ),
        (
            layer("ReLU6", "relu_param { negative_slope: 0.1 }"),
            "has a negative_slope, which no definition of ReLU6 has; "
            "no layer above can be an output",
        ),
        (layer("BN", "", ("line",)), "takes a bottom with channels, got 2"),
        (layer("BatchNorm", "", ("line",)), "takes a bottom with channels, got 2"),
        (layer("PReLU", "", ("line",)), "takes a bottom with channels"),
        (layer("Normalize", "", ("line",)), "takes a bottom with channels, got 2"),
        (
            layer("DepthwiseConvolution", "convolution_param { num_output: 6 }", ("line",)),
            "takes a bottom with channels, got 2",
        ),
        (
            layer(
                "DepthwiseConvolution",
                "convolution_param { num_output: 6 kernel_size: 3 group: 3 }",
            ),
            "group 3 must be that of a depthwise layer, 6",
        ),
        (layer("MVN", "", ("row",)), "takes a bottom with spatial axes, got 2x6"),
        (
            layer("Axpy", "", ("row", "data", "row")),
            "takes a factor per image and channel and two blobs of one shape, got 2x6, 2x6x8x9 "
            "and 2x6",
        ),
        (
            layer(
                "Convolution",
                "convolution_param { num_output: 1 kernel_size: 1 hole: 2 dilation: 2 }",
            ),
            "hole goes with 2 spatial axes, both of them, and without dilation",
        ),
        (
            layer("Pooling", 'top: "mask" pooling_param { pool: AVE kernel_size: 2 }'),
            "has a second top, which only MAX pooling over windows has",
        ),
        (
            layer("Pooling", "pooling_param { kernel_size: 2 round_mode: FLOOR ceil_mode: true }"),
            "round_mode and ceil_mode contradict each other: remove one",
        ),
        (
            layer(
                "Input", 'top: "b" top: "c" input_param { shape { dim: 1 } shape { dim: 2 } }', ()
            )
            + layer("ReLU", "", ("out",), "end"),
            "has 2 shapes for 3 tops, give one, or one per top",
        ),
    ],
)
def test_a_layer_of_a_fork(write_net, text, problem):
    net = write_net(text, data=(2, 6, 8, 9), row=(2, 6), line=(2,))
    kind = text.split('"')[3]
    with pytest.raises(ModelError) as error:
        load_caffe(net)
    assert str(error.value) == f"{net}: layer 'it' ({kind}, line 4): {problem}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name: "a"', "has no layers, expected a Caffe net"),
        (
            'layers { name: "a" type: RELU } layer { name: "b" type: "ReLU" }',
            "mixes `layer` and `layers` entries, use one of them",
        ),
        (
            'layers { layer { name: "a" type: "relu" } bottom: "x" top: "x" }',
            "line 1: the V0 format of 2013 is not supported, upgrade the file with Caffe's "
            "upgrade_net_proto_text",
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
            layer("Accuracy", "", (), "acc") + layer("ReLU", "", ("acc",)),
            "layer 'it' (ReLU, line 2): reads 'acc' of layer 'it' (Accuracy, line 1), which is "
            "left out in TEST phase",
        ),
    ],
)
def test_a_net(write_net, text, message):
    net = write_net(text)
    with pytest.raises(ModelError) as error:
        load_caffe(net)
    between = ", " if message.startswith("line 1") else ": "
    assert str(error.value) == f"{net}{between}{message}"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("data", "output 'data' is an input of the net, no layer computes it"),
        ("otu", "output 'otu': the net has no blob or layer of this name, did you mean 'out'?"),
        ("fc1000", "output 'fc1000': the net has no blob or layer of this name"),
    ],
)
def test_an_output_that_is_none(write_net, name, problem):
    net = write_net(layer("ReLU"), data=(2, 6, 8, 9))
    with pytest.raises(ModelError) as error:
        load_caffe(net, outputs=[name])
    assert str(error.value) == f"{net}: {problem}"


CONV = layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 }")
BN = layer("BN", "bn_param { bn_mode: LEARN }")
SCALE, CHANNELS = np.zeros((4, 6, 3, 3), np.float32), np.zeros(6, np.float32)


@pytest.mark.parametrize(
    ("text", "blobs", "problem"),
    [
        (CONV, [SCALE, SCALE[:, 0, 0, 0], CHANNELS], "{} has 3 blobs for it, the net expects 2"),
        (BN, [CHANNELS, CHANNELS], "has 2 blobs, which need bn_mode: INFERENCE"),
    ],
)
def test_blobs_that_do_not_fit(write_net, tmp_path, text, blobs, problem):
    net, weights = write_net(text, data=(2, 6, 8, 9)), tmp_path / "net.caffemodel"
    weights.write_bytes(caffemodel({"it": blobs}))
    kind = text.split('"')[3]
    with pytest.raises(ModelError) as error:
        load_caffe(net, weights)
    assert str(error.value) == (f"{net}: layer 'it' ({kind}, line 2): {problem.format(weights)}")


def test_two_layers_of_one_name(write_net):
    net = write_net(CONV + CONV.replace('"out"', '"more"'), data=(2, 6, 8, 9))
    with pytest.raises(ModelError) as error:
        load_caffe(net)
    assert str(error.value) == (
        f"{net}: layer 'it' (Convolution, line 3): line 2 has a layer of this name, but weights "
        "go by name: rename one"
    )


def of_layer(content: bytes) -> bytes:
    """A caffemodel with one layer, which has this content."""
    return chunk(100, chunk(1, b"it") + content)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\x89HDF\r\n\x1a\n" + bytes(64), "is an HDF5 snapshot, save it as a binary .caffemodel"),
        (
            of_layer(b"\x3a\x7f\x00"),
            "not a caffemodel, or damaged (truncated: byte 7 announces 127 bytes, 1 follow)",
        ),
        (b"\x0b\x00\x00", "not a caffemodel, or damaged (bad wire type 3 at byte 0)"),
        (
            of_layer(chunk(7, chunk(7, b"\x0d\x01\x02\x03\x04"))),
            "not a caffemodel, or damaged (field 1 at byte 11 is not a list of integers)",
        ),
        (
            of_layer(chunk(7, chunk(7, chunk(1, bytes(1000))))),
            "not a caffemodel, or damaged (field 1 at byte 17 is too long for a shape)",
        ),
        (number(1, 1), "not a caffemodel, or damaged (no layer in it has weights)"),
    ],
)
def test_a_file_of_weights(write_net, tmp_path, content, problem):
    weights = tmp_path / "net.caffemodel"
    weights.write_bytes(content)
    with pytest.raises(ModelError) as error:
        load_caffe(write_net(CONV, data=(2, 6, 8, 9)), weights)
    assert str(error.value) == f"{weights}: {problem}"
