"""What a precision cannot hold, what it must leave alone, and misuse."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper, parser
from precision_models import (
    initializers_of,
    run,
    weights_model,
)

from trtcore.errors import OptionError, PrecisionError
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_nodes
from trtcore.precision.convert.apply import apply_precision


def test_overflow_names_initializer_node_and_value() -> None:
    with pytest.raises(PrecisionError) as error:
        apply_precision(weights_model(-1e6), "fp16")
    assert str(error.value) == (
        "initializer 'w0' of node 'fc0' holds -1e+06, which FP16 (at most 65504) cannot hold:"
        " use keep_fp32=['fc0', 'sum'] and io_precision='fp32'"
    )
    kept = apply_precision(weights_model(-1e6), "fp16", keep_fp32=["fc0"])
    np.testing.assert_array_equal(initializers_of(kept)["w0"], np.float32([1, -1e6]))
    assert apply_precision(weights_model(65504), "fp16")
    assert apply_precision(weights_model(1e6), "bf16")


def test_overflow_of_several() -> None:
    with pytest.raises(
        PrecisionError, match=r"\(2 more like it\): use keep_fp32=\['fc0', 'fc1', 'fc2', 'sum'\]"
    ):
        apply_precision(weights_model(7e4, 3), "fp16")
    with pytest.raises(PrecisionError, match=r"holds 3\.40282e\+38, which BF16 \(at most 3\.38953"):
        apply_precision(weights_model(3.4028235e38), "bf16")


def test_infinite_and_tiny_weights_are_not_touched() -> None:
    proto = weights_model(0.0).proto
    values = np.float32([-np.inf, 1e-7])
    proto.graph.initializer[0].CopyFrom(numpy_helper.from_array(values, "w0"))
    low = initializers_of(apply_precision(load_model(proto), "fp16"))["w0"]
    np.testing.assert_array_equal(low, values.astype(np.float16))
    assert low[1] > 0, "a subnormal stays a subnormal"


@pytest.mark.parametrize("form", ["value", "value_float", "value_floats"])
def test_constant_nodes(form: str) -> None:
    stated = {
        "value": numpy_helper.from_array(np.float32([0.1, 7e4])),
        "value_float": 7e4,
        "value_floats": [0.1, 7e4],
    }[form]
    nodes = [
        helper.make_node("Constant", [], ["k"], name="constant", **{form: stated}),
        helper.make_node("Mul", ["x", "k"], ["y"], name="mul"),
    ]
    value = [helper.make_tensor_value_info(name, 1, [2]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", value[:1], value[1:])
    opset = [helper.make_opsetid("", 17)]
    model = load_model(helper.make_model(graph, opset_imports=opset, ir_version=8))
    with pytest.raises(PrecisionError, match="'k' of node 'mul' holds 70000"):
        apply_precision(model, "fp16")
    kept = apply_precision(model, "fp16", keep_fp32=["mul"])
    (result,) = run(kept, {"x": np.float16([1, 0.5])})
    assert result[1] == np.float16(35000)


def test_operator_that_no_schema_describes_stays_fp32() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="relu"),
        helper.make_node("Secret", ["a"], ["b"], name="secret", domain="my.ops"),
        helper.make_node("Add", ["b", "a"], ["y"], name="add"),
    ]
    value = [helper.make_tensor_value_info(name, 1, [2]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", value[:1], value[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my.ops", 1)]
    model = apply_precision(
        load_model(helper.make_model(graph, opset_imports=opsets, ir_version=8)), "fp16"
    )
    assert model.notes == (
        "FP16 written into the graph: 2 nodes compute in it, 0 pinned to FP32,"
        " 2 casts added; not converted, left in FP32: Secret",
    )
    assert [(n.name, n.inputs) for n in model_nodes(model)] == [
        ("relu", ("x",)),
        ("a_to_fp32", ("a",)),
        ("secret", ("a_to_fp32",)),
        ("b_to_fp16", ("b",)),
        ("add", ("b_to_fp16", "a")),
    ]


def test_already_fp16() -> None:
    half = apply_precision(googlenet(1), "fp16")
    again = apply_precision(half, "fp16")
    assert again.proto == half.proto
    assert again.notes[-1] == "already FP16, left unchanged"
    for precision, wanted in (("fp32", "FP32"), ("bf16", "BF16")):
        with pytest.raises(PrecisionError) as error:
            apply_precision(half, precision)
        assert str(error.value) == (
            f"googlenet is already FP16 and cannot be converted to {wanted}:"
            " use precision='fp16', or give the FP32 model"
        )
    with pytest.raises(PrecisionError, match="keep_fp32 and io_precision need the FP32 model"):
        apply_precision(half, "fp16", keep_fp32=["LRN"])


QDQ = """
<ir_version: 8, opset_import: ["" : 17]>
q (float[2] x) => (float[2] y) <float s = {0.1}, int8 z = {0}> {
  [quantize] a = QuantizeLinear (x, s, z) [back] y = DequantizeLinear (a, s, z)
}
"""
QUANTIZED = "2 quantized nodes: the model defines its own precision, left unchanged"


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"precision": "fp16"}, QUANTIZED),
        ({"precision": "bf16"}, QUANTIZED),
        (
            {"precision": "half2"},
            f"{QUANTIZED}; not applied: the chw2 inputs and outputs of half2",
        ),
        (
            {"precision": "fp16", "keep_fp32": ["back"], "io_precision": "fp32"},
            f"{QUANTIZED}; not applied: keep_fp32, io_precision",
        ),
        (
            {"precision": "fp32", "io_precision": "fp16"},
            f"{QUANTIZED}; not applied: io_precision",
        ),
    ],
    ids=lambda value: " ".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_quantized_models_pass_through(options: dict[str, object], note: str) -> None:
    model = load_model(parser.parse_model(QDQ))
    through = apply_precision(model, **options)
    assert through.proto == model.proto
    assert through.notes == (note,)


def test_a_quantized_model_in_fp32_needs_no_note() -> None:
    model = load_model(parser.parse_model(QDQ))
    assert apply_precision(model, "fp32") is model
    assert apply_precision(model, "tf32") is model


# Each as a whole model of one node: every one of them marks a model as quantized.
INTEGER_OPERATORS = {
    "QLinearMatMul": (
        "uint8[1,2] a, float s, uint8 z, uint8[2,1] b, float t, uint8 u, float v, uint8 w",
        "uint8[1,1] y",
    ),
    "QLinearConv": (
        "uint8[1,1,2,2] a, float s, uint8 z, uint8[1,1,1,1] b, float t, uint8 u, float v, uint8 w",
        "uint8[1,1,2,2] y",
    ),
    "MatMulInteger": ("uint8[1,2] a, uint8[2,1] b", "int32[1,1] y"),
    "ConvInteger": ("uint8[1,1,2,2] a, uint8[1,1,1,1] b", "int32[1,1,2,2] y"),
    "DynamicQuantizeLinear": ("float[2] a", "uint8[2] y, float s, uint8 z"),
    "QuantizeLinear": ("float[2] a, float s, uint8 z", "uint8[2] y"),
    "DequantizeLinear": ("uint8[2] a, float s, uint8 z", "float[2] y"),
}


@pytest.mark.parametrize("op", list(INTEGER_OPERATORS))
def test_every_integer_operator_marks_a_model_as_quantized(op: str) -> None:
    reads, writes = INTEGER_OPERATORS[op]
    names = [", ".join(part.split()[-1] for part in text.split(", ")) for text in (reads, writes)]
    text = f"q ({reads}) => ({writes}) {{ [node] {names[1]} = {op} ({names[0]}) }}"
    proto = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    onnx.checker.check_model(proto, full_check=True)
    through = apply_precision(load_model(proto), "fp16")
    assert through.notes == (
        "1 quantized nodes: the model defines its own precision, left unchanged",
    )


def test_local_functions_are_opened() -> None:
    proto = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17, "my" : 1]>'
        "f (float[2] x) => (float[2] y) { [call] y = my.twice (x) }"
        '<domain: "my", opset_import: ["" : 17]> twice (a) => (b) { b = Add (a, a) }'
    )
    model = apply_precision(load_model(proto), "fp16")
    assert [node.op for node in model_nodes(model)] == ["Add"]
    assert all(node.name for node in model_nodes(model))
    (y,) = run(model, {"x": np.float16([1, 2])})
    np.testing.assert_array_equal(y, np.float16([2, 4]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"precision": "fp8"},
            "precision is 'fp8', must be one of fp32, tf32, fp16, half2, bf16",
        ),
        (
            {"precision": "fp16", "io_precision": "int8"},
            "io_precision is 'int8', must be one of fp32, fp16, bf16",
        ),
        (
            {"precision": "fp32", "keep_fp32": ["LRN"]},
            "keep_fp32 has no meaning with fp32: use it with fp16",
        ),
        (
            {"precision": "fp16", "keep_fp32": ["conv9/*"]},
            "keep_fp32 'conv9/*' matches no node: give a node name, a glob over node names, or an"
            " op type of this model (AveragePool, Concat, Conv, Flatten, Gemm, LRN, MaxPool, Relu,"
            " Softmax)",
        ),
        (
            {"precision": "fp16", "keep_fp32": "LRN"},
            "keep_fp32 is 'LRN', expected a list of names: ['LRN']",
        ),
        (
            {"precision": "fp16", "keep_fp32": ["LRN", ""]},
            "keep_fp32 has an empty entry: give an op type, a node name, or a glob over node names",
        ),
    ],
)
def test_misuse(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError) as error:
        apply_precision(googlenet(1), **options)
    assert str(error.value) == message
