"""The gate after a measurement: what fails it, and that the measurement is not lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from precision_models import model_of

import trtcore
from trtcore.errors import OptionError, PrecisionNotMetError
from trtcore.models.model import Model
from trtcore.result.analysis.requirements import require_precision
from trtcore.result.records.build import Build, PrecisionCheck, PrecisionVerdict, TypeCount
from trtcore.result.records.profile import Profile

NET = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[2,5,6,6] x) => (float[2,9,6,6] y) <float[9,5,1,1] w> { [conv] y = Conv (x, w) }
"""
CPU: dict[str, Any] = {"backend": "onnxruntime", "iterations": 2}


@pytest.fixture(scope="module")
def net() -> Model:
    return model_of(NET)


def test_a_profile_that_is_too_far_off_is_kept_in_the_error(net: Model) -> None:
    with pytest.raises(PrecisionNotMetError, match="more than the tolerance of 1e-09") as raised:
        trtcore.profile_model(net, precision="fp16", tolerance=1e-9, **CPU)
    profile = raised.value.result
    assert isinstance(profile, Profile)
    assert profile.counts.measured == 2
    assert profile.accuracy is not None
    require_precision(profile, profile.accuracy.relative_l2)
    require_precision(profile)


def test_a_comparison_that_is_too_far_off_is_kept_in_the_error(net: Model) -> None:
    with pytest.raises(PrecisionNotMetError, match="fp16: output 'y' is") as raised:
        trtcore.compare_precisions(net, "fp32,fp16", tolerance=1e-9, **CPU)
    comparison = raised.value.result
    assert isinstance(comparison, trtcore.PrecisionComparison)
    assert comparison.precisions == ("fp32", "fp16")
    assert comparison.rows[0].nodes == ("conv",)
    comparison.require(1e-2)


def test_a_profile_whose_engine_is_another(gpu_like: Profile) -> None:
    with pytest.raises(PrecisionNotMetError, match="requested fp16: 1 of 9 layers Half") as raised:
        require_precision(gpu_like)
    assert raised.value.result is gpu_like


def test_a_comparison_with_an_engine_that_is_another(gpu_like: Profile, net: Model) -> None:
    comparison = trtcore.compare_precisions(net, ["fp32", "fp16"], **CPU)
    bad = replace(comparison, profiles=(comparison.profiles[0], gpu_like))
    with pytest.raises(PrecisionNotMetError, match=r"^fp16: the engine does not have") as raised:
        bad.require()
    assert raised.value.result is bad


def test_an_error_before_any_measurement_has_no_result() -> None:
    assert PrecisionNotMetError("x").result is None


def test_a_tolerance_that_is_none_is_refused_before_the_work(net: Model) -> None:
    for tolerance in (-1e-3, float("nan")):
        with pytest.raises(OptionError, match="must be 0 or more"):
            trtcore.profile_model(net, tolerance=tolerance, **CPU)


@pytest.fixture
def gpu_like(net: Model) -> Profile:
    profile = trtcore.profile_model(net, **CPU)
    types = (TypeCount("Float", 8), TypeCount("Half", 1))
    check = PrecisionCheck("fp16", "Half", PrecisionVerdict.NOT_MET, types)
    build = Build("TensorRT", 1.0, 100, precision=check)
    return replace(profile, build=build)
