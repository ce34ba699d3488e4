"""Engines for a range of shapes, through the real builder, and what is said of them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from networks import read_graph
from paths import LIGHT
from shape_models import RESIDUAL, with_weights
from transformer_models import CASES

import trtcore
from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.engine.tensorrt.builder import Plan, build_plan
from trtcore.errors import BuildError
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_inputs
from trtcore.report.content.facts.facts import shapes_text
from trtcore.report.terminal.engine import render_plan
from trtcore.report.terminal.profile import render_table
from trtcore.result.records.build import PrecisionVerdict
from trtcore.result.types.shapes import ShapeRange, Specialization

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU, TensorRT does not")

IDS = ((1, 4), (2, 8), (4, 16))
# An image and tokens of the same batch, each with a dimension of its own besides.
MIXED = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[N,3,H,32] x, int64[N,S] ids) => (float[N,8,H,32] y, float[N,S,16] e)
  <float[8,3,3,3] w, float[50,16] table>
{ [conv] c = Conv <pads = [1,1,1,1]> (x, w) [relu] y = Relu (c)
  [embed] g = Gather (table, ids) [soft] e = Softmax (g) }
"""
SHAPES = {
    "mixed": {"x": ((1, 3, 16, 32), (2, 3, 32, 32), (4, 3, 64, 32)), "ids": IDS},
    "residual": {"x": ((1, 3, 32, 32), (4, 3, 64, 64), (8, 3, 96, 96))},
    "resnet50": {"gpu_0/data_0": ((1, 3, 224, 224), (2, 3, 224, 224), (4, 3, 224, 224))},
    "googlenet": {"data": ((1, 3, 224, 224), (4, 3, 224, 224), (8, 3, 224, 224))},
}
SAID = {
    "mixed": "x:1x3x16x32..2x3x32x32..4x3x64x32; ids:1x4..2x8..4x16",
    "residual": "x:1x3x32x32..4x3x64x64..8x3x96x96",
    "resnet50": "gpu_0/data_0:1x3x224x224..2x3x224x224..4x3x224x224",
    "googlenet": "data:1x3x224x224..4x3x224x224..8x3x224x224",
}


@functools.cache
def bindings() -> Bindings:
    return load_bindings("tensorrt_rtx")


def source(name: str) -> Any:
    if name == "resnet50":
        return LIGHT / "light_resnet50.onnx"
    return (
        name if name == "googlenet" else with_weights({"mixed": MIXED, "residual": RESIDUAL}[name])
    )


@functools.cache
def plan_of(name: str, precision: str = "fp32") -> Plan:
    return trtcore.build_model(
        source(name), shapes=SHAPES[name], precision=precision, use_cache=False
    )


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize(
    "name",
    # Three seconds a build; the residual block shows the same.
    [pytest.param(n, marks=pytest.mark.slow if n == "resnet50" else ()) for n in SHAPES],
)
def test_the_engine_takes_the_range(name: str, precision: str) -> None:
    plan = plan_of(name, precision)
    given = {key: ShapeRange(key, *shapes) for key, shapes in SHAPES[name].items()}
    assert {one.name: one for one in plan.build.shape_ranges} == given
    assert plan.information is not None
    io = {tensor.name: tensor.shape for tensor in plan.information.io}
    for key, shapes in given.items():
        varies = [low != high for low, high in zip(shapes.least, shapes.most, strict=True)]
        assert [dim == -1 for dim in io[key]] == varies
    assert all(-1 in shape for shape in io.values())
    assert plan.build.precision is not None
    assert plan.build.precision.verdict is PrecisionVerdict.MET
    assert plan.build.precision.unreported == 0
    assert {one.name: one.shape for one in model_inputs(plan.model)} == {
        key: shapes.optimum for key, shapes in given.items()
    }
    text = render_plan(plan.build, plan.information, with_layers=False)
    assert f"\nShapes: {SAID[name]}\n" in text


@pytest.mark.parametrize("name", ["vit", "swin", "gpt2_legacy", "gpt2_dynamo"])
def test_a_transformer_of_one_batch_is_built_for_a_range(name: str) -> None:
    # What was exported with batch 1: a class token, window masks, targets of every Reshape.
    check_range(CASES[name].model())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vit_b_16", "bert_base", "swin_t"])
def test_a_network_of_one_batch_is_built_for_a_range(name: str) -> None:
    check_range(load_model(read_graph(name)))


def check_range(model: Model) -> None:
    """Builds for batches 1 to 8 what was exported for one."""
    shapes = {t.name: tuple((n, *t.shape[1:]) for n in (1, 4, 8)) for t in model_inputs(model)}
    plan = trtcore.build_model(model, shapes=shapes, precision="fp16", use_cache=False)
    given = {key: ShapeRange(key, *points) for key, points in shapes.items()}
    assert {one.name: one for one in plan.build.shape_ranges} == given
    assert plan.information is not None
    assert all(tensor.shape[0] == -1 for tensor in plan.information.io)


def test_one_shape_is_one_shape() -> None:
    shape = {"x": (1, 3, 32, 32)}
    plan = trtcore.build_model(source("residual"), shapes=shape, use_cache=False)
    assert plan.build.shape_ranges == ()
    assert plan.information is not None
    assert {t.name: t.shape for t in plan.information.io} == {"x": (1, 3, 32, 32), "y": (1, 10)}
    assert "Shapes" not in render_plan(plan.build, plan.information)


def test_the_same_model_is_built_again_for_one_shape() -> None:
    """Nothing of the range is left in the graph that it was built from."""
    plan = plan_of("residual")
    again = trtcore.build_model(plan.model, use_cache=False)
    assert again.build.shape_ranges == plan.build.shape_ranges
    assert plan.model.proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 4


def test_ranges_that_tensorrt_refuses_are_named() -> None:
    """What ONNX's shape inference has nothing against is left to TensorRT, and its words shown."""
    model = load_model(source("mixed"), shapes=SHAPES["mixed"])
    first, second = model.dynamic
    bad = ShapeRange("ids", (1, 4), (3, 8), (4, 16))
    object.__setattr__(model, "dynamic", (first, type(second)(bad, second.dims)))
    with pytest.raises(BuildError, match="Profile kOPT values are not self-consistent"):
        build_plan(bindings(), model)
    bad = ShapeRange("ids", (1, 4), (2, 8), (1, 2))
    object.__setattr__(model, "dynamic", (first, type(second)(bad, second.dims)))
    with pytest.raises(BuildError, match=r"does not take the ranges x:1x3x16x32\.\.2x3"):
        build_plan(bindings(), model)


def test_a_run_on_the_cpu_has_the_optimum_and_the_result_keeps_both(tmp_path: Path) -> None:
    profile = trtcore.profile_model(source("mixed"), shapes=SHAPES["mixed"], iterations=2)
    if profile.build is None or profile.backend != "onnxruntime":
        pytest.skip("about machines without a GPU, where TensorRT-RTX builds")
    trtcore.save_profile(profile, tmp_path / "result.json")
    read = trtcore.load_profile(tmp_path / "result.json")
    assert read.build == profile.build
    assert read.build is not None
    assert shapes_text(read.build, read.io) == (
        "x:1x3x16x32..2x3x32x32..4x3x64x32, ran 2x3x32x32; ids:1x4..2x8..4x16, ran 2x8"
    )
    assert "ids:1x4..2x8..4x16, ran 2x8" in render_table(read)


@pytest.mark.parametrize(
    ("specialization", "words"),
    [
        (
            Specialization.EAGER,
            "x:1..2..4; kernels compiled for these shapes before anything was timed",
        ),
        (
            Specialization.LAZY,
            "x:1..2..4; these bindings compile kernels for the shapes while it runs: the warm-up "
            "went on until times and layers were steady",
        ),
        (Specialization.NONE, "x:1..2..4"),
    ],
)
def test_the_report_says_when_kernels_were_compiled(
    specialization: Specialization, words: str
) -> None:
    from dataclasses import replace

    build = replace(
        plan_of("residual").build,
        shape_ranges=(ShapeRange("x", (1,), (2,), (4,)),),
        specialization=specialization,
    )
    assert shapes_text(build) == words
