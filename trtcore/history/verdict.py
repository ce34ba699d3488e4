"""Whether a run is faster or slower than earlier ones, by how much those differ from each other."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import exp, inf, isnan, log, nan, sqrt

import numpy as np

from trtcore.compare.significance.noise import ALARMS, CLOCK_STEPS
from trtcore.history.records import Run, Time
from trtcore.history.store import group_name
from trtcore.stats.intervals import Interval
from trtcore.stats.student import t_quantile

FEWEST_RUNS = 3
"""Of two runs the spread has one degree of freedom: a change would have to be 13 times as large."""
SAME_WITHIN = 0.05
"""Larger changes are excluded where a time counts as the same; it is what a limit for CI asks."""
_LESS_CERTAIN = 2.0
"""A run whose error is more than so many times the largest of those before it is another kind of
run: of 16 independent batches each, chance makes it twice another's in 1 of 100 cases (F-test)."""
# The total and all groups together share the alarms.
_PART = ALARMS / 2
_LARGEST_POWER = log(sys.float_info.max)


class Verdict(Enum):
    """What a run is, against earlier ones."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    UNDECIDED = "undecided"
    """The difference may be chance, and so may hide a change larger than the margin."""


@dataclass(frozen=True)
class Judged:
    """A time against the same in earlier runs.

    Attributes:
        name: of the group; ``total``.
        base_ms: geometric mean of the earlier runs' medians; NaN without any.
        new_ms: median of the run; NaN where it has none.
        interval: 95 % interval of the ratio of new to base; NaN where it cannot be judged.
        verdict: what follows.
    """

    name: str
    base_ms: float
    new_ms: float
    interval: Interval
    verdict: Verdict

    @property
    def ratio(self) -> float:
        """New over base."""
        return self.new_ms / self.base_ms


def judge_run(new: Run, bases: Sequence[Run], *, margin: float = SAME_WITHIN) -> list[Judged]:
    """Judges the total and every group of a run.

    Groups that were fused differently are added up to the smallest sets that all runs have.

    Args:
        new: with the times of its groups.
        bases: earlier runs, likewise.
        margin: how large a change "same" has to exclude, as a part of the time.

    Returns:
        The total, then the groups in the order of execution.
    """
    step_ms = max(run.clock_step_ms for run in (new, *bases))
    total = judge_time("total", new.total, [b.total for b in bases], step_ms, _PART, margin)
    sets = common_sets([run.groups for run in (new, *bases)])
    after, *before = [_summed(run.groups, sets) for run in (new, *bases)]
    rows = [
        judge_time(
            group_name(nodes),
            after[i],
            [times[i] for times in before],
            step_ms,
            _PART / len(sets),
            margin,
        )
        for i, nodes in enumerate(sets)
    ]
    return [total, *rows]


def judge_time(
    name: str,
    new: Time,
    bases: Sequence[Time],
    step_ms: float,
    alarms: float,
    margin: float = SAME_WITHIN,
) -> Judged:
    """Compares one time with those of earlier runs: a t-test of one run against K.

    The variance is that between the earlier runs: it holds what differs from process to process,
    which the iterations of one do not show.

    Args:
        name: of the time.
        new: of the run.
        bases: of the K earlier runs.
        step_ms: resolution of the clock; two steps are noise.
        alarms: how often chance alone may make it faster or slower.
        margin: see `judge_run`.
    """
    known = [time for time in bases if time.ms > 0]
    base_ms = exp(np.mean([log(time.ms) for time in known])) if known else nan
    if len(known) < max(FEWEST_RUNS, len(bases)) or not new.ms > 0:
        return Judged(name, base_ms, new.ms, (nan, nan), Verdict.UNDECIDED)
    error, away = _error(new, known), log(new.ms / base_ms)
    freedom = len(known) - 1
    half = t_quantile(ALARMS, freedom) * error
    is_chance = abs(away) <= max(half, t_quantile(alarms, freedom) * error)
    if is_chance or abs(new.ms - base_ms) <= CLOCK_STEPS * step_ms:
        is_excluded = abs(away) + half <= log(1 + margin)
        verdict = Verdict.SAME if is_excluded else Verdict.UNDECIDED
    else:
        verdict = Verdict.SLOWER if away > 0 else Verdict.FASTER
    return Judged(name, base_ms, new.ms, (exp(away - half), _exp(away + half)), verdict)


def _exp(power: float) -> float:
    """Infinite where a float holds it no more: an error as large as that tells nothing."""
    return exp(power) if power < _LARGEST_POWER else inf


def _error(new: Time, bases: Sequence[Time]) -> float:
    """Standard error of the logarithm of new over base.

    The spread between runs holds that of their iterations too. That of a run which is less certain
    than those before it, such as one of few iterations, is added.
    """
    within, *usual = [0.0 if isnan(t.error_ms) else (t.error_ms / t.ms) ** 2 for t in (new, *bases)]
    between = float(np.var([log(time.ms) for time in bases], ddof=1))
    own = within if within > _LESS_CERTAIN**2 * max(usual) else 0.0
    return sqrt(between * (1 + 1 / len(bases)) + own)


def common_sets(runs: Iterable[Mapping[tuple[str, ...], Time]]) -> list[tuple[str, ...]]:
    """Returns the smallest sets of nodes that are whole groups in every run.

    They are in the order of the first run.
    """
    leader: dict[str, str] = {}

    def root(node: str) -> str:
        while leader.setdefault(node, node) != node:
            leader[node] = node = leader[leader[node]]
        return node

    for groups in runs:
        for nodes in groups:
            for node in nodes[1:]:
                leader[root(node)] = root(nodes[0])
            root(nodes[0])
    sets: dict[str, list[str]] = {}
    for node in list(leader):
        sets.setdefault(root(node), []).append(node)
    return [tuple(nodes) for nodes in sets.values()]


def _summed(groups: Mapping[tuple[str, ...], Time], sets: Sequence[tuple[str, ...]]) -> list[Time]:
    """The times of all groups inside each set of nodes.

    Errors are added as if they had the same sign: groups of one run vary together.
    """
    set_of = {node: i for i, nodes in enumerate(sets) for node in nodes}
    parts: list[list[Time]] = [[] for _ in sets]
    for nodes, time in groups.items():
        parts[set_of[nodes[0]]].append(time)
    return [
        Time(sum(t.ms for t in inside), sum(t.error_ms for t in inside), nan)
        if inside
        else Time(nan, nan, nan)
        for inside in parts
    ]
