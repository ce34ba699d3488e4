"""Labels of a series: Tukey's counts, modes, drift, rise and autocorrelation, not overdone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trtcore.stats.intervals import median_interval
from trtcore.stats.series import (
    autocorrelation,
    count_outliers,
    describe,
    estimate,
    estimate_columns,
    find_drift,
    find_modes,
    find_rise,
    pair_slopes,
)

Random = np.random.Generator


def white(random: Random, n: int, sd: float = 0.01) -> np.ndarray:
    return 1 + random.normal(0, sd, n)


def two_modes(random: Random, n: int, sd: float = 0.0025, low_share: float = 0.5) -> np.ndarray:
    return white(random, n, sd) + np.where(random.random(n) < low_share, -0.01, 0.01)


def autoregressive(random: Random, n: int, rho: float, sd: float = 0.01) -> np.ndarray:
    noise = random.normal(0, sd * (1 - rho * rho) ** 0.5, n)
    for i in range(1, n):
        noise[i] += rho * noise[i - 1]
    return 1 + noise


def often(label: Callable[[np.ndarray], object], make: Callable[[Random], np.ndarray]) -> float:
    return float(np.mean([bool(label(make(np.random.default_rng(seed)))) for seed in range(60)]))


def test_outliers_by_hand() -> None:
    # Quartiles 9.75 and 29.25 of 0..39: inner fences -19.5 and 58.5, outer -48.75 and 87.75.
    times = np.arange(40.0)
    assert count_outliers(times) == (0, 0)
    times[[0, 39]] = -30.0, 80.0
    assert count_outliers(times) == (2, 0)
    times[[0, 39]] = -49.0, 88.0
    assert count_outliers(times) == (0, 2)


def test_quantised_times_have_no_outliers_within_the_resolution() -> None:
    times = np.full(1000, 0.005)
    times[::7] += 0.000032
    assert count_outliers(times) == (0, 0)
    times[3] += 0.002
    assert count_outliers(times) == (0, 1)


def test_few_samples_have_no_labels() -> None:
    series = describe([1.0, 5.0] * 15)
    assert (series.count, series.mild, series.severe) == (30, 0, 0)
    assert np.isnan(series.autocorrelation)
    labels = (series.is_bimodal, series.is_drifting, series.is_autocorrelated)
    assert labels == (False, False, False)
    assert describe([]).count == 0


def test_jumping_series_names_both_values() -> None:
    series = describe([0.48, 0.52] * 50)
    assert series.modes_ms == (0.48, 0.52)
    assert series.is_bimodal
    assert not series.is_drifting


@pytest.mark.parametrize(
    "make",
    [
        lambda random: two_modes(random, 100),
        lambda random: two_modes(random, 1000, 0.005),
        lambda random: two_modes(random, 1000, 0.003, 0.2),
    ],
)
def test_two_modes_are_found(make) -> None:
    assert often(find_modes, make) > 0.95


@pytest.mark.parametrize("share", [0.25, 0.5])
@pytest.mark.parametrize(("spikes", "factor"), [(1, 20.0), (4, 40.0), (40, 3.0), (300, 3.0)])
@pytest.mark.parametrize("gap", [0.02, 0.3])
def test_spikes_do_not_hide_two_modes(share: float, spikes: int, factor: float, gap: float) -> None:
    def make(random: Random) -> np.ndarray:
        times = white(random, 4000, 0.002) + gap * (random.random(4000) < share)
        times[random.choice(4000, spikes, replace=False)] *= factor
        return times

    assert often(find_modes, make) == 1
    low, high = find_modes(make(np.random.default_rng(9)))
    assert (low, high) == pytest.approx((1, 1 + gap), abs=0.002)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.08])
def test_spikes_alone_are_no_mode(share: float) -> None:
    def make(random: Random) -> np.ndarray:
        return white(random, 1000) * np.where(random.random(1000) < share, 3.0, 1.0)

    assert often(find_modes, make) <= 0.05


@pytest.mark.parametrize("n", [32, 100, 1000])
@pytest.mark.parametrize(
    "make",
    [
        white,
        lambda random, n: 1 + 0.1 * random.random(n),
        lambda random, n: 1 + 0.1 * random.exponential(size=n),
        lambda random, n: np.exp(0.3 * random.normal(size=n)),
        lambda random, n: np.where(random.random(n) < 0.01, 3.0, 1.0) * white(random, n),
        lambda random, n: np.round(white(random, n) * 5 / 0.032) * 0.000032,
        lambda random, n: 1.1 - 0.1 * np.arange(n) / n + random.normal(0, 0.002, n),
    ],
    ids=["normal", "uniform", "exponential", "lognormal", "spikes", "quantised", "ramp"],
)
def test_one_mode_is_not_split(make, n: int) -> None:
    assert often(find_modes, lambda random: make(random, n)) <= 0.05


@pytest.mark.parametrize("n", [100, 1000])
def test_steady_change_is_drift_with_its_sign(n: int) -> None:
    ramp = white(np.random.default_rng(1), n, 0.002) + 0.1 * np.arange(n) / n
    assert find_drift(ramp) == pytest.approx(0.05, abs=0.005)
    assert find_drift(ramp[::-1]) == pytest.approx(-0.05, abs=0.005)
    assert describe(ramp).is_drifting


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (lambda random: white(random, 1000), 0.0),
        (lambda random: two_modes(random, 1000), 0.05),
        (lambda random: autoregressive(random, 1000, 0.9), 0.05),
        (lambda random: np.where(random.random(1000) < 0.01, 3.0, 1.0) * white(random, 1000), 0.0),
    ],
    ids=["white", "two modes", "autoregressive", "spikes"],
)
def test_steady_series_is_not_drifting(make, most: float) -> None:
    assert often(find_drift, make) <= most


def test_autocorrelation_of_known_processes() -> None:
    random = np.random.default_rng(3)
    assert autocorrelation(white(random, 5000)) == pytest.approx(0, abs=0.05)
    assert autocorrelation(autoregressive(random, 5000, 0.8)) == pytest.approx(0.8, abs=0.05)
    assert autocorrelation(np.ones(100)) == 0
    assert describe(autoregressive(random, 1000, 0.8)).is_autocorrelated


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_interval_is_honest_under_autocorrelation(rho: float) -> None:
    def misses(random: Random) -> bool:
        median, half_width = estimate(autoregressive(random, 500, rho))
        return abs(median - 1) > half_width

    assert often(lambda missed: missed, misses) <= 0.12


@pytest.mark.parametrize("n", [0, 5, 6, 31, 32, 101])
def test_columns_are_estimated_as_one_by_one(n: int) -> None:
    columns = np.random.default_rng(4).random((n, 3)).cumsum(axis=0)
    columns[n // 2 : n // 2 + 1, 1] = np.nan
    medians, half_widths = estimate_columns(columns)
    singles = [estimate(column) for column in columns.T]
    assert np.allclose(np.array(singles).T, [medians, half_widths], rtol=1e-12, equal_nan=True)
    assert np.isnan(half_widths).tolist() == ([True] * 3 if n < 6 else [False, True, False])
    if n >= 6:
        low, high = median_interval(columns[:, 0])
        r = min(max(autocorrelation(columns[:, 0]), 0), 0.99) if n >= 32 else 0
        wider = ((1 + r) / (1 - r)) ** 0.5
        assert medians[0] == pytest.approx(np.median(columns[:, 0]))
        assert half_widths[0] == pytest.approx(max(high - medians[0], medians[0] - low) * wider)


@given(st.lists(st.floats(0.1, 10), min_size=32, max_size=200), st.floats(1e3, 1e6))
def test_labels_follow_the_unit(times: list[float], unit: float) -> None:
    one, other = describe(np.array(times) * 1e3), describe(np.array(times) * unit)
    assert (one.mild, one.severe, one.is_bimodal) == (other.mild, other.severe, other.is_bimodal)


@given(st.lists(st.floats(0.1, 10), min_size=32, max_size=200), st.randoms())
def test_counts_and_modes_do_not_depend_on_order(times: list[float], random) -> None:
    shuffled = times.copy()
    random.shuffle(shuffled)
    assert count_outliers(shuffled) == count_outliers(times)
    assert find_modes(shuffled) == find_modes(times)


def test_slopes_between_all_pairs_that_differ() -> None:
    x, y = np.array([1.0, 1.0, 2.0, 3.0]), np.array([0.0, 4.0, 6.0, 2.0])
    assert pair_slopes(x, y).tolist() == [-4.0, -1.0, 1.0, 2.0, 6.0]


def test_rise_from_first_to_last() -> None:
    assert find_rise(np.arange(33.0)) == 32
    assert find_rise(np.arange(33.0)[::-1]) == -32
    bent = np.arange(33.0)
    bent[[3, 20]] = 1000
    assert find_rise(bent) == pytest.approx(32, abs=1), "two bad points do not bend it"
    assert [find_rise(np.ones(count)) for count in (0, 1, 2, 40)] == [0, 0, 0, 0]


def test_chance_is_no_rise() -> None:
    random = np.random.default_rng(1)
    found = [find_rise(random.standard_t(2, 40)) != 0 for _ in range(1000)]
    assert 0 < np.mean(found) <= 0.02
