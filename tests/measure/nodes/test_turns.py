"""Passes in rounds: order, counts, time limits and Ctrl-C, with passes that only keep a record."""

from __future__ import annotations

from itertools import groupby

import pytest

from trtcore.measure.nodes.turns import MOST_ITERATIONS, WARM_UP, NodeRunLength, Pass, interleave


class Recorded:
    """Two passes that note every run, and put a clock forward by what each takes."""

    def __init__(self, seconds=0.0):
        self.runs = []
        self.now = 0.0
        self.passes = [Pass(name, lambda name=name: self.run(name, seconds)) for name in "ab"]

    def run(self, name, seconds):
        self.now += seconds
        self.runs.append(name)
        return len(self.runs)


def test_warm_up_comes_first_and_is_not_kept():
    recorded = Recorded()
    (a, b), interrupted = interleave(recorded.passes, NodeRunLength(2))
    assert recorded.runs == ["a"] * WARM_UP + ["b"] * WARM_UP + ["a", "b", "a", "b"]
    assert (a, b, interrupted) == ([5, 7], [6, 8], False)


@pytest.mark.parametrize(
    ("iterations", "blocks"), [(1, [1]), (25, [3] * 8 + [1]), (100, [10] * 10), (7, [1] * 7)]
)
def test_rounds_are_a_tenth_and_the_last_is_what_is_left(iterations, blocks):
    recorded = Recorded()
    interleave(recorded.passes, NodeRunLength(iterations))
    runs = recorded.runs[2 * WARM_UP :]
    found = [(name, len(list(group))) for name, group in groupby(runs)]
    assert found == [(name, size) for size in blocks for name in "ab"]


def test_time_counts_for_both_passes_together(monkeypatch):
    recorded = Recorded(seconds=1 / 256)
    monkeypatch.setattr("trtcore.measure.nodes.turns.perf_counter", lambda: recorded.now)
    (a, b), interrupted = interleave(recorded.passes, NodeRunLength(None, 0.5, fewest=3))
    assert (len(a), interrupted) == (len(b), False)
    assert 2 * (WARM_UP + len(a)) == 256 * recorded.now
    assert 0.5 - 3 / 256 < recorded.now <= 0.5, "not even one iteration of both more"


def test_fewest_and_most():
    fewest, _ = interleave(Recorded().passes, NodeRunLength(None, 0.0, fewest=12))
    assert [len(results) for results in fewest] == [12, 12]
    most, _ = interleave(Recorded().passes, NodeRunLength(None, 60.0))
    assert [len(results) for results in most] == [MOST_ITERATIONS, MOST_ITERATIONS]


def test_ctrl_c_before_anything_was_measured_goes_on_up():
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interleave([Pass("a", stop)], NodeRunLength(5))


def test_ctrl_c_keeps_what_there_is():
    def stop(phase, done, total):
        if (phase, done) == ("b", 3):
            raise KeyboardInterrupt

    (a, b), interrupted = interleave(Recorded().passes, NodeRunLength(100, progress=stop))
    assert (len(a), len(b), interrupted) == (10, 3, True)
