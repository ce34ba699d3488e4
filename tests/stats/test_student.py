"""Student's t distribution against printed tables, and the intervals made of it."""

from __future__ import annotations

from math import inf, isnan

import numpy as np
import pytest

from trtcore.stats.student import mean_interval, pooled_error, t_quantile, two_sided

# Two-sided; Abramowitz and Stegun, table 26.10.
TABLE = (
    (0.05, 1, 12.706),
    (0.05, 2, 4.303),
    (0.05, 5, 2.571),
    (0.05, 8, 2.306),
    (0.01, 3, 5.841),
    (0.01, 8, 3.355),
    (0.001, 8, 5.041),
    (0.05, 30, 2.042),
)


@pytest.mark.parametrize(("chance", "freedom", "expected"), TABLE)
def test_quantiles_are_those_of_the_table(chance: float, freedom: int, expected: float) -> None:
    assert t_quantile(chance, freedom) == pytest.approx(expected, abs=6e-4)


def test_a_quantile_is_where_the_distribution_says() -> None:
    for freedom in range(1, 12):
        for chance in (0.3, 0.05, 1e-4, 1e-6):
            found = two_sided(t_quantile(chance, freedom), freedom)
            assert found == pytest.approx(1 - chance, abs=1e-12)


def test_nothing_is_known_without_freedom() -> None:
    assert t_quantile(0.05, 0) == inf
    assert all(map(isnan, mean_interval(np.array([1.0]))))
    assert all(map(isnan, mean_interval(np.array([1.0, np.nan, 2.0]))))


def test_the_interval_of_a_mean() -> None:
    # Of 1, 2, 3: mean 2, standard deviation 1, t of two degrees 4.3027.
    low, high = mean_interval(np.array([1.0, 2.0, 3.0]))
    assert (low, high) == pytest.approx((2 - 4.30265 / 3**0.5, 2 + 4.30265 / 3**0.5), rel=1e-5)


def test_the_pooled_error_of_two_sides() -> None:
    base, new = np.array([[1.0], [3.0]]), np.array([[2.0], [4.0], [6.0]])
    # Squares 2 and 8, three degrees of freedom, 1/2 + 1/3.
    assert pooled_error(base, new) == pytest.approx([(10 / 3 * 5 / 6) ** 0.5])
