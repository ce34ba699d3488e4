"""Operators that TensorRT has in FP32 only stay in it, between casts, and the engine is built."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from precision_models import model_of, run

from trtcore.engine.build import build_engine
from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.engine.tensorrt.builder import BuildOptions
from trtcore.models.inputs import make_inputs
from trtcore.models.onnx.graph import model_inputs
from trtcore.precision.accuracy.emulation import emulated
from trtcore.precision.convert.apply import apply_precision
from trtcore.precision.request import Precision, PrecisionRequest
from trtcore.report.content.facts.precision import precision_line
from trtcore.result.records.build import PrecisionVerdict

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU, TensorRT does not")

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
LENGTHS = "int32[2] l = {4, 2}"
OPERATORS = {
    "MeanVarianceNormalization": f"{HEAD} g (float[3,3,3,1] x) => (float[3,3,3,1] y)"
    "{ y = MeanVarianceNormalization <axes = [0, 2, 3]> (x) }",
    "RandomNormal": f"{HEAD} g (float[2,3] x) => (float[2,3] y)"
    "{ r = RandomNormal <shape = [2, 3], seed = 1.0> () y = Add (x, r) }",
    "RandomUniformLike": f"{HEAD} g (float[2,3] x) => (float[2,3] y)"
    "{ r = RandomUniformLike <seed = 1.0> (x) y = Add (x, r) }",
    "HannWindow": f"{HEAD} g (float[8] x) => (float[8] y) <int64 n = {{8}}>"
    "{ h = HannWindow (n) y = Mul (x, h) }",
    "LSTM": f"{HEAD} g (float[4,2,4] x) => (float[1,2,3] y)"
    f"<float[1,12,4] w, float[1,12,3] r, float[1,24] b, {LENGTHS}>"
    "{ a, y = LSTM <hidden_size = 3> (x, w, r, b, l) }",
    "GRU": f"{HEAD} g (float[4,2,4] x) => (float[1,2,3] y)"
    f"<float[1,9,4] w, float[1,9,3] r, float[1,18] b, {LENGTHS}>"
    "{ a, y = GRU <hidden_size = 3> (x, w, r, b, l) }",
}
LOOP = f"""{HEAD} g (float[2,3] x) => (float[2,3] y) <int64 n = {{3}}, bool go = {{1}}> {{
  y = Loop (n, go, x) <body = b (int64 i, bool on, float[2,3] a) => (bool o, float[2,3] c)
    {{ o = Identity (on) f = Cast <to = 1> (i) c = Add (a, f) }}> }}"""


@functools.cache
def bindings() -> Bindings:
    return load_bindings("tensorrt_rtx")


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_they_are_built_between_casts(operator: str, precision: str) -> None:
    model = model_of(OPERATORS[operator])
    plan = build_engine(bindings(), model, PrecisionRequest(Precision(precision)), BuildOptions())
    assert plan.build.precision is not None
    assert plan.build.precision.verdict is PrecisionVerdict.MET
    assert plan.model.notes[-1].endswith(f"; not converted, left in FP32: {operator}") or (
        operator in ("RandomNormal", "HannWindow")
    )
    feeds = make_inputs(model_inputs(model))
    for expected, found in zip(run(model, feeds), run(emulated(plan.model), feeds), strict=True):
        np.testing.assert_allclose(found, expected, rtol=3e-2, atol=3e-2)


def test_without_lengths_a_recurrent_node_is_lowered() -> None:
    text = OPERATORS["LSTM"].replace(", b, l)", ", b)")
    low = apply_precision(model_of(text), "fp16")
    assert [node.op_type for node in low.proto.graph.node] == ["LSTM"]
    held = apply_precision(model_of(OPERATORS["LSTM"]), "fp16")
    kinds = [node.op_type for node in held.proto.graph.node]
    assert kinds == ["Cast", "Max", "LSTM", "Cast"]


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_loop_counters_become_floats_inside(precision: str) -> None:
    model = model_of(LOOP)
    plan = build_engine(bindings(), model, PrecisionRequest(Precision(precision)), BuildOptions())
    feeds = make_inputs(model_inputs(model))
    (expected,), (found,) = run(model, feeds), run(emulated(plan.model), feeds)
    np.testing.assert_allclose(found, expected, rtol=2e-2, atol=2e-2)


MIXED = f"""{HEAD} g (int64[1,16] ids) => (float16[1,16,4] y)
<float[50,8] table, float[8,4] w> {{
  e = Gather (table, ids) h = Cast <to = 10> (e) v = Cast <to = 10> (w) y = MatMul (h, v) }}"""


def test_a_model_that_mixes_types_by_itself_is_described_and_not_judged() -> None:
    plan = build_engine(bindings(), model_of(MIXED), PrecisionRequest(), BuildOptions())
    assert plan.build.precision is not None
    assert precision_line(plan.build.precision).startswith("engine: ")
    assert (plan.build.precision.verdict, plan.build.precision.fallbacks) == (
        PrecisionVerdict.MET,
        (),
    )
