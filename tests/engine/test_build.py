"""From a model to an engine in the requested precision, through the real builder."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import pytest
from onnx import numpy_helper, parser
from words import texts

import trtcore
from trtcore.api.options.values import Options
from trtcore.api.requests import build_as_requested, precision_request, with_precision
from trtcore.engine.build import check_engine
from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.engine.tensorrt.builder import Plan
from trtcore.errors import OptionError, PrecisionError, PrecisionNotMetError
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.precision.convert.apply import apply_precision
from trtcore.report.content.facts.precision import precision_line
from trtcore.result.analysis.requirements import require_met
from trtcore.result.records.build import PrecisionCheck, PrecisionVerdict
from trtcore.result.records.layers import Layer, LayerProfile
from trtcore.system.device import Device

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU, TensorRT does not")

ODD = """
<ir_version: 8, opset_import: ["" : 17]>
odd (float[2,5,6,6] x) => (float[2,9,6,6] y) <float[9,5,1,1] w> { [conv] y = Conv (x, w) }
"""


@functools.cache
def bindings() -> Bindings:
    return load_bindings("tensorrt_rtx")


def odd() -> Model:
    proto = parser.parse_model(ODD)
    weights = np.random.default_rng(0).standard_normal((9, 5, 1, 1)).astype(np.float32)
    proto.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    proto.graph.ClearField("value_info")
    return load_model(proto)


def build(model: Model, **options: object) -> Plan:
    return build_as_requested(bindings(), model, Options(use_cache=False, **options))


def check(
    layers: Sequence[Layer], layer_ms: Sequence[float] | None = None, **options: object
) -> PrecisionCheck:
    rows = [row_of(index, layers[index], ms) for index, ms in enumerate(layer_ms or ())]
    return check_engine(
        layers, rows, model=googlenet(1), request=precision_request(Options(**options))
    )


def row_of(index: int, layer: Layer, ms: float) -> LayerProfile:
    return LayerProfile(index, layer, ms, ms / 100, ms, ms, ms, (ms, ms))


def io_of(plan: Plan) -> dict[str, tuple[str, str]]:
    assert plan.information is not None
    return {tensor.name: (tensor.dtype, tensor.format) for tensor in plan.information.io}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"precision": "half2"}, {"x": ("Half", "chw2"), "y": ("Half", "chw2")}),
        (
            {"precision": "half2", "io_formats": {"y": "linear"}},
            {"x": ("Half", "chw2"), "y": ("Half", "linear")},
        ),
        (
            {"precision": "fp16", "io_formats": {"x": "hwc8", "y": "chw4"}},
            {"x": ("Half", "hwc8"), "y": ("Half", "chw4")},
        ),
        (
            {"precision": "fp16", "io_precision": "fp32", "io_formats": {"x": "chw32"}},
            {"x": ("Float", "chw32"), "y": ("Float", "linear")},
        ),
        ({"precision": "bf16"}, {"x": ("BFloat16", "linear"), "y": ("BFloat16", "linear")}),
        ({}, {"x": ("Float", "linear"), "y": ("Float", "linear")}),
    ],
    ids=lambda value: "",
)
def test_inputs_and_outputs_are_as_asked(
    options: dict[str, object], expected: dict[str, tuple[str, str]]
) -> None:
    assert io_of(build(odd(), **options)) == expected


def test_a_format_that_tensorrt_does_not_have_is_named() -> None:
    with pytest.raises(OptionError, match=r"TensorRT-RTX 1\.\S+ has chw16 for the DLA only"):
        build(odd(), precision="fp16", io_formats={"x": "chw16"})
    with pytest.raises(PrecisionError, match="requested format x:chw2, but the engine has Unknown"):
        build(odd(), precision="bf16", io_formats={"x": "chw2"})


def test_the_build_says_what_the_engine_has() -> None:
    plan = build(googlenet(1), precision="fp16", keep_fp32=["prob"])
    line = precision_line(plan.build.precision)
    assert line.startswith("requested fp16: "), line
    assert "pool1/norm1, conv2/norm2" in line
    assert plan.build.precision.verdict is PrecisionVerdict.MET
    assert {node for fallback in plan.build.precision.fallbacks for node in fallback.nodes} >= {
        "conv2/norm2"
    }
    assert plan.model.notes[-1].startswith("FP16 written into the graph")


def test_an_engine_of_another_precision_is_refused() -> None:
    plan = build(googlenet(1))
    assert plan.information is not None
    layers = plan.information.layers
    with pytest.raises(
        PrecisionNotMetError, match=r"requested fp16: 0 of \d+ layers Half, \d+ Float"
    ):
        require_met(check(layers, precision="fp16"))
    require_met(check(layers, precision="fp16", keep_fp32=["*"]))


def test_times_tell_what_islands_cost() -> None:
    plan = build(googlenet(1), precision="fp16")
    assert plan.information is not None
    layers = plan.information.layers
    times = [1.0] * len(layers)
    found = check(layers, times, precision="fp16")
    assert all((fallback.median_ms, fallback.share) == (1.0, 0.01) for fallback in found.fallbacks)
    assert "% of time" in precision_line(found)


def test_the_precision_of_a_model_is_its_own() -> None:
    half = apply_precision(odd(), "fp16")
    assert with_precision(Options(), odd()).precision == "fp32"
    assert with_precision(Options(), half).precision == "fp16"
    assert with_precision(Options(), apply_precision(odd(), "bf16")).precision == "bf16"
    assert with_precision(Options(precision="half2"), half).precision == "half2"
    assert io_of(build(half, precision="half2"))["x"] == ("Half", "chw2")
    with pytest.raises(PrecisionError, match="is already FP16 and cannot be converted to FP32"):
        build(half, precision="fp32")


def test_the_gpu_is_asked_before_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    def has(capability: str) -> None:
        device = Device(0, "a GPU", capability)
        monkeypatch.setattr("trtcore.engine.build.current_device", lambda: device)

    has("7.5")
    with pytest.raises(PrecisionError, match="has no BF16, which needs"):
        build(odd(), precision="bf16")
    has("6.1")
    (warning,) = texts(build(odd(), precision="fp16").warnings)
    assert warning.startswith("a GPU (compute capability 6.1) has no fast FP16")
    has("9.0")
    assert build(odd(), precision="fp16").warnings == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "fp13"}, "precision is 'fp13', must be one of"),
        ({"io_precision": "int8"}, "io_precision is 'int8', must be one of fp32, fp16, bf16"),
        ({"keep_fp32": "LRN"}, "keep_fp32 is 'LRN', expected a list of names"),
        (
            {"precision": "fp16", "io_formats": {"x": "CHW2"}},
            "io_formats={'x': 'CHW2'}: accepted are linear, chw2, hwc8, chw4, chw16, chw32",
        ),
        ({"tolerance": -1.0}, "tolerance is -1.0, must be 0 or more"),
    ],
)
def test_what_makes_no_sense(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        build(odd(), **options)


def test_a_tolerance_makes_the_api_raise() -> None:
    options = {"backend": "onnxruntime", "precision": "fp16", "iterations": 1}
    profile = trtcore.profile_model(odd(), **options, accuracy=True)
    assert profile.accuracy is not None
    error = profile.accuracy.relative_l2
    trtcore.profile_model(odd(), **options, tolerance=error)
    with pytest.raises(PrecisionNotMetError, match="more than the tolerance of"):
        trtcore.profile_model(odd(), **options, tolerance=error / 2)


@pytest.mark.parametrize("options", [{"precision": "fp16"}, {"accuracy": True}, {"tolerance": 0.1}])
def test_nothing_is_chosen_for_a_plan(options: dict[str, object]) -> None:
    with pytest.raises(
        OptionError, match="has no effect for a plan, which is built already: leave it out"
    ):
        trtcore.profile_plan(b"ftrt" * 100, **options)
