"""Whether a run is faster or slower than earlier ones, by how much those differ from each other."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from math import exp, inf, log, nan, sqrt

import numpy as np

from trtcore.compare.significance.noise import ALARMS, CLOCK_STEPS
from trtcore.history.groups import FEWEST_GROUPS, judge_groups
from trtcore.history.judged import Judged, Verdict
from trtcore.history.noise import added_variance
from trtcore.history.records import Run, Time
from trtcore.history.store import group_name
from trtcore.stats.student import t_quantile

FEWEST_RUNS = 3
"""Of two runs the spread has one degree of freedom: a change would have to be 13 times as large."""
SAME_WITHIN = 0.05
"""Larger changes are excluded where a time counts as the same; it is what a limit for CI asks."""
# The total and all groups together share the alarms.
_PART = ALARMS / 2
_LARGEST_POWER = log(sys.float_info.max)


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
    rows = _groups(sets, after, before, step_ms, margin)
    return [total, *rows]


def _groups(
    sets: Sequence[tuple[str, ...]],
    after: Sequence[Time],
    before: Sequence[Sequence[Time]],
    step_ms: float,
    margin: float,
) -> list[Judged]:
    """Judges groups together where there are enough that all runs have, else each by itself."""
    known = [i for i in range(len(sets)) if all(run[i].ms > 0 for run in (after, *before))]
    if len(known) < FEWEST_GROUPS or len(before) < FEWEST_RUNS:
        known = []
    pooled = (
        judge_groups(
            [group_name(sets[i]) for i in known],
            [after[i] for i in known],
            [[run[i] for i in known] for run in before],
            step_ms,
            _PART,
            margin,
        )
        if known
        else []
    )
    found = dict(zip(known, pooled, strict=True))
    each = _PART / max(len(sets), 1)
    return [
        found[i]
        if i in found
        else judge_time(
            group_name(nodes), after[i], [run[i] for run in before], step_ms, each, margin
        )
        for i, nodes in enumerate(sets)
    ]


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
    """Standard error of the logarithm of new over base."""
    between = float(np.var([log(time.ms) for time in bases], ddof=1))
    return sqrt(between * (1 + 1 / len(bases)) + added_variance(new, bases))


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
        Time(
            sum(t.ms for t in inside),
            sum(t.error_ms for t in inside),
            nan,
            inside[0].processes,
        )
        if inside
        else Time(nan, nan, nan)
        for inside in parts
    ]
