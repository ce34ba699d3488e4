"""A quantized model without its quantization, beside the model that it was made of."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import onnx
import pytest
from networks import read_graph
from onnx import parser
from quantized_models import CONVOLUTIONS, ENCODER, quantized, with_weights

from trtcore.measure.nodes.onnxruntime.profile import run_model
from trtcore.models.inputs import make_inputs
from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_inputs, model_nodes
from trtcore.precision.accuracy.reference import Reference
from trtcore.precision.accuracy.unquantized import Unquantized, without_quantization
from trtcore.report.content.facts.precision import compared_text

TEXTS = {"encoder": ENCODER, "image": CONVOLUTIONS}


def outputs(model: Any) -> np.ndarray:
    inputs = make_inputs(model_inputs(model), "random", 0)
    (values,) = run_model(model, inputs, threads=1).values()
    return values


def error(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def removed(proto: onnx.ModelProto) -> Unquantized:
    before = proto.SerializeToString(deterministic=True)
    model = load_model(proto)
    found = without_quantization(model)
    assert proto.SerializeToString(deterministic=True) == before
    return found


def ops(found: Unquantized) -> Counter[str]:
    return Counter(node.op for node in model_nodes(found.model))


@pytest.mark.parametrize("kind", ["int8", "fp8"])
@pytest.mark.parametrize("name", list(TEXTS))
def test_what_flowed_through_is_as_it_was(name: str, kind: str) -> None:
    found = removed(quantized(TEXTS[name], kind))
    assert found.inseparable == ""
    assert not {"QuantizeLinear", "DequantizeLinear"} & ops(found).keys()
    onnx.checker.check_model(found.model.proto)
    expected = outputs(load_model(with_weights(TEXTS[name])))
    np.testing.assert_array_equal(outputs(found.model), expected)


@pytest.mark.parametrize(("kind", "most"), [("int8", 0.02), ("fp8", 0.05)])
@pytest.mark.parametrize("name", list(TEXTS))
def test_stored_weights_become_what_they_stand_for(name: str, kind: str, most: float) -> None:
    found = removed(quantized(TEXTS[name], kind, stored=True))
    assert found.inseparable == ""
    expected = outputs(load_model(with_weights(TEXTS[name])))
    # Eight bits a channel are within half of 1/127, and 1/16, of the largest weight.
    assert 0 < error(outputs(found.model), expected) < most
    names = {tensor.name for tensor in found.model.proto.graph.initializer}
    assert not any(name.endswith(("_i", "_z")) for name in names)


@pytest.mark.parametrize("name", ["resnet50_int8", "resnet50_fp8"])
def test_a_network_of_a_quantization_tool(name: str) -> None:
    found = without_quantization(load_model(read_graph(name)))
    assert found.inseparable == ""
    assert not {"QuantizeLinear", "DequantizeLinear"} & ops(found).keys()
    assert ops(found)["Conv"] == 53


def net(text: str) -> onnx.ModelProto:
    return parser.parse_model(f'<ir_version: 10, opset_import: ["" : 21]> {text}')


DEQUANTIZED = [
    (
        "one scale",
        "int8[4] i = {-3, 0, 5, 100}, float s = {0.5}, int8 z = {2}",
        "",
        [-2.5, -1.0, 1.5, 49.0],
    ),
    (
        "along an axis",
        "int8[2,2] i = {1, 2, 3, 4}, float[2] s = {1.0, 10.0}, int8[2] z = {0, 1}",
        "<axis = 1>",
        [[1.0, 10.0], [3.0, 30.0]],
    ),
    (
        "by blocks",
        "int8[1,4] i = {1, 2, 3, 4}, float[1,2] s = {1.0, 10.0}, int8[1,2] z = {0, 0}",
        "<axis = 1, block_size = 2>",
        [[1.0, 2.0, 30.0, 40.0]],
    ),
    (
        "a bias of 32 bits",
        "int32[2] i = {1000, -7}, float s = {0.25}, int32 z = {0}",
        "",
        [250.0, -1.75],
    ),
]


@pytest.mark.parametrize(
    ("constants", "axis", "expected"),
    [one[1:] for one in DEQUANTIZED],
    ids=[one[0] for one in DEQUANTIZED],
)
def test_every_form_of_scale(constants: str, axis: str, expected: Any) -> None:
    shape = ",".join(map(str, np.shape(expected)))
    text = (
        f"n (float[{shape}] x) => (float[{shape}] y) <{constants}> "
        f"{{ [d] w = DequantizeLinear {axis} (i, s, z) [add] y = Add (x, w) }}"
    )
    found = removed(net(text))
    assert ops(found) == {"Add": 1}
    x = make_inputs(model_inputs(found.model), "random", 0)["x"]
    np.testing.assert_allclose(outputs(found.model) - x, expected, atol=1e-5)
    np.testing.assert_array_equal(outputs(found.model), outputs(load_model(net(text))))


def test_values_are_handed_on_between_the_two() -> None:
    found = removed(
        net(
            "n (float[1,2,4,4] x) => (float[1,8] y) <float s = {0.1}, int8 z = {0},"
            " int64[2] to = {1, 8}> { [q] a = QuantizeLinear (x, s, z)"
            " [pool] b = MaxPool <kernel_shape = [2,2], strides = [2,2]> (a)"
            " [flat] c = Reshape (b, to) [d] e = DequantizeLinear (c, s, z) [relu] y = Relu (e) }"
        )
    )
    assert ops(found) == {"Identity": 2, "MaxPool": 1, "Reshape": 1, "Relu": 1}
    x = make_inputs(model_inputs(found.model), "random", 0)["x"]
    pooled = x.reshape(1, 2, 2, 2, 2, 2).max(axis=(3, 5)).reshape(1, 8)
    np.testing.assert_array_equal(outputs(found.model), np.maximum(pooled, 0))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "n (float[4] x) => (int8[4] y) <float s = {0.1}, int8 z = {0}>"
            " { [q] y = QuantizeLinear (x, s, z) }",
            "y",
        ),
        (
            "n (int8[4] x) => (float[4] y) <float s = {0.1}, int8 z = {0}>"
            " { [d] y = DequantizeLinear (x, s, z) }",
            "d",
        ),
        (
            "n (uint8[1,2] x, uint8[2,1] w) => (int32[1,1] y) { [mm] y = MatMulInteger (x, w) }",
            "mm",
        ),
        (
            "n (float[4] x) => (float[4] y) <float s = {0.1}, uint8 z = {0},"
            " uint8[4] b = {1,1,1,1}>"
            " { [q] a = QuantizeLinear (x, s, z) [xor] c = BitwiseXor (a, b)"
            " [d] y = DequantizeLinear (c, s, z) }",
            "xor",
        ),
    ],
    ids=["output", "input", "integers", "between"],
)
def test_what_cannot_be_had_without_it_is_named(text: str, name: str) -> None:
    model = load_model(net(text))
    assert without_quantization(model) == Unquantized(model, name)


def test_other_models_are_what_they_are() -> None:
    model = load_model(with_weights(ENCODER))
    assert without_quantization(model) == Unquantized(model)


def test_the_accuracy_says_what_it_was_compared_with() -> None:
    proto = quantized(CONVOLUTIONS, "int8", stored=True)
    model = load_model(proto)
    accuracy = Reference(model, run_model, threads=1).of_graph(model)
    count = sum("Linear" in node.op_type for node in proto.graph.node)
    assert (accuracy.quantized_nodes, accuracy.inseparable) == (count, "")
    # What eight bits cost, activations and all; the weights of the reference are stored ones too.
    assert 1e-4 < accuracy.relative_l2 < 0.2
    assert (
        f"against the same model in FP32 without its {count} quantized nodes under ONNX Runtime"
    ) in compared_text(accuracy)
    text = "n (uint8[1,2] x, uint8[2,1] w) => (int32[1,1] y) { [mm] y = MatMulInteger (x, w) }"
    whole = load_model(net(text))
    accuracy = Reference(whole, run_model, threads=1).of_graph(whole)
    assert (accuracy.quantized_nodes, accuracy.inseparable) == (1, "mm")
    assert (
        "against the model with its 1 quantized nodes (it cannot be had without: 'mm' is quantized "
        "itself) under ONNX Runtime"
    ) in compared_text(accuracy)
