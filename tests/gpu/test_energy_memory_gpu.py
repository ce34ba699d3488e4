"""Energy and memory of a real GPU, and a plan in fresh processes."""

from __future__ import annotations

import pytest

import trtcore
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.memory import memory_needs
from trtcore.result.records.energy import EnergySource
from trtcore.result.records.memory import MemoryPoint
from trtcore.result.records.profile import Profile

pytestmark = pytest.mark.gpu

OPTIONS = {"precision": "fp16", "batch": 4, "iterations": 200, "calibrate": False}


@pytest.fixture(scope="module")
def profile() -> Profile:
    return trtcore.profile_model("googlenet", energy=True, **OPTIONS)


def test_the_energy_of_an_inference(profile: Profile) -> None:
    energy = profile.energy
    assert energy is not None
    assert energy.is_known
    assert energy.source in (EnergySource.COUNTER, EnergySource.POWER)
    assert energy.seconds >= 5.0
    # A board with nothing to do draws less than one at work.
    assert 0 < energy.idle_w < energy.watts
    assert "mJ an inference" in render_table(profile)


def test_the_memory_of_a_run(profile: Profile) -> None:
    needs = memory_needs(profile)
    assert needs is not None
    assert needs.activations > 0
    # What the process holds at its most is more than what is known to be in it.
    assert needs.peak > needs.weights + needs.activations + needs.io
    assert needs.batch_limit > profile.batch
    assert profile.memory is not None
    assert [reading.point for reading in profile.memory.readings] == list(MemoryPoint)


def test_one_plan_in_fresh_processes() -> None:
    profile = trtcore.profile_model("googlenet", serial=True, processes=3, **OPTIONS)
    processes = profile.processes
    assert processes is not None
    assert processes.layer_ms.shape == (3, len(profile.layers))
    gated_ms = processes.of("gated_ms")
    assert gated_ms is not None
    assert (gated_ms > 0).all()
    same = trtcore.compare_profiles(profile, profile)
    assert "judged by how far processes lie apart: 3 in base, 3 in new" in same.notes


def test_builds_without_a_timing_cache() -> None:
    profile = trtcore.profile_model("googlenet", serial=True, builds=2, **OPTIONS)
    variance = trtcore.Analysis(profile).build_variance
    assert variance is not None
    assert len(variance.total_ms) == len(profile.builds) == 2
    assert all(build.plan_bytes > 0 for build in profile.builds)
