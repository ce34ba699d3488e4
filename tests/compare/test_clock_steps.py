"""Differences below two steps of the clock are noise, of the clock that timed the layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_made_profiles import chain, make_profile

from trtcore.compare.profiles import compare_profiles
from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples, no_samples

LAYERS = (Layer("a", nodes=("a",)), Layer("b", nodes=("b",)))


def profile_of(backend: str, device: str, added_ms: float) -> Profile:
    """64 iterations without any scatter, layer b longer by so much."""
    times = np.tile(np.float32([0.1, 0.2 + added_ms]), (64, 1))
    profile = make_profile(LAYERS, times, chain("a", "b"), backend=backend)
    return replace(
        profile,
        samples=Samples(times, no_samples()),
        environment=replace(profile.environment, device=device),
    )


@pytest.mark.parametrize(
    ("backend", "device", "added_us", "is_noise"),
    [
        ("tensorrt", "H200", 0.8, True),
        ("tensorrt", "H200", 1.5, False),
        ("torch", "H200", 0.8, True),
        ("torch", "H200", 1.5, False),
        ("torch", "", 1.5, True),
        ("torch", "", 2.5, False),
        ("onnxruntime", "", 1.5, True),
        ("onnxruntime", "", 2.5, False),
    ],
)
def test_two_steps(backend: str, device: str, added_us: float, is_noise: bool) -> None:
    base, new = (profile_of(backend, device, ms) for ms in (0.0, added_us / 1000))
    rows = {row.name: row.is_noise for row in compare_profiles(base, new).rows}
    assert rows == {"a": True, "b": is_noise}


def test_the_coarser_clock_of_two_counts() -> None:
    base, new = profile_of("torch", "", 0.0), profile_of("tensorrt", "H200", 0.0015)
    rows = {row.name: row.is_noise for row in compare_profiles(base, new).rows}
    assert rows == {"a": True, "b": True}
