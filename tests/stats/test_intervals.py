"""Intervals and summaries: small exact cases, laws, tables, and coverage by simulation."""

from __future__ import annotations

from itertools import pairwise
from math import comb, isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trtcore.errors import OptionError
from trtcore.stats.intervals import (
    TimeSummary,
    interval_rank,
    longest_layers,
    median_interval,
    student_t,
    summarise_times,
)


class TestMedianInterval:
    # ranks from the usual table of distribution-free 95 % intervals of the median
    @pytest.mark.parametrize(
        ("count", "rank"), [(6, 1), (8, 1), (9, 2), (20, 6), (50, 18), (100, 40), (1000, 469)]
    )
    def test_ranks_are_those_of_the_tables(self, count, rank):
        values = np.arange(1, count + 1)
        assert median_interval(values) == (rank, count + 1 - rank)

    @pytest.mark.parametrize("count", range(6))
    def test_too_few_samples_have_no_interval(self, count):
        low, high = median_interval(np.ones(count))
        assert isnan(low)
        assert isnan(high)

    def test_nan_samples_have_no_interval(self):
        assert isnan(median_interval([1.0] * 20 + [nan])[0])

    @pytest.mark.parametrize("count", [7, 33, 400, 1000])
    def test_rank_is_the_largest_that_keeps_the_confidence(self, count):
        rank = interval_rank(count, 0.95)

        def below(r):
            return sum(comb(count, i) for i in range(r)) / 2**count

        assert below(rank) <= 0.025 < below(rank + 1)

    def test_exact_and_approximate_ranks_meet(self):
        ranks = [interval_rank(n, 0.95) for n in range(990, 1012)]
        assert all(0 <= b - a <= 1 for a, b in pairwise(ranks))

    @pytest.mark.parametrize("count", [10, 40, 1500])
    def test_covers_the_true_median_of_a_skewed_distribution(self, count):
        rng = np.random.default_rng(count)
        hits = 0
        for _ in range(600):
            low, high = median_interval(rng.lognormal(0.0, 1.0, count))
            hits += low <= 1.0 <= high
        assert hits / 600 >= 0.925  # 95 % less three standard errors

    def test_higher_confidence_is_wider(self):
        values = np.arange(100)
        assert median_interval(values, 0.99) == (36, 63)
        assert median_interval(values, 0.5) == (46, 53)

    @pytest.mark.parametrize("confidence", [0, 1, -1, 95, nan])
    def test_confidence_out_of_range(self, confidence):
        with pytest.raises(OptionError, match=r"confidence is .*, expected .* between 0 and 1"):
            median_interval([1, 2, 3], confidence)


class TestSummariseTimes:
    def test_whole_summary(self):
        assert summarise_times(np.arange(1, 102)) == TimeSummary(
            count=101,
            median_ms=51,
            interval=(41, 61),
            min_ms=1,
            mean_ms=51,
            p90_ms=91,
            p95_ms=pytest.approx(nan, nan_ok=True),
            p99_ms=pytest.approx(nan, nan_ok=True),
            variation=pytest.approx(29.3002 / 51, rel=1e-5),
            spread=pytest.approx(50 / 51),
        )

    @pytest.mark.parametrize(
        ("field", "needed"), [("p90_ms", 64), ("p95_ms", 130), ("p99_ms", 662)]
    )
    def test_tails_need_samples(self, field, needed):
        assert isnan(getattr(summarise_times(np.ones(needed - 1)), field))
        assert getattr(summarise_times(np.ones(needed)), field) == 1.0

    def test_empty_and_single(self):
        assert summarise_times([]) is None
        one = summarise_times([2.5])
        assert (one.count, one.median_ms, one.mean_ms, one.min_ms) == (1, 2.5, 2.5, 2.5)
        assert isnan(one.variation)
        assert isnan(one.spread)

    def test_all_zero_is_not_a_division_by_zero(self):
        zero = summarise_times(np.zeros(200))
        assert zero.p95_ms == 0
        assert isnan(zero.variation)
        assert isnan(zero.spread)

    @given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=300))
    @settings(max_examples=60, deadline=None)
    def test_agrees_with_numpy_and_ignores_order(self, values):
        summary = summarise_times(values)
        assert repr(summary) == repr(summarise_times(values[::-1]))
        assert summary.median_ms == pytest.approx(np.median(np.float64(values)))
        if not isnan(summary.p90_ms):
            assert summary.p90_ms == pytest.approx(np.percentile(np.float64(values), 90))
        low, high = summary.interval
        assert isnan(low) or low <= summary.median_ms <= high


class TestLongestLayers:
    @pytest.mark.parametrize(
        ("layer_ms", "share", "longest"),
        [
            ([1, 5, 3, 1], 0.8, [1, 2]),
            ([1, 5, 3, 1], 0.81, [1, 2, 0]),
            ([2, 1], 0.0, []),
            ([2, 1], 1.0, [0, 1]),
            ([0, 0], 0.9, []),
            ([], 0.9, []),
            ([-1, 0.5, 0.2], 0.9, [1, 2]),
        ],
    )
    def test_they_hold_that_part_of_the_time(self, layer_ms, share, longest):
        assert longest_layers(layer_ms, share).tolist() == longest


@pytest.mark.parametrize(
    ("probability", "freedom", "quantile"),
    # from the usual tables of Student's t
    [
        (0.975, 5, 2.571),
        (0.975, 30, 2.042),
        (0.995, 10, 3.169),
        (0.9995, 30, 3.646),
        (0.5, 7, 0.0),
    ],
)
def test_student_t(probability, freedom, quantile):
    found = student_t(probability, np.array([freedom, freedom]))
    assert found == pytest.approx([quantile] * 2, rel=0.01, abs=1e-12)
