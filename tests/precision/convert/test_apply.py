"""Precision written into graphs: right types, right weights, names kept."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, parser
from paths import LIGHT
from precision_models import (
    BLOCK,
    FLOAT_ONLY,
    LOOP,
    RESIZE_IF,
    casts_of,
    initializers_of,
    model_of,
    run,
    types_of,
)

from trtcore.errors import PrecisionError
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.inputs import make_inputs
from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_inputs, model_nodes
from trtcore.precision.convert.apply import apply_precision
from trtcore.precision.request import Precision


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
        "FP16 written into the graph: 142 nodes compute in it, 0 pinned to FP32, 0 casts added",
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
