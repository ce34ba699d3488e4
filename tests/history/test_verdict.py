"""How often chance is taken for change between runs, and change for chance."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest
from recorded_runs import dealt, recorded_run

from trtcore.history.records import Time
from trtcore.history.summary import read_run
from trtcore.history.verdict import Verdict, common_sets, judge_run, judge_time


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


@pytest.mark.parametrize("trials", [25, pytest.param(100, marks=pytest.mark.slow)])
def test_equal_runs_are_the_same_and_five_percent_are_found(trials, tmp_path) -> None:
    """Each trial deals the recorded stretches out to six runs: five before, one after."""
    same = found = 0
    for seed in range(trials):
        files = [recorded_run(tmp_path, i + 1, p) for i, p in enumerate(dealt(seed, 6))]
        *bases, new = (read_run(file) for file in files)
        same += judge_run(new, bases)[0].verdict is Verdict.SAME
        slow = replace(new, total=Time(new.total.ms * 1.05, new.total.error_ms, nan))
        found += judge_run(slow, bases)[0].verdict is Verdict.SLOWER
    assert same >= 0.95 * trials
    assert found >= 0.95 * trials
