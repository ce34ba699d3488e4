"""Runs of slow engines, and of engines that give trouble before or between the passes."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest

from trtcore.errors import RunError
from trtcore.measure import _core
from trtcore.measure.engine_runs.rounds import RunLength, Subject, measure
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.length.stopping import Convergence, StopDecision, StopRule
from trtcore.measure.length.warming import Warming
from trtcore.measure.length.warmup import WarmUp, WarmUpRule
from trtcore.measure.loops.native import NativeLoops
from trtcore.measure.loops.times import Times
from trtcore.report.content.facts.run_ends import stop_text, warm_up_text
from trtcore.system.clocks import ClockMonitor

# How long things take does not depend on the layout of vtables; `test_run.py` has both of them.
pytestmark = pytest.mark.parametrize("rig", [11], indirect=True, ids=["layout11"])


class Engine:
    """A scripted engine, with a timer without events as on a GPU."""

    def __init__(self, rig: Any, busy_us: int, loops: type[NativeLoops] = NativeLoops) -> None:
        self.plain, self.profiled = type(rig)(rig.layout), rig
        for context in (self.plain.context, rig.context):
            context.busy_us = busy_us
        self.loops = loops(self.plain.view, rig.view, _core.HostTimer(), bare=_core.HostTimer())

    @property
    def runs(self) -> int:
        """How often its contexts ran."""
        return int(self.plain.context.runs + self.profiled.context.runs)

    def measure(self, length: RunLength) -> Run:
        """Measures it alone."""
        with ClockMonitor() as monitor:
            return measure([Subject(self.loops, monitor)], length, lambda: "nothing was logged")[0]


@pytest.mark.parametrize("busy_us", [20, 5_000, 40_000])
@pytest.mark.usefixtures("short_warm_up")
def test_every_iteration_of_a_warm_up_is_counted(rig: Any, busy_us: int) -> None:
    engine = Engine(rig, busy_us)
    counts = engine.measure(RunLength(2)).counts
    # The un-profiled context runs without events and with them, and then the profiled one.
    assert engine.runs == counts.warmed_up + 3 * 2


@pytest.mark.usefixtures("short_warm_up")
def test_a_slow_engine_warms_up_no_longer_than_it_may(rig: Any) -> None:
    engine = Engine(rig, busy_us=100_000)
    engine.measure(RunLength(1))
    # One to know how slow it is, then two at a time: to learn the layers, twice until the time is
    # up, and to look at the layers again; and the three that are measured.
    assert engine.runs <= 1 + 2 + 2 * 2 + 2 + 3


@pytest.mark.parametrize("busy_us", [20, 50_000])
@pytest.mark.usefixtures("short_warm_up")
def test_a_time_limit_comes_before_the_least_iterations(rig: Any, busy_us: int) -> None:
    engine = Engine(rig, busy_us)
    counts = engine.measure(RunLength(1_000_000, StopRule(at_most_s=0.4), stream=True)).counts
    # An iteration takes its time at least, so that a slow machine can only lower this count: what
    # fits the limit and the warm-up, and the round that was begun within them.
    assert engine.runs <= 1.2 * (0.4 + 0.3) * 1e6 / busy_us + 10
    stopped = re.search(r"stable after ([\d.]+) s", stop_text(counts.stopped))
    assert stopped is not None
    assert float(stopped[1]) >= 0.4
    assert counts.measured > 0
    assert not counts.interrupted


@pytest.mark.usefixtures("brief_warm_up")
def test_a_time_limit_holds_what_it_takes_to_judge_too(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide, judged = Convergence.decision, []

    def judge_slowly(self: Convergence, elapsed_s: float) -> StopDecision:
        judged.append(elapsed_s)
        time.sleep(0.05)
        return decide(self, elapsed_s)

    monkeypatch.setattr(Convergence, "decision", judge_slowly)
    Engine(rig, busy_us=5).measure(RunLength(100, StopRule(target=1e-7, at_most_s=0.5)))
    assert len(judged) <= 0.5 / 0.05 + 1


@pytest.mark.usefixtures("brief_warm_up")
def test_ctrl_c_between_turns_runs_no_further_pass(rig: Any) -> None:
    engines = [Engine(type(rig)(rig.layout), busy_us=20) for _ in "ab"]
    with ClockMonitor() as monitor:
        subjects = [Subject(engine.loops, monitor) for engine in engines]
        refresh = Warming.refresh

        def press(warming: Warming) -> Times:
            context = engines[0].plain.context
            if warming.loops is engines[0].loops:
                context.interrupt_at = context.runs
            times = refresh(warming)
            runs.append(engines[0].runs)
            return times

        runs: list[int] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Warming, "refresh", press)
            measured = measure(subjects, RunLength(50), lambda: "nothing was logged")
    assert all(ran.counts.interrupted for ran in measured)
    assert [engines[0].runs] == runs


def test_layers_that_change_in_an_unsteady_warm_up_are_named(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = WarmUpRule(least_ms=5, least_iterations=4, at_most_ms=3)
    monkeypatch.setattr("trtcore.measure.length.warming.WarmUp", lambda _: WarmUp(rule))
    engine = Engine(rig, busy_us=20)
    rig.context.change_layers(at=rig.context.runs + 20, layers=[("gelu1", 1.0)])
    ran = engine.measure(RunLength(10))
    assert ran.layer_names == ("gelu1",)
    assert warm_up_text(ran.counts.warm_up).endswith("iterations required after the layers changed")
    assert engine.runs == ran.counts.warmed_up + 3 * 10


@pytest.mark.usefixtures("brief_warm_up")
def test_ctrl_c_between_passes_keeps_what_was_measured(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed = []
    decide = Convergence.decision

    def press(self: Convergence, elapsed_s: float) -> StopDecision:
        pressed.append(elapsed_s)
        if len(pressed) == 3:
            raise KeyboardInterrupt
        return decide(self, elapsed_s)

    monkeypatch.setattr(Convergence, "decision", press)
    ran = Engine(rig, busy_us=20).measure(RunLength(100, StopRule(target=0.001, at_most_s=9)))
    assert ran.counts.interrupted
    assert ran.counts.measured == len(ran.samples.wall_ms) == 120


class Mute(NativeLoops):
    """Loops whose first profiled passes end before the first iteration does."""

    passes = 2

    def time_layers(self, recorder: _core.LayerRecorder, iterations: int, report: Any) -> Times:
        if self.passes:
            self.passes -= 1
            none = np.empty(0, np.float32)
            return Times(none, none, none)
        return super().time_layers(recorder, iterations, report)


@pytest.mark.usefixtures("brief_warm_up")
@pytest.mark.parametrize("stream", [False, True])
def test_layers_are_learnt_before_anything_is_kept(rig: Any, stream: bool) -> None:
    ran = Engine(rig, 20, Mute).measure(RunLength(50, stream=stream))
    assert len(ran.layer_names) == ran.samples.layer_ms.shape[1] > 0
    assert len(ran.samples.layer_ms) == ran.counts.measured == 50


def test_without_layers_there_is_nothing_to_measure(rig: Any) -> None:
    engine = Engine(rig, 20, Mute)
    engine.loops.passes = 1000
    with pytest.raises(RunError, match="TensorRT reported no layer to the profiler"):
        engine.measure(RunLength(50))
