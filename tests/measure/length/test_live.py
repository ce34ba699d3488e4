"""The running median that is shown while measuring."""

from __future__ import annotations

from math import isnan

import numpy as np

from trtcore.measure.length.live import LiveMedian
from trtcore.system.progress import RoundReport, is_live


class Shown:
    """A progress callback that keeps the rounds it is told."""

    def __init__(self) -> None:
        self.rounds: list[RoundReport] = []

    def __call__(self, phase: str, done: int, total: int, /) -> None:
        raise AssertionError((phase, done, total))

    def round_done(self, report: RoundReport) -> None:
        self.rounds.append(report)


def test_each_round_counts_once_and_six_make_an_interval() -> None:
    shown, live = Shown(), LiveMedian()
    for round_ms in (1.0, 5.0, 2.0, 3.0, 4.0, 2.5):
        live.show(shown, np.float32([round_ms, round_ms, 100.0]), 1980)
    assert [report.rounds for report in shown.rounds] == [1, 2, 3, 4, 5, 6]
    assert [report.median_ms for report in shown.rounds] == [1.0, 3.0, 2.0, 2.5, 3.0, 2.75]
    assert all(isnan(report.low_ms) for report in shown.rounds[:5])
    assert (shown.rounds[5].low_ms, shown.rounds[5].high_ms) == (1.0, 5.0)
    assert shown.rounds[5].sm_mhz == 1980


def test_rounds_without_times() -> None:
    live = LiveMedian()
    live.add(np.empty(0, np.float32))
    report = live.report()
    assert (report.rounds, isnan(report.median_ms), report.sm_mhz) == (1, True, 0)


def test_a_plain_callback_shows_no_rounds() -> None:
    assert not is_live(None)
    assert not is_live(lambda phase, done, total: None)
    assert is_live(Shown())
