"""What is said of the samples of a profile: outliers, modes and drift, of passes and of layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trtcore.result.analysis.steadiness import (
    interval_of,
    observe,
    outlier_text,
    steadiness_warnings,
)
from trtcore.result.analysis.summary import summarise_series
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import Layer, ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples, StreamedSeries
from trtcore.stats.histogram import fold
from trtcore.stats.intervals import Interval, median_interval
from trtcore.stats.series import describe, estimate
from trtcore.system.records import Environment

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
        method=Method(note="by hand"),
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


def interval(samples: Samples, name: str) -> Interval:
    return interval_of(samples, name, summarise_series(samples, name))


def warnings_of(samples: Samples) -> list[str]:
    return list(steadiness_warnings(observe(make_profile(samples))))


def test_steady_times_are_not_talked_about() -> None:
    assert warnings_of(make_samples()) == []


def test_outliers_are_counted_for_each_pass() -> None:
    wall, gated = np.tile(np.float32([0.99, 1.0, 1.01, 1.0]), 10), np.full(40, 0.9, np.float32)
    # The quartiles are 0.9975 and 1.01, so the fences above are 1.02875 and 1.0475.
    wall[[3, 7]], wall[11] = 1.04, 1.05
    assert outlier_text(observe(make_profile(make_samples(wall_ms=wall, gated_ms=gated)))) == (
        "outliers 1.5 to 3 and beyond 3 IQR from the quartiles, all kept: latency 2 and 1 of 40, "
        "gated GPU time 0 and 0 of 40"
    )


def test_neighbours_that_correlate_are_named() -> None:
    slow = (1 + 0.003 * np.sin(np.arange(N) / 20)).astype(np.float32)
    assert outlier_text(observe(make_profile(make_samples(gated_ms=slow)))).endswith(
        "; autocorrelated samples; confidence intervals widened: gated GPU time (correlation 1.00)"
    )


def streamed(**times: np.ndarray) -> Samples:
    """The last 100 of N iterations, and the distributions of all of them."""
    whole = make_samples(**times)
    names = ("wall_ms", "gated_ms")
    return replace(
        whole,
        layer_ms=whole.layer_ms[-100:],
        **{name: getattr(whole, name)[-100:] for name in names},
        layer_histograms=fold(whole.layer_ms),
        streamed=tuple(StreamedSeries(n, fold(getattr(whole, n)[:, None])) for n in names),
    )


def test_of_a_streamed_run_the_end_is_looked_at() -> None:
    samples = streamed(wall_ms=noise(5) * np.linspace(0.5, 1.5, N, dtype=np.float32))
    assert ": latency 0 and 0 of the last 100, gated GPU time " in outlier_text(
        observe(make_profile(samples))
    )
    (words,) = warnings_of(samples)
    assert words.startswith(
        "un-profiled latency drifts: the second half of the last 100 iterations is 3."
    )


class TestInterval:
    def test_independent_samples_have_the_plain_one(self) -> None:
        samples = make_samples(wall_ms=np.tile(np.float32([1, 3, 2, 4]), 25))
        assert interval(samples, "wall_ms") == median_interval(samples.wall_ms) == (2.0, 3.0)

    def test_it_is_as_wide_as_the_estimate(self) -> None:
        walk = np.cumsum(np.random.default_rng(3).standard_normal(N)).astype(np.float32)
        samples = make_samples(wall_ms=100 + walk)
        low, high = interval(samples, "wall_ms")
        median, half_width = estimate(samples.wall_ms)
        assert max(high - median, median - low) == pytest.approx(half_width)
        plain = median_interval(samples.wall_ms)
        assert high - low > 5 * (plain[1] - plain[0])

    def test_of_a_streamed_run_the_last_iterations_tell_how_wide(self) -> None:
        slow = (1 + 0.1 * np.sin(np.arange(N) / 20)).astype(np.float32)
        slow[:2] = 0.1, 3.0
        samples = streamed(wall_ms=slow)
        low, high = interval(samples, "wall_ms")
        plain = summarise_series(samples, "wall_ms").interval
        last = samples.wall_ms
        r = min(describe(last).autocorrelation, 0.99)
        wider = ((1 + r) / (1 - r)) ** 0.5
        assert wider > 5
        assert high - low == pytest.approx(wider * (plain[1] - plain[0]))

    def test_it_stays_within_the_samples(self) -> None:
        slow = (1 + 0.1 * np.sin(np.arange(N) / 20)).astype(np.float32)
        for samples in (make_samples(wall_ms=slow), streamed(wall_ms=slow)):
            assert interval(samples, "wall_ms") == (slow.min(), slow.max())

    def test_too_few_or_equal_samples(self) -> None:
        few = make_samples(wall_ms=np.float32([1, 2, 3]), gated_ms=np.ones(50, np.float32))
        assert np.isnan(interval(few, "wall_ms")).all()
        assert np.isnan(interval(few, "gpu_ms")).all()
        assert interval(few, "gated_ms") == (1.0, 1.0)


def test_few_samples_are_no_matter_for_words() -> None:
    few = Samples(np.ones((3, 4), np.float32), np.float32([1, 2, 30]))
    assert outlier_text(observe(make_profile(few))) == ""
    assert warnings_of(few) == []
    assert warnings_of(Samples(np.empty((0, 4), np.float32), np.empty(0, np.float32))) == []


def test_a_pass_with_two_modes() -> None:
    jumping = noise(7) + np.float32(0.1) * (np.random.default_rng(8).random(N) < 0.4)
    assert warnings_of(make_samples(gated_ms=jumping)) == [
        "un-profiled gated GPU time is bimodal (0.9999 and 1.0999 ms): the median is not "
        "representative, use the quartiles (0.9998 and 1.0997 ms)"
    ]


def test_a_pass_that_drifts() -> None:
    ramp = noise(9) * np.linspace(1.05, 0.95, N, dtype=np.float32)
    assert warnings_of(make_samples(wall_ms=ramp)) == [
        "un-profiled latency drifts: the second half is 4.9% shorter than the first"
    ]


def test_a_step_is_one_sentence() -> None:
    step = noise(9) + np.float32(0.1) * (np.arange(N) >= N / 2)
    (words,) = warnings_of(make_samples(wall_ms=step))
    assert words.startswith("un-profiled latency is bimodal (1.0000 and 1.1000 ms): ")
    assert words.endswith("1.1000 ms); it drifts: the second half is 10.0% longer than the first")


def test_one_layer_is_named() -> None:
    ramp = noise(1, 0.5) * np.linspace(0.95, 1.05, N, dtype=np.float32)
    assert warnings_of(with_layer(0, ramp)) == [
        "layer conv1 drifts: the second half is 5.2% longer than the first"
    ]
    jumping = noise(2, 0.3) + np.float32(0.05) * (np.random.default_rng(8).random(N) < 0.4)
    assert warnings_of(with_layer(1, jumping)) == [
        "layer conv2 is bimodal (0.3000 and 0.3500 ms): the median is not representative, use the "
        "quartiles (0.2999 and 0.3499 ms)"
    ]


def test_of_several_layers_the_longest_three_are_named() -> None:
    ramp = np.linspace(0.95, 1.05, N, dtype=np.float32)
    layers = tuple(Layer(f"conv{i}") for i in range(5))
    layer_ms = np.column_stack([noise(i, 0.5 - 0.01 * i) * ramp for i in range(5)])
    profile = replace(make_profile(make_samples(layer_ms=layer_ms)), layers=layers)
    assert list(steadiness_warnings(observe(profile))) == [
        "5 of the 5 longest layers drift: conv0 (5.1% longer), conv1 (5.2% longer), "
        "conv2 (5.2% longer) and 2 more"
    ]


def test_on_a_cpu_only_the_latency_is_spoken_of() -> None:
    ramp = noise(1, 0.5) * np.linspace(0.95, 1.05, N, dtype=np.float32)
    samples = replace(with_layer(0, ramp), gated_ms=np.empty(0, np.float32), wall_ms=2 * ramp)
    (words,) = warnings_of(samples)
    assert words.startswith("un-profiled latency drifts")


def test_markers_and_short_layers_are_left_alone() -> None:
    ramp = np.linspace(0.5, 1.5, N, dtype=np.float32)
    assert warnings_of(with_layer(2, 0.4 * ramp)) == []
    assert warnings_of(with_layer(3, 0.002 * ramp)) == []
