"""Variances drawn together: the functions behind it, and what it makes of known distributions."""

from __future__ import annotations

from math import inf, log, pi

import numpy as np
import pytest

from trtcore.stats.variances import digamma, shrunk, trigamma

EULER = 0.5772156649015329


def test_values_that_are_known_in_closed_form() -> None:
    assert digamma(1) == pytest.approx(-EULER, abs=1e-12)
    assert digamma(0.5) == pytest.approx(-EULER - 2 * log(2), abs=1e-12)
    assert digamma(30) - digamma(29) == pytest.approx(1 / 29, abs=1e-12)
    assert trigamma(1) == pytest.approx(pi**2 / 6, abs=1e-12)
    assert trigamma(0.5) == pytest.approx(pi**2 / 2, abs=1e-12)


def test_what_the_variances_were_drawn_from_is_found() -> None:
    random = np.random.default_rng(2)
    prior, freedom, groups = 12, 4, 4000
    sizes = np.exp(random.normal(0, 1, groups))
    # Shorter series scatter more, as a power of their size.
    scale = 3e-4 / sizes
    true = scale * prior / random.chisquare(prior, groups)
    seen = true * random.chisquare(freedom, groups) / freedom
    usual, known = shrunk(seen, freedom, sizes)
    assert np.log(usual / scale) == pytest.approx(0, abs=0.1)
    assert known == pytest.approx(prior, rel=0.25)


def test_one_variance_for_all_is_known_as_well_as_can_be() -> None:
    # Closer together than chance would have them.
    usual, known = shrunk(np.full(50, 2e-4), 4, np.linspace(1, 9, 50))
    assert known == inf
    assert np.ptp(usual) == pytest.approx(0, abs=1e-12)
