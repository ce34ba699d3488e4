"""What is said of the samples of a profile: outliers, modes and drift, of passes and of layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trtcore.result import Counts, Environment, Layer, ModelRecord, Profile, Samples
from trtcore.steadiness import outlier_text, steadiness_warnings

N = 1000


def noise(seed: int, level: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (level * (1 + 0.001 * random.standard_normal(N))).astype(np.float32)


def make_profile(samples: Samples) -> Profile:
    names = ("conv1", "conv2", "wait", "tiny")
    layers = tuple(Layer(name, "wait" if name == "wait" else "kgen") for name in names)
    return Profile(
        model=ModelRecord("net", "net.onnx"),
        backend="tensorrt",
        precision="fp16",
        batch=1,
        method="by hand",
        io=(),
        layers=layers,
        samples=samples,
        counts=Counts(N, 10, N),
        environment=Environment("", "", "", "", "", "H200"),
    )


def make_samples(**changes: np.ndarray) -> Samples:
    layer_ms = np.column_stack([noise(1, 0.5), noise(2, 0.3), noise(3, 0.4), noise(4, 0.002)])
    return replace(Samples(layer_ms, noise(5), gated_ms=noise(6, 0.9)), **changes)


def with_layer(index: int, times: np.ndarray) -> Samples:
    layer_ms = make_samples().layer_ms.copy()
    layer_ms[:, index] = times
    return make_samples(layer_ms=layer_ms)


def warnings_of(samples: Samples) -> list[str]:
    return list(steadiness_warnings(make_profile(samples)))


def test_steady_times_are_not_talked_about() -> None:
    assert warnings_of(make_samples()) == []


def test_outliers_are_counted_for_each_pass() -> None:
    wall, gated = np.tile(np.float32([0.99, 1.0, 1.01, 1.0]), 10), np.full(40, 0.9, np.float32)
    # The quartiles are 0.9975 and 1.01, so the fences above are 1.02875 and 1.0475.
    wall[[3, 7]], wall[11] = 1.04, 1.05
    assert outlier_text(make_profile(make_samples(wall_ms=wall, gated_ms=gated))) == (
        "outliers beyond 1.5 and beyond 3 quartile distances, all kept: latency 2 and 1 of 40, "
        "gated GPU time 0 and 0 of 40"
    )


def test_neighbours_that_correlate_are_named() -> None:
    slow = (1 + 0.003 * np.sin(np.arange(N) / 20)).astype(np.float32)
    assert outlier_text(make_profile(make_samples(gated_ms=slow))).endswith(
        "; neighbouring iterations correlate, so that intervals are too narrow: "
        "gated GPU time by 1.00"
    )


def test_few_samples_are_no_matter_for_words() -> None:
    few = Samples(np.ones((3, 4), np.float32), np.float32([1, 2, 30]))
    assert outlier_text(make_profile(few)) == ""
    assert warnings_of(few) == []
    assert warnings_of(Samples(np.empty((0, 4), np.float32), np.empty(0, np.float32))) == []


def test_a_pass_with_two_modes() -> None:
    jumping = noise(7) + np.float32(0.1) * (np.random.default_rng(8).random(N) < 0.4)
    assert warnings_of(make_samples(gated_ms=jumping)) == [
        "the un-profiled gated GPU time jumps between 0.9999 and 1.0999 ms, so its median is a "
        "matter of luck"
    ]


def test_a_pass_that_drifts() -> None:
    ramp = noise(9) * np.linspace(1.05, 0.95, N, dtype=np.float32)
    assert warnings_of(make_samples(wall_ms=ramp)) == [
        "the un-profiled latency drifts: in its second half it was 4.9% shorter"
    ]


def test_layers_are_counted_and_the_longest_is_named() -> None:
    ramp = noise(1, 0.5) * np.linspace(0.95, 1.05, N, dtype=np.float32)
    assert warnings_of(with_layer(0, ramp)) == [
        "1 of the 2 longest layers drift; the longest of them, conv1, drifts: in its second half "
        "it was 5.2% longer"
    ]
    jumping = noise(2, 0.3) + np.float32(0.05) * (np.random.default_rng(8).random(N) < 0.4)
    assert warnings_of(with_layer(1, jumping)) == [
        "1 of the 2 longest layers jump between two values; the longest of them, conv2, jumps "
        "between 0.3000 and 0.3500 ms"
    ]


def test_markers_and_short_layers_are_left_alone() -> None:
    ramp = np.linspace(0.5, 1.5, N, dtype=np.float32)
    assert warnings_of(with_layer(2, 0.4 * ramp)) == []
    assert warnings_of(with_layer(3, 0.002 * ramp)) == []
