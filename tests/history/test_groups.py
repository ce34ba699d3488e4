"""How often a single group of many is found, and chance taken for change, in simulated runs."""

from __future__ import annotations

from collections.abc import Callable
from math import nan, sqrt
from typing import Any

import numpy as np
import pytest
from paths import DATA
from recorded_runs import STRETCH, STRETCHES, dealt

from trtcore.history.groups import judge_groups
from trtcore.history.judged import Judged, Verdict
from trtcore.history.noise import added_variance
from trtcore.history.records import Time
from trtcore.history.verdict import judge_time

RUNS, GROUPS = 5, 20
ALARMS = 0.025
"""Those of all groups together, half of those of a check."""
CHANGED = (Verdict.FASTER, Verdict.SLOWER)
Made = Callable[[Any], Any]


def judge(logs, step_ms: float = 0.0) -> list[Judged]:
    """Judges the last of (K + 1, G) runs."""
    *bases, new = [[Time(float(ms), nan, nan) for ms in np.exp(run)] for run in logs]
    names = [str(i) for i in range(len(new))]
    return judge_groups(names, new, bases, step_ms, ALARMS, 0.05)


def simulated(
    spread: float = 0.005, uneven: float = 0.0, shared: float = 0.004, kinds: float = 0.0, tail=None
) -> Made:
    """Runs of groups that differ by 0.5 %, all of them together by 0.4 %, as five on an H200.

    Args:
        spread: of a group between runs, as a part of its time.
        uneven: how much that differs from group to group: deviation of its logarithm.
        shared: by how much all groups of a run differ together.
        kinds: by how much each of three kinds of groups do, such as those bound by memory.
        tail: degrees of freedom of a t distribution in the place of a normal one.
    """

    def make(random):
        shape = (RUNS + 1, GROUPS)
        noise = random.normal(size=shape)
        if tail is not None:
            noise = random.standard_t(tail, shape) / sqrt(tail / (tail - 2))
        noise *= spread * np.exp(random.normal(0, uneven, GROUPS))
        kind = random.integers(0, 3, GROUPS)
        noise += random.normal(0, shared, (RUNS + 1, 1))
        noise += random.normal(0, kinds, (RUNS + 1, 3))[:, kind]
        return random.normal(0, 1.2, GROUPS) + noise

    return make


@pytest.mark.parametrize(
    ("made", "least"),
    [
        (simulated(), 0.9),
        (simulated(uneven=0.7), 0.6),
        (simulated(shared=0.02), 0.25),
        (simulated(kinds=0.01), 0.25),
        (simulated(tail=8), 0.8),
        (simulated(uneven=0.5, kinds=0.004, tail=8), 0.6),
    ],
    ids=["even", "uneven", "clocks differ", "kinds differ", "long tails", "all of that"],
)
def test_few_false_alarms_and_five_percent_in_one_group_is_found(made: Made, least: float) -> None:
    trials, alarms, found, by_itself = 200, 0, 0, 0
    for seed in range(trials):
        logs, group = made(np.random.default_rng(seed)), seed % GROUPS
        alarms += any(row.verdict in CHANGED for row in judge(logs))
        logs[-1, group] += np.log(1.05)
        found += judge(logs)[group].verdict is Verdict.SLOWER
        *bases, new = (Time(float(np.exp(run[group])), nan, nan) for run in logs)
        alone = judge_time("", new, bases, 0.0, ALARMS / GROUPS)
        by_itself += alone.verdict is Verdict.SLOWER
    assert alarms <= 0.05 * trials
    assert found >= least * trials
    # Each group by its own four degrees of freedom, as before: that is what pooling is for.
    assert found >= by_itself + 0.15 * trials


def test_five_percent_in_a_recorded_layer_is_found() -> None:
    """Stretches of a recording are dealt out to six runs; conv1 then takes 5 % longer."""
    with np.load(DATA / "samples_convnet_cpu.npz") as file:
        times = file["us"].reshape(STRETCHES, STRETCH, -1) / 1000
    trials, alarms, found = 100, 0, 0
    for seed in range(trials):
        runs = [np.median(times[part].reshape(-1, GROUPS), axis=0) for part in dealt(seed, 6)]
        logs = np.log(runs)
        # The recording is in whole microseconds.
        alarms += any(row.verdict in CHANGED for row in judge(logs, step_ms=1e-3))
        logs[-1, 2] += np.log(1.05)
        found += judge(logs, step_ms=1e-3)[2].verdict is Verdict.SLOWER
    assert alarms <= 0.05 * trials
    assert found >= 0.6 * trials


def test_a_slower_run_has_no_faster_groups_and_its_groups_are_not_called_slower() -> None:
    logs = simulated()(np.random.default_rng(3))
    logs[-1] += np.log(1.06)
    logs[-1, 4] -= np.log(1.06)  # the one that stayed as it was
    rows = judge(logs)
    assert rows[4].verdict not in CHANGED
    assert Verdict.FASTER not in {row.verdict for row in rows}


def test_the_interval_excludes_no_change_where_a_group_has_changed() -> None:
    logs = simulated()(np.random.default_rng(4))
    logs[-1, 7] += np.log(1.08)
    row = judge(logs)[7]
    assert (row.verdict, row.name) == (Verdict.SLOWER, "7")
    assert 1 < row.interval[0] < row.ratio < row.interval[1]
    assert judge(logs, step_ms=10.0)[7].verdict is not Verdict.SLOWER


def test_a_run_of_fewer_processes_is_less_certain() -> None:
    of_five = [Time(1.0, 0.01, nan, 5) for _ in range(4)]
    # Of one process: the variance of five is five times less, and four fifths of it are missing.
    assert added_variance(Time(1.0, nan, nan), of_five) == pytest.approx(5e-4 * 0.8)
    assert added_variance(Time(1.0, 0.01, nan, 5), of_five) == 0
    assert added_variance(Time(1.0, 0.01, nan, 5), [Time(1.0, nan, nan)] * 4) == 0
    alone, usual = Time(1.0, 0.03, nan), [Time(1.0, 0.01, nan)] * 4
    assert added_variance(alone, usual) == pytest.approx(9e-4)
    assert added_variance(Time(1.0, 0.015, nan), usual) == 0
