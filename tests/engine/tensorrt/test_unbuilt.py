"""What is said of a build that failed: which node TensorRT has nothing for, and what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from onnx import parser

from trtcore.engine.tensorrt.unbuilt import build_error
from trtcore.models.load import load_model

NET = load_model(
    parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 17]>
        net (float[1,4] x) => (float[1,4] y) { ["head/nms"] t = Relu (x) [act_2] y = Relu (t) }"""
    )
)
NO_RUNNER = (
    "[tacticSupply.cpp::getSupportedFormats::48] Error Code 2: Internal Error (Assertion "
    "!layerImpls.empty() failed. {} has no runners that implement it In getSupportedFormats at "
    "/_src/optimizer/builder/tacticSupply.cpp:48)"
)
OF_TENSORRT = "Error Code 10: Internal Error (Could not find any implementation for node {}.)"
ON_CPU = "time it whole on the CPU with backend='onnxruntime'"


@pytest.mark.parametrize(
    ("words", "node"),
    [
        (NO_RUNNER.format("head/nms"), "head/nms"),
        (NO_RUNNER.format("head/nms_236"), "head/nms"),
        (OF_TENSORRT.format("act_2"), "act_2"),
    ],
)
def test_the_node_that_nothing_implements(words: str, node: str) -> None:
    error = build_error("TensorRT 10.0", NET, " with the formats x:chw2", words)
    assert str(error) == (
        f"TensorRT 10.0 has no implementation of node '{node}' (Relu): end the graph above it "
        f"(onnx.utils.extract_model), or {ON_CPU}"
    )
    assert error.quoted == words


def test_a_layer_of_caffe_names_the_outputs_above_it() -> None:
    net = replace(NET, ends={"act": ("a",), "head": ("loc", "conf")})
    error = build_error("TensorRT 10.0", net, "", NO_RUNNER.format("head/nms_1"))
    assert str(error) == (
        "TensorRT 10.0 has no implementation of node 'head/nms' (Relu): end the net above it with "
        f"outputs=['loc', 'conf'], or {ON_CPU}"
    )


@pytest.mark.parametrize("words", [OF_TENSORRT.format("{ForeignNode[a...b]}"), "out of memory"])
def test_what_names_no_node_is_quoted(words: str) -> None:
    error = build_error("TensorRT 10.0", NET, " with it", words)
    assert (str(error), error.quoted) == (f"TensorRT 10.0 could not build it with it: {words}", "")
