"""Every precision through the real builder: types of the network, of the engine, and its size."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from trtcore.backends.tensorrt.bindings import Bindings, load_bindings
from trtcore.backends.tensorrt.builder import BuildOptions, Plan, build_plan, parse
from trtcore.io_format import check_engine_formats, half2_formats
from trtcore.models import Model, googlenet, load_model, model_inputs, model_outputs
from trtcore.precision import apply_precision, kept_nodes
from trtcore.precision_check import check_precision

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU, TensorRT does not")

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
WORDS = {"fp32": "Float", "tf32": "Float", "fp16": "Half", "half2": "Half", "bf16": "BFloat16"}

ATTENTION = """
<ir_version: 10, opset_import: ["" : 20]>
block (float[2,8,64] x) => (float[2,8,64] y)
<float[64] scale, float[64] bias, float[64,64] wq, float[64,64] wk, float[64,64] wv,
 float root = {8}, float[64,128] w1, float[128,64] w2> {
  [norm] n = LayerNormalization <axis = -1> (x, scale, bias)
  [query] q = MatMul (n, wq)
  [key] k = MatMul (n, wk)
  [turn] kt = Transpose <perm = [0, 2, 1]> (k)
  [scores] s = MatMul (q, kt)
  [divide] d = Div (s, root)
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
BRANCHES = """
<ir_version: 8, opset_import: ["" : 17]>
branches (float[1,8,6,6] x, bool c) => (float[1,8,12,12] y)
<float[4] scales = {1, 1, 2, 2}, float[8,8,3,3] w> {
  [conv] a = Conv <pads = [1, 1, 1, 1]> (x, w)
  [resize] b = Resize <mode = "nearest"> (a, , scales)
  [if] i = If (c) <
    then_branch = yes () => (float[1,8,12,12] t) { [relu] t = Relu (b) },
    else_branch = no () => (float[1,8,12,12] e)
      <float k = {3}> { [times] m = Mul (b, k) [minus] e = Neg (m) }>
  [abs] y = Abs (i)
}
"""


@functools.cache
def bindings() -> Bindings:
    return load_bindings("tensorrt_rtx")


def model_of(text: str) -> Model:
    proto = parser.parse_model(text)
    generator = np.random.default_rng(0)
    for value in proto.graph.value_info:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        weights = generator.standard_normal(shape).astype(np.float32) / 8
        proto.graph.initializer.append(numpy_helper.from_array(weights, value.name))
    proto.graph.ClearField("value_info")
    return load_model(proto)


def network_types(network: Any) -> Counter[str]:
    """Float types of everything that the network computes, before TensorRT optimises it."""
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    types = (layer.get_output(i).dtype.name for layer in layers for i in range(layer.num_outputs))
    return Counter(name for name in types if name in ("FLOAT", "HALF", "BF16"))


@functools.cache
def googlenet_plan(precision: str) -> Plan:
    model = apply_precision(googlenet(1), precision)
    return build_plan(bindings(), model, BuildOptions(tf32=precision == "tf32", use_cache=False))


@pytest.mark.parametrize("precision", list(WORDS))
def test_googlenet_has_the_precision(precision: str) -> None:
    plan = googlenet_plan(precision)
    assert plan.information is not None
    check = check_precision(plan.information.layers, precision)
    assert check.verdict == "met"
    assert next(iter(check.dtypes)) == WORDS[precision]
    assert {tensor.dtype for tensor in plan.information.io} == {WORDS[precision]}


def test_googlenet_in_16_bits_is_half_as_large() -> None:
    full = len(googlenet_plan("fp32").content)
    assert full > 27_000_000
    assert len(googlenet_plan("fp16").content) < 0.6 * full
    assert len(googlenet_plan("bf16").content) < 0.65 * full


@pytest.mark.parametrize("text", [ATTENTION, BRANCHES])
@pytest.mark.parametrize(("precision", "word"), [("fp16", "HALF"), ("bf16", "BF16")])
def test_hard_graphs_are_16_bit_throughout(text: str, precision: str, word: str) -> None:
    model = apply_precision(model_of(text), precision)
    builder = bindings().module.Builder(bindings().logger)
    network = parse(bindings(), builder, model)
    assert set(network_types(network)) == {word}
    plan = build_plan(bindings(), model, BuildOptions(use_cache=False))
    assert plan.information is not None
    assert check_precision(plan.information.layers, precision).verdict == "met"


@pytest.mark.parametrize(("precision", "word"), [("fp16", "HALF"), ("bf16", "BF16")])
def test_resnet50(precision: str, word: str) -> None:
    original = load_model(LIGHT / "light_resnet50.onnx")
    model = apply_precision(original, precision)
    builder = bindings().module.Builder(bindings().logger)
    assert set(network_types(parse(bindings(), builder, model))) == {word}
    plans = [build_plan(bindings(), m, BuildOptions(use_cache=False)) for m in (original, model)]
    checks = [
        check_precision(plan.information.layers, asked)
        for plan, asked in zip(plans, ("fp32", precision), strict=True)
        if plan.information
    ]
    assert [check.verdict for check in checks] == ["met", "met"]


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_densenet_is_read(precision: str) -> None:
    model = apply_precision(load_model(LIGHT / "light_densenet121.onnx"), precision)
    builder = bindings().module.Builder(bindings().logger)
    network = parse(bindings(), builder, model)
    assert set(network_types(network)) == {"HALF" if precision == "fp16" else "BF16"}


def test_kept_nodes_are_fp32_in_the_engine() -> None:
    original = googlenet(1)
    patterns = ["inception_5b/*", "LRN"]
    model = apply_precision(original, "fp16", keep_fp32=patterns, io_precision="fp32")
    plan = build_plan(bindings(), model, BuildOptions(use_cache=False))
    assert plan.information is not None
    kept = kept_nodes(original, patterns)
    check = check_precision(plan.information.layers, "fp16", kept=kept)
    assert check.verdict == "met"
    requested = [island for island in check.islands if island.is_requested]
    assert sum("5b" in node for island in requested for node in island.nodes) >= 6
    assert {tensor.dtype for tensor in plan.information.io} == {"Float"}


def test_half2_vectorises_the_input() -> None:
    model = apply_precision(googlenet(1), "half2")
    formats = half2_formats((*model_inputs(model), *model_outputs(model)))
    assert formats == {"data": "chw2"}
    plan = build_plan(bindings(), model, BuildOptions(io_formats=formats, use_cache=False))
    assert plan.information is not None
    check_engine_formats(formats, plan.information.io)
    assert [tensor.format for tensor in plan.information.io] == ["chw2", "linear"]
