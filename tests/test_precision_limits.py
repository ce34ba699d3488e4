"""What a precision cannot hold, what it must leave alone, and misuse."""

from __future__ import annotations

from pathlib import Path

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
from trtcore.models import (
    googlenet,
    load_model,
    model_nodes,
)
from trtcore.precision import apply_precision

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def test_overflow_names_initializer_node_and_value() -> None:
    with pytest.raises(PrecisionError) as error:
        apply_precision(weights_model(-1e6), "fp16")
    assert str(error.value) == (
        "initializer 'w0' of node 'fc0' holds -1e+06, which FP16 (at most 65504) cannot hold:"
        " use --keep-fp32 'fc0'"
    )
    kept = apply_precision(weights_model(-1e6), "fp16", keep_fp32=["fc0"])
    np.testing.assert_array_equal(initializers_of(kept)["w0"], np.float32([1, -1e6]))
    assert apply_precision(weights_model(65504), "fp16")
    assert apply_precision(weights_model(1e6), "bf16")


def test_overflow_of_several() -> None:
    with pytest.raises(PrecisionError, match=r"\(2 more like it\): use --keep-fp32 'fc0,fc1,fc2'"):
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
        "FP16 written into the graph: 2 nodes compute in it, 0 kept in FP32 on request,"
        " 2 casts added; Secret cannot be had in it",
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
    assert again.notes[-1] == "already FP16, left as it is"
    for precision, wanted in (("fp32", "FP32"), ("bf16", "BF16")):
        with pytest.raises(PrecisionError) as error:
            apply_precision(half, precision)
        assert str(error.value) == (
            f"googlenet is already FP16, {wanted} cannot be had from it:"
            " use --precision fp16, or give the FP32 model"
        )
    with pytest.raises(PrecisionError, match="--keep-fp32 and --io-precision need the FP32 model"):
        apply_precision(half, "fp16", keep_fp32=["LRN"])


def test_quantized_models_pass_through() -> None:
    model = load_model(
        parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17]>'
            "q (float[2] x) => (float[2] y) <float s = {0.1}, int8 z = {0}> {"
            "[quantize] a = QuantizeLinear (x, s, z) [back] y = DequantizeLinear (a, s, z) }"
        )
    )
    through = apply_precision(model, "fp16")
    assert through.proto == model.proto
    assert through.notes == (
        "2 quantized nodes: the model states its own precision, left as it is",
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
            "precision 'fp8' is not known, accepted: fp32, tf32, fp16, half2, bf16",
        ),
        (
            {"precision": "fp16", "io_precision": "int8"},
            "io precision 'int8', accepted: fp32, fp16, bf16",
        ),
        (
            {"precision": "fp32", "keep_fp32": ["LRN"]},
            "keep-fp32 has no meaning with fp32: use it with fp16",
        ),
        (
            {"precision": "fp16", "keep_fp32": ["conv9/*"]},
            "keep-fp32 'conv9/*' matches no node: give a node name, a glob over node names, or an"
            " op type of this model (AveragePool, Concat, Conv, Flatten, Gemm, LRN, MaxPool, Relu,"
            " Softmax)",
        ),
    ],
)
def test_misuse(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError) as error:
        apply_precision(googlenet(1), **options)
    assert str(error.value) == message
