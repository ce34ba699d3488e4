"""Student's t distribution at few degrees of freedom, exact.

`trtcore.stats.intervals.student_t` expands around the normal distribution, and is off by far where
the spread of three to five runs is all there is.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin, sqrt, tan

# Each step halves the angle: after 60 no float64 lies in between.
_STEPS = 60
# Beyond, the series is long, and the distribution is the normal one to 1 %.
_MOST_FREEDOM = 400


@lru_cache(maxsize=256)
def reach(chance: float, freedom: int) -> float:
    """Returns how far from 0, on either side, chance alone goes no more often than ``chance``.

    Source: Abramowitz and Stegun 26.7.3 and 26.7.4, inverted by halving.

    Args:
        chance: between 0 and 1, such as 0.05 for a 95 % interval.
        freedom: degrees of freedom, 1 or more; counted as 400 at most.
    """
    freedom = min(freedom, _MOST_FREEDOM)
    low, high = 0.0, pi / 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        is_within = 1.0 - _inside(middle, freedom) > chance
        low, high = (middle, high) if is_within else (low, middle)
    return tan(low) * sqrt(freedom)


def _inside(angle: float, freedom: int) -> float:
    """The probability of |t| up to ``sqrt(freedom) * tan(angle)``."""
    square = cos(angle) ** 2
    is_odd = freedom % 2
    term = total = cos(angle) if is_odd else 1.0
    for k in range(1 + is_odd, freedom - 2, 2):
        term *= square * k / (k + 1)
        total += term
    if not is_odd:
        return sin(angle) * total
    return 2 / pi * (angle + (sin(angle) * total if freedom > 1 else 0.0))
