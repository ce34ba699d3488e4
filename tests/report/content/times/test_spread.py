"""Histograms and short series of times: no iteration is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_made_profiles import make_profile

from trtcore.report.content.times.spread import BINS, layer_spread, series_spreads
from trtcore.result.records.layers import Layer
from trtcore.result.records.samples import Samples
from trtcore.stats.histogram import fold


def profile_of(times, **changes):
    layers = [Layer(str(i)) for i in range(times.shape[1])]
    return make_profile(layers, times, samples=Samples(times, np.empty(0, np.float32)), **changes)


def test_every_iteration_is_in_one_bar_and_stragglers_in_the_last() -> None:
    rng = np.random.default_rng(3)
    times = rng.uniform(1, 2, (1000, 3)).astype(np.float32)
    times[::200, 1] = 50.0
    spread = layer_spread(profile_of(times), points=100)
    assert spread is not None
    assert spread.shares.shape == (3, BINS + 1)
    np.testing.assert_allclose(spread.shares.sum(axis=1), 1)
    np.testing.assert_array_equal(spread.low_ms, times.min(axis=0))
    # The longest of 1000 are beyond the 99 % quantile, whose own rank is 989.
    np.testing.assert_allclose(spread.shares[:, -1], 0.01)
    assert (spread.high_ms < 2).all()
    for bar in range(BINS - 1):
        edges = (
            spread.low_ms[0]
            + (spread.high_ms[0] - spread.low_ms[0]) * np.array([bar, bar + 1]) / BINS
        )
        inside = ((times[:, 0] >= edges[0]) & (times[:, 0] < edges[1])).mean()
        # A time at an edge may be on either side of it, by rounding.
        assert spread.shares[0, bar] == pytest.approx(inside, abs=0.0011)


def test_points_are_medians_of_consecutive_iterations_to_the_last() -> None:
    times = np.arange(1, 12, dtype=np.float32).reshape(-1, 1)
    spread = layer_spread(profile_of(times), points=4)
    assert spread is not None
    assert spread.per_point == 3
    assert spread.series_ms.tolist() == [[2.0, 5.0, 8.0, 10.5]]
    every = layer_spread(profile_of(times), points=20)
    assert every is not None
    assert every.series_ms.tolist() == [times.ravel().tolist()]


def test_equal_times_and_a_single_one() -> None:
    for count in (1, 5):
        spread = layer_spread(profile_of(np.full((count, 2), 0.25, np.float32)), points=10)
        assert spread is not None
        assert spread.shares[:, 0].tolist() == [1.0, 1.0]
        assert spread.low_ms.tolist() == [0.25, 0.25]


def test_no_times_and_times_that_are_no_numbers() -> None:
    assert layer_spread(profile_of(np.empty((0, 2), np.float32)), points=10) is None
    assert layer_spread(profile_of(np.array([[1, np.nan]], np.float32)), points=10) is None


def test_of_a_streamed_run_the_whole_distribution_and_the_last_iterations() -> None:
    rng = np.random.default_rng(4)
    times = rng.gamma(4, 0.1, (5000, 2)).astype(np.float32)
    streamed = Samples(times[-50:], np.empty(0, np.float32), layer_histograms=fold(times))
    spread = layer_spread(replace(profile_of(times), samples=streamed), points=50)
    whole = layer_spread(profile_of(times), points=50)
    assert spread is not None
    assert whole is not None
    assert spread.is_end
    assert spread.iterations == 50
    np.testing.assert_array_equal(spread.series_ms, times[-50:].T)
    # 400 order statistics stand for 5,000: a bar can gain or lose one or two of them, and the
    # bars begin and end within 0.4 % of where they did.
    cumulative = np.abs(spread.shares.cumsum(axis=1) - whole.shares.cumsum(axis=1))
    assert cumulative.max() < 0.02


def test_passes_by_their_titles() -> None:
    times = np.ones(8, np.float32)
    samples = Samples(np.ones((2, 1), np.float32), times, gated_ms=times, enqueue_ms=times)
    assert list(series_spreads(samples, 4)) == ["latency", "gated GPU time", "enqueue"]
