"""Every precision on every kind of model, through the real builder: types, formats and size."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from paths import LIGHT
from precision_models import BLOCK, RESIZE_IF, model_of
from shared_plans import SHARED
from words import texts

from trtcore.api.options.values import Options
from trtcore.api.requests import build_as_requested
from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.engine.tensorrt.builder import Plan, build_plan, parse
from trtcore.errors import PrecisionError
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.precision.convert.apply import apply_precision, kept_nodes
from trtcore.precision.verify.check import check_precision
from trtcore.report.content.facts.precision import precision_line
from trtcore.result.records.build import PrecisionVerdict

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU, TensorRT does not")

WORDS = {"fp32": "Float", "tf32": "Float", "fp16": "Half", "half2": "Half", "bf16": "BFloat16"}
# What half2 can vectorise in each model; the block has three dimensions everywhere.
VECTORISED = {
    "googlenet": {"data"},
    "resnet50": {"gpu_0/data_0"},
    "densenet121": {"data_0", "fc6_1"},
    "branches": {"x", "y", "z"},
    "wide": None,
    "block": None,
}
# 16 MB of weights in FP32 and little else.
WIDE = """
<ir_version: 8, opset_import: ["" : 17]>
wide (float[4,2048] x) => (float[4,2048] y) <float[2048,2048] w> { [fc] y = MatMul (x, w) }
"""
FC = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[8,64] x) => (float[8,32] y) <float[64,32] w> { [fc] y = MatMul (x, w) }
"""


@functools.cache
def bindings() -> Bindings:
    return load_bindings("tensorrt_rtx")


@functools.cache
def model(name: str) -> Model:
    if name == "googlenet":
        return googlenet(1)
    texts = {"block": BLOCK, "branches": RESIZE_IF, "wide": WIDE}
    return model_of(texts[name]) if name in texts else load_model(LIGHT / f"light_{name}.onnx")


def build(original: Model, **options: object) -> Plan:
    return build_as_requested(bindings(), original, Options(use_cache=False, **options))


@functools.cache
def plan_of(name: str, precision: str) -> Plan:
    if name in SHARED and precision in ("fp32", "fp16"):
        return SHARED[name](precision)
    return build(model(name), precision=precision)


def network_types(network: Any) -> set[str]:
    """Float types of everything that the network computes, before TensorRT optimises it."""
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    types = (layer.get_output(i).dtype.name for layer in layers for i in range(layer.num_outputs))
    return {name for name in types if name in ("FLOAT", "HALF", "BF16")}


# Two and eight seconds of CPU a build, where the others show the same in as long together.
LARGE = {
    *(("resnet50", precision) for precision in WORDS if precision != "fp16"),
    *(("densenet121", precision) for precision in WORDS),
}


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        pytest.param(*case, marks=pytest.mark.slow if case in LARGE else ())
        for case in itertools.product(VECTORISED, WORDS)
    ],
)
def test_the_engine_has_the_precision(name: str, precision: str) -> None:
    if precision == "half2" and VECTORISED[name] is None:
        with pytest.raises(PrecisionError, match="half2 has no input or output to vectorise: "):
            plan_of(name, precision)
        return
    plan = plan_of(name, precision)
    assert plan.build.precision.verdict is PrecisionVerdict.MET
    assert precision_line(plan.build.precision).startswith(f"requested {precision}: ")
    assert plan.warnings == ()
    assert plan.information is not None
    found = check_precision(plan.information.layers, precision)
    assert next(iter(found.dtypes)) == WORDS[precision]
    assert found.dtypes[WORDS[precision]] > 0.6 * found.layers
    floats = [tensor for tensor in plan.information.io if tensor.dtype != "Bool"]
    assert {tensor.dtype for tensor in floats} == {WORDS[precision]}
    vectorised = {tensor.name for tensor in floats if tensor.format == "chw2"}
    assert vectorised == (VECTORISED[name] if precision == "half2" else set())
    assert {tensor.format for tensor in plan.information.io} <= {"chw2", "linear"}


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_another_precision_is_told_from_it(precision: str) -> None:
    """The check that passes every engine above fails each of the other kind."""
    other = {"fp32": "fp16", "fp16": "fp32"}[precision]
    for name in ("googlenet", "block", "branches", "wide"):
        information = plan_of(name, precision).information
        assert information is not None
        assert check_precision(information.layers, other).verdict is PrecisionVerdict.NOT_MET, name


def test_formats_that_the_engine_does_not_tell_are_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def without_formats(*arguments: Any) -> Plan:
        plan = build_plan(*arguments)
        assert plan.information is not None
        io = tuple(replace(tensor, format="") for tensor in plan.information.io)
        return replace(plan, information=replace(plan.information, io=io))

    monkeypatch.setattr("trtcore.engine.build.build_plan", without_formats)
    assert texts(build(model("branches"), precision="half2").warnings) == (
        "not confirmed: x:chw2, y:chw2, z:chw2: the engine does not report the format it has there",
    )
    assert build(model("branches"), precision="fp16").warnings == ()


def test_half2_without_anything_to_vectorise_says_why() -> None:
    with pytest.raises(PrecisionError) as error:
        plan_of("block", "half2")
    assert str(error.value) == (
        "half2 has no input or output to vectorise:"
        " 'x' has 3 dimensions, TensorRT-RTX has chw2 for 4 only;"
        " 'y' has 3 dimensions, TensorRT-RTX has chw2 for 4 only: use fp16"
    )


@pytest.mark.parametrize("name", ["googlenet", "wide"])
def test_an_engine_that_is_mostly_weights_is_half_as_large(name: str) -> None:
    full = len(plan_of(name, "fp32").content)
    assert full > 16_000_000
    assert len(plan_of(name, "fp16").content) < 0.6 * full
    assert len(plan_of(name, "bf16").content) < 0.65 * full


@pytest.mark.parametrize("name", ["block", "branches", "resnet50", "densenet121"])
@pytest.mark.parametrize(("precision", "word"), [("fp16", "HALF"), ("bf16", "BF16")])
def test_the_network_is_16_bit_throughout(name: str, precision: str, word: str) -> None:
    graph = apply_precision(model(name), precision)
    builder = bindings().module.Builder(bindings().logger)
    assert network_types(parse(bindings(), builder, graph)) == {word}


def test_kept_nodes_are_fp32_in_the_engine() -> None:
    patterns = ["inception_5b/*", "LRN"]
    plan = build(model("googlenet"), precision="fp16", keep_fp32=patterns, io_precision="fp32")
    assert plan.build.precision.verdict is PrecisionVerdict.MET
    requested = [fallback for fallback in plan.build.precision.fallbacks if fallback.is_requested]
    assert sum("5b" in node for fallback in requested for node in fallback.nodes) >= 6
    assert plan.information is not None
    assert {tensor.dtype for tensor in plan.information.io} == {"Float"}
    kept = kept_nodes(model("googlenet"), patterns)
    found = check_precision(plan.information.layers, "fp16", kept=kept).kept
    assert {"pool1/norm1", "conv2/norm2", "inception_5b/1x1"} <= set(found.seen)
    assert Counter((*found.seen, *found.hidden, *found.missing)) == Counter(kept)
    assert f"pinned to FP32: {len(found.seen)} of {len(kept)} nodes" in (
        precision_line(plan.build.precision)
    )


def test_a_kept_node_fused_with_its_casts_is_named() -> None:
    plan = build(model_of(FC), precision="fp16", keep_fp32=["fc"])
    assert precision_line(plan.build.precision) == (
        "requested fp16: 1 of 1 layers Half; pinned to FP32: 0 of 1 nodes;"
        " fc only inside layers that read and write no FP32"
    )
    plan = build(model_of(FC), precision="fp16", keep_fp32=["fc"], io_precision="fp32")
    assert precision_line(plan.build.precision).endswith("pinned to FP32: 1 of 1 nodes")
