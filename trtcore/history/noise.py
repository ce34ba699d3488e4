"""What a run's own uncertainty adds to the spread between the runs before it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from trtcore.history.records import Time

_LESS_CERTAIN = 2.0
"""A run whose error is more than so many times the largest of those before it is another kind of
run: of 16 independent batches each, chance makes it twice another's in 1 of 100 cases (F-test)."""


def added_variance(new: Time, bases: Sequence[Time]) -> float:
    """Returns the variance of the logarithm of a time beyond that of the earlier ones.

    The spread between runs holds that of their iterations and processes too. A run of fewer
    processes than those before it has more of it; so has one that is less certain than they are,
    such as one of few iterations.
    """
    within, *usual = [0.0 if isnan(t.error_ms) else (t.error_ms / t.ms) ** 2 for t in (new, *bases)]
    repeated = [
        variance * time.processes
        for time, variance in zip((new, *bases), (within, *usual), strict=True)
        if time.processes > 1
    ]
    if repeated:
        of_one = sum(repeated) / len(repeated)
        fewer = 1 / new.processes - sum(1 / time.processes for time in bases) / len(bases)
        return of_one * max(fewer, 0.0)
    return within if within > _LESS_CERTAIN**2 * max(usual) else 0.0
