"""How often chance is taken for change between runs, and change for chance."""

from __future__ import annotations

from math import nan
from pathlib import Path

import numpy as np
import pytest
from paths import DATA
from recorded_runs import STRETCH, STRETCHES, dealt, recorded_run

from trtcore.compare.significance.noise import ALARMS
from trtcore.history.judged import Verdict
from trtcore.history.records import Time
from trtcore.history.summary import read_run
from trtcore.history.verdict import common_sets, judge_run, judge_time


def times(*ms: float) -> list[Time]:
    return [Time(one, nan, nan) for one in ms]


def verdict(new: float, *bases: float, step_ms: float = 0.0) -> Verdict:
    return judge_time("total", Time(new, nan, nan), times(*bases), step_ms, 0.05).verdict


def test_it_is_what_the_spread_between_runs_allows() -> None:
    assert verdict(1.00, 1.00, 1.01, 0.99) is Verdict.UNDECIDED  # 5 % is not excluded by three
    assert verdict(1.00, 1.000, 1.001, 0.999) is Verdict.SAME
    assert verdict(1.05, 1.000, 1.001, 0.999) is Verdict.SLOWER
    assert verdict(0.95, 1.000, 1.001, 0.999) is Verdict.FASTER
    assert verdict(1.05, 1.00, 1.06, 0.97, 1.02) is Verdict.UNDECIDED


def test_two_runs_have_no_spread_to_speak_of() -> None:
    assert verdict(2.0, 1.0, 1.0) is Verdict.UNDECIDED


def test_a_time_that_one_run_lacks_is_undecided() -> None:
    assert verdict(1.0, 1.0, 1.0, nan, 1.0) is Verdict.UNDECIDED
    assert verdict(nan, 1.0, 1.0, 1.0) is Verdict.UNDECIDED
    assert verdict(0.0, 1.0, 1.0, 1.0) is Verdict.UNDECIDED


def test_steps_of_the_clock_are_no_change() -> None:
    assert verdict(0.011, 0.010, 0.010, 0.010, step_ms=0.001) is Verdict.UNDECIDED
    assert verdict(0.013, 0.010, 0.010, 0.010, step_ms=0.001) is Verdict.SLOWER


def test_a_run_that_is_less_certain_than_the_others_decides_less() -> None:
    bases = [Time(ms, 0.0005, nan) for ms in (1.0, 1.001, 0.999)]
    sure, unsure = Time(1.05, 0.0005, nan), Time(1.05, 0.04, nan)
    assert judge_time("total", sure, bases, 0.0, 0.05).verdict is Verdict.SLOWER
    assert judge_time("total", unsure, bases, 0.0, 0.05).verdict is Verdict.UNDECIDED


def test_other_fusions_are_added_up_to_what_all_have() -> None:
    a, b, c = ("a",), ("b",), ("c",)
    one, two, three = times(1.0, 2.0, 3.0)
    assert common_sets([{a: one, b: two, c: three}, {(*a, *b): three, c: three}]) == [
        ("a", "b"),
        ("c",),
    ]


TRIALS = 600


def test_equal_totals_are_the_same_and_five_percent_are_found() -> None:
    """Each trial deals the recorded stretches out to six runs: five before, one after."""
    with np.load(DATA / "samples_convnet_cpu.npz") as file:
        stretches = file["wall"].astype(np.float64).reshape(STRETCHES, STRETCH)
    same = found = 0
    for seed in range(TRIALS):
        *bases, new = times(*(float(np.median(stretches[part])) for part in dealt(seed, 6)))
        slow = Time(new.ms * 1.05, nan, nan)
        # Half the alarms are the total's, as in `judge_run`.
        same += judge_time("total", new, bases, 0.0, ALARMS / 2).verdict is Verdict.SAME
        found += judge_time("total", slow, bases, 0.0, ALARMS / 2).verdict is Verdict.SLOWER
    assert same >= 0.95 * TRIALS
    assert found >= 0.95 * TRIALS


@pytest.mark.slow
def test_equal_saved_runs_are_the_same_and_a_slow_layer_is_found(tmp_path: Path) -> None:
    trials, same, alarms, found = 100, 0, 0, 0
    for seed in range(trials):
        parts = dealt(seed, 6)
        files = [recorded_run(tmp_path, i + 1, part) for i, part in enumerate(parts)]
        *bases, new = (read_run(file) for file in files)
        total, *groups = judge_run(new, bases)
        same += total.verdict is Verdict.SAME
        alarms += any(row.verdict in (Verdict.FASTER, Verdict.SLOWER) for row in groups)
        # conv1 holds a quarter of the time; its runs differ by 0.6 %.
        slow = read_run(recorded_run(tmp_path, 6, parts[5], slower=1.05, layer=2))
        rows = {row.name: row.verdict for row in judge_run(slow, bases)}
        found += rows["conv1"] is Verdict.SLOWER
    assert same >= 0.95 * trials
    assert alarms <= 0.08 * trials  # 2.5 % are allowed for; 8 of 100 then come once in 300 times
    assert found >= 0.5 * trials
