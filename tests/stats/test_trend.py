"""Slopes and rises of small series worked out by hand, and how seldom chance looks like a rise."""

from __future__ import annotations

import numpy as np
import pytest

from trtcore.stats.series import find_rise, pair_slopes


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
