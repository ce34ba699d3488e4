"""Backends: what a profile was timed by, from its saved name alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hand_made_profiles import make_profile

from trtcore.measure.nodes.timers import TIMERS
from trtcore.result.backends import (
    BACKENDS,
    engine_backends,
    find_backend,
    node_backends,
    selectable,
)
from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import Profile


def profile_of(backend: str, device: str) -> Profile:
    profile = make_profile([Layer("a")], [[1.0]], backend=backend)
    return replace(profile, environment=replace(profile.environment, device=device))


@pytest.mark.parametrize(
    ("backend", "device", "unfused", "on_cpu", "step_ms", "tool"),
    [
        ("tensorrt", "H200", False, False, 0.0005, ""),
        ("tensorrt_rtx", "H200", False, False, 0.0005, ""),
        ("onnxruntime", "", True, True, 0.001, ""),
        ("onnxruntime", "H200", True, True, 0.001, ""),
        ("torch", "H200", True, False, 0.0005, ""),
        ("torch", "", True, True, 0.001, ""),
        ("caffe", "", True, False, 0.001, "caffe"),
        ("trtexec", "", False, False, 0.0005, "trtexec"),
        ("tensorrt-sample", "", False, False, 0.0005, "tensorrt-sample"),
        ("something", "", False, False, 0.0005, "something"),
    ],
)
def test_a_profile_tells_what_timed_it(
    backend: str, device: str, unfused: bool, on_cpu: bool, step_ms: float, tool: str
) -> None:
    profile = profile_of(backend, device)
    row = profile.timed_by
    assert (row.name, row.is_unfused, row.on_cpu) == (backend, unfused, on_cpu)
    assert (row.clock_step_ms, profile.source_tool) == (step_ms, tool)


def test_what_can_be_asked_for() -> None:
    assert engine_backends() == ("tensorrt", "tensorrt_rtx")
    assert selectable() == ("auto", "tensorrt", "tensorrt_rtx", "onnxruntime")
    assert node_backends() == tuple(TIMERS)


@pytest.mark.parametrize("name", BACKENDS)
def test_a_row_keeps_its_name_without_a_gpu(name: str) -> None:
    assert find_backend(name, has_gpu=False).name == find_backend(name).name == name
