"""Many groups against earlier runs: their spreads are pooled, as a handful of runs tell little.

A run has a part that all its groups share, such as its clock, and each group a part of its own.
Five runs know the spread of one group with four degrees of freedom, by which one of 200 would have
to change by 16 times its spread. What is usual among all groups of that length adds as many again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import NamedTuple

import numpy as np

from trtcore.compare.significance.noise import ALARMS, CLOCK_STEPS
from trtcore.history.judged import Judged, Verdict
from trtcore.history.noise import added_variance
from trtcore.history.records import Time
from trtcore.stats.arrays import Floats
from trtcore.stats.student import t_quantile
from trtcore.stats.variances import shrunk

FEWEST_GROUPS = 10
"""Fewer say little of what is usual, and the group that changed is a large part of them."""
_MOST_FREEDOM = 8
"""As many are borrowed at most as the runs have themselves, and no more than so many in all: times
have longer tails than a normal distribution; more degrees of freedom would take those for change.
"""
_EXACT = 1e-12
"""Variance of a logarithm: one in a million of a time, which no clock resolves."""


class _Noise(NamedTuple):
    """Standard errors of the logarithms of (G,) changes, with their degrees of freedom.

    Attributes:
        own: of a group's change beside the whole run's.
        own_freedom: the same for all.
        whole: of its change in all.
        whole_freedom: (G,).
    """

    own: Floats
    own_freedom: int
    whole: Floats
    whole_freedom: Floats


def judge_groups(
    names: Sequence[str],
    new: Sequence[Time],
    bases: Sequence[Sequence[Time]],
    step_ms: float,
    alarms: float,
    margin: float,
) -> list[Judged]:
    """Compares G groups with those of K earlier runs.

    A group has changed if it did by itself, or by more than it and beyond the rest of the network.

    Args:
        names: of the groups.
        new: (G,) of the run.
        bases: (K, G) of the earlier runs; all times are above 0.
        step_ms: resolution of the clock; two steps are noise.
        alarms: how often chance alone may make any group faster or slower.
        margin: how large a change "same" has to exclude.
    """
    logs = np.log([[time.ms for time in run] for run in bases])
    means = logs.mean(axis=0)
    away = np.log([time.ms for time in new]) - means
    added = np.array([added_variance(t, [run[i] for run in bases]) for i, t in enumerate(new)])
    noise = _noise(logs, added)
    # The median: a group that changed, or a few, do not move it.
    beside = away - np.median(away)
    # As far as both agree: in a slow run a group that stayed as it was has not become faster.
    alone = np.where(beside * away > 0, np.minimum(abs(beside), abs(away)), 0.0)
    half = _limits(ALARMS, noise.whole_freedom) * noise.whole
    share = alarms / 2 / len(names)
    changed = (abs(away) > _limits(share, noise.whole_freedom) * noise.whole) | (
        alone > t_quantile(share, noise.own_freedom) * noise.own
    )
    return [
        _judged(name, time, exp(means[i]), half[i], bool(changed[i]), step_ms, margin)
        for i, (name, time) in enumerate(zip(names, new, strict=True))
    ]


def _noise(logs: Floats, added: Floats) -> _Noise:
    """The noise of one more run of (K, G) logarithms of times, with what it adds by itself."""
    runs = len(logs)
    freedom = runs - 1
    means = logs.mean(axis=0)
    shared = np.median(logs - means, axis=1)
    apart = logs - means - shared[:, None]
    own = apart.var(axis=0, ddof=1)
    usual, known = _usual(own, freedom, np.exp(means))
    # Not less than its own: among many groups some are truly less steady than is usual.
    steady = np.maximum((known * usual + freedom * own) / (known + freedom), own)
    steady = np.maximum(steady, _EXACT)
    together = float(shared.var(ddof=1))
    wider = 1 + 1 / runs
    total = freedom + known
    # Welch and Satterthwaite, for a sum of two variances that are known that well.
    mixed = (steady + together) ** 2 / (steady**2 / total + together**2 / freedom)
    return _Noise(
        np.sqrt(steady * wider + added),
        int(total),
        np.sqrt((steady + together) * wider + added),
        np.floor(mixed),
    )


def _usual(own: Floats, freedom: int, times: Floats) -> tuple[Floats, float]:
    """Variances that are usual for groups of these times, and how much they count for."""
    spread = own > _EXACT  # medians of short groups may all be of one step of the clock
    if spread.sum() < FEWEST_GROUPS:
        return own, 0.0
    usual, known = shrunk(own[spread], freedom, times[spread])
    place = np.argsort(times[spread])
    everywhere = np.exp(np.interp(times, times[spread][place], np.log(usual[place])))
    return everywhere, min(known, float(freedom), max(_MOST_FREEDOM - freedom, 0))


def _limits(alarms: float, freedom: Floats) -> Floats:
    return np.array([t_quantile(alarms, int(one)) for one in freedom])


def _judged(
    name: str,
    new: Time,
    base_ms: float,
    half: float,
    is_changed: bool,
    step_ms: float,
    margin: float,
) -> Judged:
    away = log(new.ms / base_ms)
    interval = (exp(away - half), exp(away + half))
    # What the interval does not exclude is not called a change.
    if is_changed and abs(away) > half and abs(new.ms - base_ms) > CLOCK_STEPS * step_ms:
        verdict = Verdict.SLOWER if away > 0 else Verdict.FASTER
    else:
        verdict = Verdict.SAME if abs(away) + half <= log(1 + margin) else Verdict.UNDECIDED
    return Judged(name, base_ms, new.ms, interval, verdict)
