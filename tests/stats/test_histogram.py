"""Histograms of times: exact where they can be, and within their stated accuracy elsewhere."""

from __future__ import annotations

import dataclasses
from math import inf, isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trtcore.stats.histogram import (
    ACCURACY,
    BUCKETS,
    FULL,
    TimeHistograms,
    ends_at,
    fold,
    merge,
    quantiles,
    value_at,
)
from trtcore.stats.intervals import (
    TimeSummary,
    median_interval,
    summarise_histograms,
    summarise_times,
)

IN_RANGE = st.floats(2**-20, 2**13, width=32)
SHARES = (0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def ranks(*numbers: int) -> np.ndarray:
    return np.array([numbers], np.int64)


def test_a_bucket_is_an_eighth_of_a_sixteenth_of_an_octave() -> None:
    edges = np.float32(1.0), np.float32(1 + 1 / 128)
    below = np.nextafter(edges, np.float32(0))
    buckets = fold(column(*below, *edges)).buckets[0]
    first = 1 + 20 * 128
    assert {int(i): int(buckets[i]) for i in np.flatnonzero(buckets)} == {
        first - 1: 1,  # just below 1 ms
        first: 2,  # 1 ms, and just below the next edge
        first + 1: 1,
    }
    assert len(buckets) == BUCKETS == 34 * 128 + 2


def test_what_is_out_of_range_has_two_buckets_of_its_own() -> None:
    found = fold(column(0.0, -1.0, 2**-21, 2**-20, 2**14 - 1, 2**14, 1e30))
    assert (found.buckets[0, 0], found.buckets[0, 1]) == (3, 1)
    assert (found.buckets[0, -2], found.buckets[0, -1]) == (1, 2)
    assert value_at(found, ranks(0, 1, 2)).tolist() == [[0.0, 0.0, 0.0]]
    assert value_at(found, ranks(6)).item() == np.float32(1e30)
    assert quantiles(found, (0.0,)).item() == 0.0


def test_only_zeros_are_zero() -> None:
    found = fold(np.zeros((50, 2), np.float32))
    assert quantiles(found, (0.05, 0.5, 0.95)).tolist() == [[0.0, 0.0, 0.0]] * 2


@settings(max_examples=150, deadline=None)
@given(st.lists(IN_RANGE, min_size=1, max_size=400))
def test_quantiles_are_as_near_as_they_say(values: list[float]) -> None:
    samples = column(*values)
    exact = np.quantile(samples[:, 0].astype(np.float64), SHARES)
    np.testing.assert_allclose(quantiles(fold(samples), SHARES)[0], exact, rtol=ACCURACY + 1e-12)
    assert ACCURACY < 0.004


@settings(max_examples=60, deadline=None)
@given(st.lists(IN_RANGE, min_size=1, max_size=200))
def test_a_sample_lies_between_the_ends_of_its_bucket(values: list[float]) -> None:
    ordered = np.sort(np.array(values, np.float32))
    places = np.arange(len(ordered))[None, :]
    lower, upper = ends_at(fold(ordered[:, None]), places)
    assert np.all(lower[0] <= ordered)
    assert np.all(ordered <= upper[0])
    assert np.all(upper <= np.float32(lower) * (1 + 1 / 128) + 2**-20)


def test_no_samples_have_no_quantiles() -> None:
    nothing = np.empty(0)
    empty = TimeHistograms(
        0,
        nothing,
        nothing,
        nothing.astype(np.float32),
        nothing.astype(np.float32),
        np.zeros((0, BUCKETS), np.uint32),
    )
    assert quantiles(empty, (0.5,)).shape == (0, 1)
    one = fold(column(1.0))
    none_of_one = dataclasses.replace(one, count=0, buckets=np.zeros_like(one.buckets))
    assert np.isnan(quantiles(none_of_one, (0.1, 0.5))).all()
    with pytest.raises(ValueError, match="nothing to fold"):
        fold(np.empty((0, 3), np.float32))


def test_merging_one_is_that_one_and_order_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    a, b = (fold(rng.lognormal(0, 1, (n, 3)).astype(np.float32)) for n in (100, 37))
    assert merge([a]) is a
    ab, ba = merge([a, b]), merge([b, a])
    assert ab.count == ba.count == 137
    assert ab.buckets.tobytes() == ba.buckets.tobytes()
    np.testing.assert_allclose(ab.mean_ms, ba.mean_ms, rtol=1e-14)
    np.testing.assert_allclose(ab.deviations_ms2, ba.deviations_ms2, rtol=1e-12)


def test_a_full_bucket_stays_full() -> None:
    one = fold(column(1.0, 2.0))
    full = np.where(one.buckets > 0, np.uint32(FULL - 1), np.uint32(0))
    brim = dataclasses.replace(one, count=2 * (FULL - 1), buckets=full)
    assert merge([brim, one]).buckets.max() == FULL
    assert merge([brim, one, one]).buckets.max() == FULL
    assert merge([brim, one, one]).count == 2 * (FULL - 1) + 4


def test_summaries_agree_with_those_of_the_samples() -> None:
    rng = np.random.default_rng(3)
    samples = (rng.lognormal(-3, 1, 20) * rng.lognormal(0, 0.05, (1500, 20))).astype(np.float32)
    for streamed, row in zip(summarise_histograms(fold(samples)), samples.T, strict=True):
        exact = summarise_times(row)
        assert exact is not None
        assert (streamed.count, streamed.min_ms) == (exact.count, exact.min_ms)
        assert streamed.mean_ms == pytest.approx(exact.mean_ms, rel=1e-12)
        assert streamed.variation == pytest.approx(exact.variation, rel=1e-6)
        for name in ("median_ms", "p90_ms", "p95_ms", "p99_ms"):
            assert getattr(streamed, name) == pytest.approx(getattr(exact, name), rel=0.004)
        low, high = median_interval(row)
        assert low * (1 - 1 / 128) <= streamed.interval[0] <= low
        assert high <= streamed.interval[1] <= high * (1 + 1 / 128)


@pytest.mark.parametrize("count", [1, 5, 6, 63, 64, 129, 130, 661, 662])
def test_too_few_samples_have_the_same_gaps(count: int) -> None:
    samples = np.linspace(1, 2, count, dtype=np.float32)[:, None]
    (streamed,), exact = summarise_histograms(fold(samples)), summarise_times(samples)

    def gaps(summary: TimeSummary | None) -> list[str]:
        fields = dataclasses.asdict(summary)  # type: ignore[arg-type]
        fields["interval"] = fields["interval"][0]
        return [name for name, value in fields.items() if isnan(value)]

    assert gaps(streamed) == gaps(exact)


def test_a_layer_that_takes_no_time_has_no_variation() -> None:
    (zero,) = summarise_histograms(fold(np.zeros((200, 1), np.float32)))
    assert (zero.median_ms, zero.p95_ms, zero.interval) == (0.0, 0.0, (0.0, 0.0))
    assert isnan(zero.variation)
    assert isnan(zero.spread)


def test_infinity_is_not_a_crash() -> None:
    found = fold(column(1.0, inf))
    assert found.max_ms.tolist() == [inf]
    assert found.buckets[0, -1] == 1
