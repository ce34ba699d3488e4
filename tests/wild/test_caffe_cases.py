"""Small Caffe nets with one trait each of what people have, from the file to what is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from trtcore.cli import main

INPUT = 'layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ {} }} }} }}\n'


def image(*dims: int) -> str:
    return INPUT.format(" ".join(f"dim: {dim}" for dim in dims))


class Converted:
    """What ``trtcore convert`` made of a net and said about it."""

    def __init__(self, code: int, said: str, path: Path) -> None:
        self.code = code
        self.said = said
        self._path = path

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, as ONNX infers it."""
        graph = onnx.shape_inference.infer_shapes(onnx.load(self._path)).graph
        values = {one.name: one for one in (*graph.value_info, *graph.output, *graph.input)}
        return tuple(dim.dim_value for dim in values[name].type.tensor_type.shape.dim)

    def operators(self) -> dict[str, str]:
        return {node.name: node.op_type for node in onnx.load(self._path).graph.node}


@pytest.fixture
def convert(tmp_path, capsys, monkeypatch):
    # Short paths in messages, as a user has them.
    monkeypatch.chdir(tmp_path)

    def run(text: str, *options: str) -> Converted:
        Path("net.prototxt").write_text(text)
        code = main(["convert", "net.prototxt", "-o", "net.onnx", *options])
        captured = capsys.readouterr()
        assert captured.out == ""
        return Converted(code, captured.err, tmp_path / "net.onnx")

    return run


def refused(converted: Converted) -> str:
    """The message of a refusal: one line of at most 300 characters, exit code 2."""
    assert converted.code == 2
    (line,) = converted.said.splitlines()
    assert len(line.removeprefix("trtcore: error: ")) <= 300
    return line


CONV = (
    'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { %s } }'
)


@pytest.mark.parametrize(
    ("param", "size"),
    [
        ("ceil_mode: false", 56),
        ("round_mode: FLOOR", 56),
        ("ceil_mode: true", 57),
        ("", 57),
    ],
)
def test_pooling_rounds_as_the_file_says(convert, param, size):
    made = convert(
        image(1, 4, 112, 112) + 'layer { name: "pool1" type: "Pooling" bottom: "data" top: "pool1" '
        f"pooling_param {{ pool: MAX kernel_size: 3 stride: 2 pad: 1 {param} }} }}"
    )
    assert made.code == 0
    assert made.shape("pool1") == (1, 4, size, size)


def test_skipped_field_that_may_change_the_result_is_an_error(convert):
    made = convert(image(1, 4, 8, 8) + CONV % "num_output: 4 kernel_size: 3 torch_pad: 1")
    assert refused(made) == (
        "trtcore: error: net.prototxt: layer 'conv' (Convolution, line 2): "
        "ConvolutionParameter.torch_pad (line 2) is not known and may change its result; if it "
        "does not, remove it"
    )


def test_skipped_field_that_changes_nothing_is_a_note(convert):
    made = convert(
        image(1, 4, 8, 8)
        + CONV % "num_output: 4 kernel_size: 3 conv_algos_override: 1 weight_filler { std: 0.1 }"
        + "\nlayer_count: 2"
    )
    assert made.code == 0
    assert made.said.splitlines() == [
        "trtcore: weights: He-normal, seed 0",
        "trtcore: unknown fields skipped: "
        "ConvolutionParameter.conv_algos_override (line 2), NetParameter.layer_count (line 3)",
    ]


DATA = (
    'layer { name: "src" type: "%s" top: "data" top: "label" include { phase: TEST } '
    'data_param { source: "db" batch_size: 10 backend: LMDB } }\n'
)


@pytest.mark.parametrize("kind", ["Data", "HDF5Data", "AnnotatedData", "Python"])
def test_shapes_say_what_a_data_layer_does_not(convert, kind):
    net = DATA % kind + CONV % "num_output: 4 kernel_size: 3"
    made = convert(net, "--shapes", "data:10x3x32x32")
    assert made.code == 0
    assert made.shape("conv") == (10, 4, 30, 30)
    assert refused(convert(net)) == (
        f"trtcore: error: net.prototxt: layer 'src' ({kind}, line 1): does not state the shape of "
        "'data': give it with --shapes data:NxCxHxW"
    )


def test_data_of_training_alone_becomes_an_input(convert):
    net = (DATA % "Data").replace("TEST", "TRAIN") + CONV % "num_output: 4 kernel_size: 3"
    assert convert(net, "--shapes", "data:2x3x9x9").shape("conv") == (2, 4, 7, 7)
    assert refused(convert(net)) == (
        "trtcore: error: net.prototxt: layer 'conv' (Convolution, line 2): reads 'data', which "
        "only layer 'src' (Data, line 1) produces, and its rules leave it out in phase TEST: make "
        "it an input with --shapes data:NxCxHxW"
    )


def test_input_without_shape(convert):
    conv = CONV % "num_output: 4 kernel_size: 3"
    beside = convert('input: "data"\n' + image(1, 3, 8, 8) + conv)
    assert beside.code == 0
    assert beside.shape("conv") == (1, 4, 6, 6)
    asked = convert('input: "data"\n' + conv, "--shapes", "data:1x3x8x8")
    assert asked.shape("conv") == (1, 4, 6, 6)
    assert refused(convert('input: "data"\n' + conv)) == (
        "trtcore: error: net.prototxt: layer 'input' (Input): does not state the shape of 'data': "
        "give it with --shapes data:NxCxHxW"
    )


def test_depthwise_layers_and_relu6(convert):
    made = convert(
        image(1, 4, 8, 8)
        + 'layer { name: "dw" type: "ConvolutionDepthwise" bottom: "data" top: "dw" '
        "convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }\n"
        'layer { name: "r6" type: "ReLU6" bottom: "dw" top: "r6" }'
    )
    assert made.code == 0
    assert made.operators() == {"dw": "Conv", "r6": "Clip"}


def test_every_unsupported_type_is_named_once(convert):
    layers = [
        f'layer {{ name: "roi{i}" type: "ROIPooling" bottom: "conv" top: "r{i}" }}'
        for i in range(21)
    ]
    layers.append('layer { name: "last" type: "ROIAlign" bottom: "conv" top: "last" }')
    net = image(1, 4, 8, 8) + CONV % "num_output: 4 kernel_size: 3" + "\n" + "\n".join(layers)
    assert refused(convert(net)) == (
        "trtcore: error: net.prototxt: 2 layer types are not supported: 21 ROIPooling (first "
        "'roi0', line 3), 1 ROIAlign ('last', line 24); cut above with --output conv, or "
        "--cut-unsupported"
    )


def test_many_types_still_fit_into_one_message(convert):
    kinds = [f"UnheardOfLayer{i}" for i in range(9)]
    layers = [f'layer {{ name: "l{k}" type: "{k}" bottom: "conv" top: "l{k}" }}' for k in kinds]
    net = image(1, 4, 8, 8) + CONV % "num_output: 4 kernel_size: 3" + "\n" + "\n".join(layers)
    line = refused(convert(net))
    assert all(f"1 {kind}" in line for kind in kinds)
    assert line.endswith("; cut above with --output conv, or --cut-unsupported")


def test_no_hint_to_a_layer_that_computes_something_else(convert):
    for kind in ("Convolution3D", "ReLU7", "SoftmaxWithMargin"):
        net = image(1, 4, 8, 8) + f'layer {{ name: "it" type: "{kind}" bottom: "data" top: "it" }}'
        assert refused(convert(net)) == (
            f"trtcore: error: net.prototxt: layer 'it' ({kind}, line 2): this layer type is not "
            "supported; no layer above can be an output"
        )


HEAD = (
    image(1, 3, 8, 8)
    + CONV % "num_output: 4 kernel_size: 3"
    + """
layer { name: "loc" type: "Convolution" bottom: "conv" top: "loc"
  convolution_param { num_output: 8 kernel_size: 1 } }
layer { name: "post" type: "Python" bottom: "loc" top: "rois" }
layer { name: "roi" type: "ROIPooling" bottom: "conv" bottom: "rois" top: "roi" }
layer { name: "fc" type: "InnerProduct" bottom: "roi" top: "fc"
  inner_product_param { num_output: 2 } }
"""
)


def test_only_what_the_outputs_need_has_to_be_supported(convert):
    made = convert(HEAD, "--output", "loc")
    assert made.code == 0
    assert made.operators() == {"conv": "Conv", "loc": "Conv"}
    assert made.said.splitlines() == [
        "trtcore: weights: He-normal, seed 0",
        "trtcore: left out, not needed by any output: 'post', 'roi', 'fc'",
    ]


def test_cut_above_what_is_not_supported(convert):
    assert refused(convert(HEAD)) == (
        "trtcore: error: net.prototxt: 2 layer types are not supported: 1 Python ('post', line 5), "
        "1 ROIPooling ('roi', line 6); cut above with --output loc, or --cut-unsupported"
    )
    made = convert(HEAD, "--cut-unsupported")
    assert made.code == 0
    assert made.operators() == {"conv": "Conv", "loc": "Conv"}
    assert made.said.splitlines() == [
        "trtcore: weights: He-normal, seed 0",
        "trtcore: cut: 2 layer types are not supported: 1 Python ('post', line 5), 1 ROIPooling "
        "('roi', line 6), and 1 layer behind them; the outputs are 'loc'",
        "trtcore: left out, not needed by any output: 'post', 'roi', 'fc'",
    ]


def test_cut_means_nothing_for_other_models(convert, tmp_path, capsys):
    assert main(["profile", "googlenet", "--cut-unsupported"]) == 2
    assert capsys.readouterr().err == (
        "trtcore: error: --cut-unsupported belongs to a Caffe model, give its .prototxt\n"
    )


def test_prototxt_of_more_than_a_megabyte(convert):
    notes = "".join(f"# note {i}: {'x' * 30}\n" for i in range(26_000))
    relu = 'layer { name: "r" type: "ReLU" bottom: "data" top: "r" }\n'
    made = convert(image(1, 4, 8, 8) + relu + notes)
    assert made.code == 0
    assert made.shape("r") == (1, 4, 8, 8)


POOLED = (
    image(1, 3, 9, 9) + 'layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" '
    "pooling_param { pool: MAX kernel_size: 3 stride: 2 } }\n"
    + (CONV % "num_output: 4 kernel_size: 1").replace('"data"', '"pool"')
)


def test_shapes_are_known_before_padding_is_computed(convert):
    assert convert(POOLED, "--shapes", "data:1x3x8x8").shape("conv") == (1, 4, 4, 4)
    assert convert(POOLED, "--shapes", "data:2x3x8x8", "--batch", "2").shape("conv") == (2, 4, 4, 4)
    assert convert(POOLED, "--batch", "3").shape("conv") == (3, 4, 4, 4)


def test_shapes_are_known_before_crops_are_computed(convert):
    """FCN: what the deconvolution adds is cut off again, at any size of image."""
    net = (
        image(1, 3, 20, 20)
        + (CONV % "num_output: 4 kernel_size: 3 pad: 4 stride: 2")
        + """
layer { name: "up" type: "Deconvolution" bottom: "conv" top: "up"
  convolution_param { num_output: 4 kernel_size: 4 stride: 2 bias_term: false } }
layer { name: "score" type: "Crop" bottom: "up" bottom: "data" top: "score"
  crop_param { axis: 2 offset: 2 } }"""
    )
    assert convert(net).shape("score") == (1, 4, 20, 20)
    assert convert(net, "--shapes", "data:1x3x33x27").shape("score") == (1, 4, 33, 27)


def test_placeholder_sizes_are_said(convert):
    relu = 'layer { name: "r" type: "ReLU" bottom: "data" top: "r" }'
    note = "input 'data' is 1x3x1x1, which looks like a placeholder: give its size with --shapes"
    assert convert(image(1, 3, 1, 1) + relu).said.splitlines()[1] == f"trtcore: {note}"
    assert note not in convert(image(1, 3, 1, 1) + relu, "--shapes", "data:1x3x1x1").said
    conv = CONV % "num_output: 4 kernel_size: 3"
    assert refused(convert(image(1, 3, 1, 1) + conv)) == (
        "trtcore: error: net.prototxt: layer 'conv' (Convolution, line 2): a window of 3x3 does "
        f"not fit into its bottom of 1x3x1x1 ({note})"
    )


def test_a_net_runs_at_the_batch_asked_for(convert):
    made = convert(HEAD, "--output", "loc", "--batch", "5")
    assert made.shape("loc") == (5, 8, 6, 6)
    values = onnx.numpy_helper.to_array(onnx.load("net.onnx").graph.initializer[0])
    assert np.isfinite(values).all()


@pytest.mark.parametrize("kind", ["YoloDetectionOutput", "ReLU6D", "ROIPooling", "CuDNNBatchNorm"])
def test_a_longer_name_is_no_slip_of_the_pen(convert, kind):
    text = image(1, 4, 9, 9) + (f'layer {{ name: "it" type: "{kind}" bottom: "data" top: "out" }}')
    assert refused(convert(text)) == (
        f"trtcore: error: net.prototxt: layer 'it' ({kind}, line 2): this layer type is not "
        "supported; no layer above can be an output"
    )


def test_two_fields_that_are_not_known(convert):
    param = "convolution_param { num_output: 4 kernel_size: 3 relu: true negative_slope: 0 }"
    text = image(1, 4, 9, 9) + (
        f'layer {{ name: "it" type: "Convolution" bottom: "data" top: "out" {param} }}'
    )
    assert refused(convert(text)) == (
        "trtcore: error: net.prototxt: layer 'it' (Convolution, line 2): "
        "ConvolutionParameter.relu (line 2), ConvolutionParameter.negative_slope (line 2) are not "
        "known and may change its result; if not, remove them"
    )
