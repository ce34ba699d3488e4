"""Precision written into graphs: right types, right weights, names kept, misuse refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper, parser

from trtcore.errors import OptionError, PrecisionError
from trtcore.inputs import make_inputs
from trtcore.models import (
    Model,
    googlenet,
    load_model,
    model_inputs,
    model_nodes,
    model_outputs,
    serialized,
)
from trtcore.precision import Precision, apply_precision

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

BLOCK = """
<ir_version: 10, opset_import: ["" : 20]>
block (float[2,8,16] x) => (float[2,8,16] y)
<float[16] scale, float[16] bias, float[16,16] wq, float[16,16] wk, float[16,16] wv,
 float root = {4}, float[16,32] w1, float[32,16] w2> {
  [norm] n = LayerNormalization <axis = -1> (x, scale, bias)
  [query] q = MatMul (n, wq)
  [key] k = MatMul (n, wk)
  [turn] kt = Transpose <perm = [0, 2, 1]> (k)
  [scores] s = MatMul (q, kt)
  [scale] d = Div (s, root)
  [attention] p = Softmax <axis = -1> (d)
  [value] v = MatMul (n, wv)
  [mix] m = MatMul (p, v)
  [residual] r = Add (m, x)
  [up] u = MatMul (r, w1)
  [gelu] g = Gelu (u)
  [down] h = MatMul (g, w2)
  [out] y = Add (h, r)
}
"""
RESIZE_IF = """
<ir_version: 8, opset_import: ["" : 17]>
branches (float[1,4,6,6] x, bool c) => (float[1,4,12,12] y, float[1,4,12,12] z)
<float[4] scales = {1, 1, 2, 2}, float[4,4,1,1] w> {
  [conv] a = Conv (x, w)
  [resize] b = Resize <mode = "nearest"> (a, , scales)
  [if] i = If (c) <
    then_branch = yes () => (float[1,4,12,12] t) { [sqrt] t = Relu (b) },
    else_branch = no () => (float[1,4,12,12] e)
      <float k = {3}> { [times] m = Mul (b, k) [minus] e = Neg (m) }>
  [abs] y = Abs (i)
  [shape] s = Shape (b)
  [fill] f = ConstantOfShape <value = float[1] {0.5}> (s)
  [sum] z = Add (f, b)
}
"""
LOOP = """
<ir_version: 8, opset_import: ["" : 17]>
loops (float[2,3] x) => (float[2,3] y, float[5,2,3] scan)
<int64 n = {5}, bool go = {1}, float[3] w = {1, 0.5, 0.25}> {
  [loop] y, scan = Loop (n, go, x) <
    body = step (int64 i, bool on, float[2,3] s) => (bool o, float[2,3] t, float[2,3] u)
      { [same] o = Identity (on) [mul] t = Mul (s, w) [exp] u = Tanh (t) }>
}
"""
FLOAT_ONLY = """
<ir_version: 8, opset_import: ["" : 17]>
ranges (float[6] x, float limit) => (float[6] y)
<float zero = {0}, float one = {1}> {
  [range] r = Range (zero, limit, one)
  [add] y = Add (x, r)
}
"""


def model_of(text: str, seed: int = 0) -> Model:
    """A model with random weights for everything that the text declares without a value."""
    proto = parser.parse_model(text)
    generator = np.random.default_rng(seed)
    for value in proto.graph.value_info:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        weights = generator.standard_normal(shape).astype(np.float32) / 4
        proto.graph.initializer.append(numpy_helper.from_array(weights, value.name))
    proto.graph.ClearField("value_info")
    return load_model(proto)


def run(model: Model, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        serialized(model), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)


def types_of(model: Model) -> dict[str, str]:
    return {value.name: value.dtype for value in (*model_inputs(model), *model_outputs(model))}


def casts_of(model: Model) -> list[str]:
    return [node.name for node in model_nodes(model) if node.op == "Cast"]


def initializers_of(model: Model) -> dict[str, np.ndarray]:
    return {t.name: numpy_helper.to_array(t) for t in model.proto.graph.initializer}


def weights_model(value: float, count: int = 1) -> Model:
    nodes = [f"[fc{i}] h{i} = Mul (x, w{i})" for i in range(count)]
    total = ", ".join(f"h{i}" for i in range(count))
    names = ", ".join(f"float[2] w{i} = {{1, {value}}}" for i in range(count))
    return load_model(
        parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17]>'
            f"w (float[2] x) => (float[2] y) <{names}>"
            f"{{ {' '.join(nodes)} [sum] y = Sum ({total}) }}"
        )
    )


@pytest.mark.parametrize("precision", ["fp16", "half2", Precision.FP16])
def test_fp16_keeps_names_and_rounds_as_numpy_does(precision: Precision | str) -> None:
    original = googlenet(1)
    model = apply_precision(original, precision)
    assert model_nodes(model) == model_nodes(original)
    assert types_of(model) == {"data": "float16", "prob": "float16"}
    before, after = initializers_of(original), initializers_of(model)
    assert before.keys() == after.keys()
    for name, values in before.items():
        assert after[name].dtype == np.float16
        np.testing.assert_array_equal(after[name], values.astype(np.float16))
    assert types_of(original) == {"data": "float32", "prob": "float32"}
    onnx.checker.check_model(model.proto, full_check=True)
    assert model.notes == (
        "FP16 written into the graph: 142 nodes compute in it,"
        " 0 kept in FP32 on request, 0 casts added",
    )


def test_bf16_weights_are_the_nearest() -> None:
    original = googlenet(1)
    model = apply_precision(original, "bf16")
    assert types_of(model) == {"data": "bfloat16", "prob": "bfloat16"}
    before = initializers_of(original)
    for tensor in model.proto.graph.initializer:
        assert tensor.data_type == onnx.TensorProto.BFLOAT16
        bits = np.frombuffer(tensor.raw_data, "<u2").astype(np.uint32) << 16
        values, exact = bits.view(np.float32), before[tensor.name].ravel()
        for neighbour in (bits + 0x10000, bits - 0x10000):
            other = neighbour.astype(np.uint32).view(np.float32)
            close = np.isfinite(other) & (np.abs(other - exact) < np.abs(values - exact))
            assert not close[exact != 0].any()


@pytest.mark.parametrize("precision", ["fp32", "tf32"])
def test_fp32_and_tf32_leave_the_graph_alone(precision: str) -> None:
    original = googlenet(1)
    assert apply_precision(original, precision) is original


def test_fp16_outputs_are_near_and_io_can_stay_fp32() -> None:
    original = googlenet(1)
    feeds = make_inputs(model_inputs(original))
    (expected,) = run(original, feeds)
    model = apply_precision(original, "fp16", io_precision="fp32")
    assert types_of(model) == {"data": "float32", "prob": "float32"}
    assert casts_of(model) == ["data_to_fp16", "prob_to_fp32"]
    (prob,) = run(model, feeds)
    assert 0 < np.linalg.norm(prob - expected) / np.linalg.norm(expected) < 1e-2


def test_io_alone_in_16_bits() -> None:
    model = apply_precision(googlenet(1), "fp32", io_precision="fp16")
    assert types_of(model) == {"data": "float16", "prob": "float16"}
    assert casts_of(model) == ["data_to_fp32", "prob_to_fp16"]
    assert initializers_of(model)["loss3/classifier_w"].dtype == np.float32
    assert model.notes == ("inputs and outputs in FP16: 2 casts added",)


def test_keep_fp32_by_op_name_and_glob() -> None:
    original = googlenet(1)
    model = apply_precision(original, "fp16", keep_fp32=["LRN", "prob", "inception_5b/1x?"])
    weights = initializers_of(model)
    assert casts_of(model) == [
        "pool1/3x3_s2_to_fp32",
        "pool1/norm1_to_fp16",
        "conv2/relu_3x3_to_fp32",
        "conv2/norm2_to_fp16",
        "inception_5a/output_to_fp32",
        "inception_5b/1x1_to_fp16",
        "loss3/classifier_to_fp32",
        "prob_to_fp16",
    ]
    kept = {"inception_5b/1x1_w", "inception_5b/1x1_b"}
    assert {name for name, array in weights.items() if array.dtype == np.float32} == kept
    np.testing.assert_array_equal(
        weights["inception_5b/1x1_w"], initializers_of(original)["inception_5b/1x1_w"]
    )
    onnx.checker.check_model(model.proto, full_check=True)
    (prob,) = run(model, make_inputs(model_inputs(model)))
    assert prob.dtype == np.float16


def test_a_weight_with_readers_of_both_kinds_stays_fp32() -> None:
    model = load_model(
        parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17]>'
            "both (float[2] x) => (float[2] y, float[2] z) <float[2] w = {0.1, 1e6}>"
            "{ [low] y = Tanh (x) [kept] a = Mul (x, w) [other] z = Add (a, w) }"
        )
    )
    kept = apply_precision(model, "fp16", keep_fp32=["kept", "other"])
    np.testing.assert_array_equal(initializers_of(kept)["w"], np.float32([0.1, 1e6]))
    with pytest.raises(PrecisionError, match="'w' of node 'other' holds 1e\\+06"):
        apply_precision(model, "fp16", keep_fp32=["kept"])
    mixed = apply_precision(model, "bf16", keep_fp32=["kept"])
    assert "w_to_bf16" in casts_of(mixed)
    assert initializers_of(mixed)["w"].dtype == np.float32


def test_a_constant_that_is_only_cast_is_not_rounded() -> None:
    model = load_model(
        parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17]>'
            "c (float[2] x) => (float[2] y, int32[1] z) <float[1] big = {1e6}>"
            "{ [abs] y = Abs (x) [cast] z = Cast <to = 6> (big) }"
        )
    )
    _, z = run(apply_precision(model, "fp16"), {"x": np.float16([1, 2])})
    np.testing.assert_array_equal(z, [1_000_000])


def test_sequences_stay_fp32_inside_and_out() -> None:
    model = load_model(
        parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17]>'
            "s (float[4] x) => (float[M] y) <int64 one = {1}> {"
            "[abs] a = Abs (x) [split] parts = SplitToSequence (a)"
            "[map] mapped = SequenceMap (parts) < body = twice (float[K] p) => (float[K] q)"
            "{ [add] q = Add (p, p) }> [at] y = SequenceAt (mapped, one) }"
        )
    )
    (y,) = run(apply_precision(model, "fp16"), {"x": np.float16([1, 2, -3, 4])})
    np.testing.assert_array_equal(y, np.float16([4]))


def test_model_of_another_domain_gets_an_operator_set_for_its_casts() -> None:
    node = helper.make_node("Binarizer", ["x"], ["y"], name="binarize", domain="ai.onnx.ml")
    value = [helper.make_tensor_value_info(name, 1, [2]) for name in "xy"]
    proto = helper.make_model(
        helper.make_graph([node], "g", value[:1], value[1:]),
        opset_imports=[helper.make_opsetid("ai.onnx.ml", 1)],
        ir_version=8,
    )
    (y,) = run(apply_precision(load_model(proto), "fp16"), {"x": np.float16([-1, 2])})
    np.testing.assert_array_equal(y, np.float16([0, 1]))


@pytest.mark.parametrize("text", [BLOCK, RESIZE_IF, LOOP, FLOAT_ONLY])
@pytest.mark.parametrize("keep", [[], ["Softmax", "mul", "times", "If", "Loop", "add"]])
def test_hard_graphs_run_and_are_near(text: str, keep: list[str]) -> None:
    original = model_of(text)
    present = {name for node in model_nodes(original) for name in (node.name, node.op)}
    model = apply_precision(original, "fp16", keep_fp32=[k for k in keep if k in present])
    onnx.checker.check_model(model.proto, full_check=True)
    feeds = make_inputs(model_inputs(original))
    feeds |= {"c": np.array(True)} if "c" in feeds else {}
    feeds |= {"limit": np.array(6, np.float32)} if "limit" in feeds else {}
    half = {n: a.astype(np.float16) if a.dtype == np.float32 else a for n, a in feeds.items()}
    for expected, found in zip(run(original, feeds), run(model, half), strict=True):
        assert found.dtype == np.float16
        np.testing.assert_allclose(found, expected, rtol=2e-2, atol=2e-2)
    if "c" in feeds:
        other = {"c": np.array(False)}
        for expected, found in zip(
            run(original, feeds | other), run(model, half | other), strict=True
        ):
            np.testing.assert_allclose(found, expected, rtol=2e-2, atol=2e-2)


def test_what_the_schema_fixes_as_fp32_stays() -> None:
    model = apply_precision(model_of(RESIZE_IF), "fp16")
    weights = initializers_of(model)
    assert (weights["scales"].dtype, weights["w"].dtype) == (np.float32, np.float16)
    assert casts_of(model) == []
    ranged = apply_precision(model_of(FLOAT_ONLY), "fp16")
    assert casts_of(ranged) == ["limit_to_fp32", "r_to_fp16"]


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "inception_v1"])
def test_light_models(name: str) -> None:
    original = load_model(LIGHT / f"light_{name}.onnx")
    model = apply_precision(original, "fp16")
    assert [n.name for n in model_nodes(model)] == [n.name for n in model_nodes(original)]
    (expected,) = run(original, make_inputs(model_inputs(original)))
    (found,) = run(model, make_inputs(model_inputs(model)))
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, expected, rtol=2e-2)


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
