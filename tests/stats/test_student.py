"""Student's t distribution at few degrees of freedom."""

from __future__ import annotations

import pytest

from trtcore.stats.student import reach


@pytest.mark.parametrize(
    ("chance", "freedom", "t"),
    [
        (0.05, 1, 12.7062),
        (0.05, 2, 4.3027),
        (0.01, 3, 5.8409),
        (0.05, 4, 2.7764),
        (0.05, 5, 2.5706),
        (0.001, 10, 4.5869),
        (0.05, 29, 2.0452),
        (0.05, 120, 1.9799),
    ],
)
def test_it_is_what_tables_print(chance: float, freedom: int, t: float) -> None:
    """Source: Abramowitz and Stegun, table 26.10, and the NIST handbook's."""
    assert reach(chance, freedom) == pytest.approx(t, abs=2e-4)


def test_a_rare_chance_of_few_runs_reaches_far() -> None:
    # (1 + x / sqrt(2 + x^2)) / 2 is the distribution for 2 degrees of freedom, in closed form.
    t = reach(1e-4, 2)
    assert 1 - t / (2 + t * t) ** 0.5 == pytest.approx(1e-4, rel=1e-6)


def test_many_degrees_of_freedom_are_counted_as_400() -> None:
    assert reach(0.05, 10**9) == reach(0.05, 400) == pytest.approx(1.9659, abs=1e-3)
