"""Several engines measured in turns, on scripted contexts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trtcore.measure import _core
from trtcore.measure.engine_runs.rounds import RunLength, Subject, measure
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.length.stopping import Convergence, StopDecision, StopRule
from trtcore.measure.length.warming import Warming
from trtcore.measure.loops.native import NativeLoops
from trtcore.measure.loops.times import Times
from trtcore.result.phases import Phase
from trtcore.result.records.failure import RunFailure
from trtcore.system.clocks import ClockMonitor

pytestmark = pytest.mark.usefixtures("brief_warm_up")

ROUND = 20
ENGINES = {"A": [("conv1", 0.5)], "B": [("conv1", 0.25), ("cast", 0.125)], "C": [("conv1", 0.75)]}


class Engine:
    """A scripted engine; an iteration takes at least 20 us."""

    def __init__(self, kind: Any, layout: int, layers: list[tuple[str, float]]) -> None:
        self.plain, self.profiled = kind(layout, layers), kind(layout, layers)
        for rig in (self.plain, self.profiled):
            rig.context.busy_us = 20
        self.loops = NativeLoops(self.plain.view, self.profiled.view, _core.HostTimer())


@pytest.fixture
def engines(rig: Any) -> dict[str, Engine]:
    return {name: Engine(type(rig), rig.layout, layers) for name, layers in ENGINES.items()}


def run(engines: dict[str, Engine], length: RunLength, **more: Any) -> dict[str, Run]:
    subjects = [Subject(engine.loops, ClockMonitor(), name) for name, engine in engines.items()]
    runs = measure(subjects, length, lambda: "nothing was logged", **more)
    return dict(zip(engines, runs, strict=True))


def test_each_keeps_its_own_layers_and_times(engines: dict[str, Engine]) -> None:
    runs = run(engines, RunLength(95))
    for name, layers in ENGINES.items():
        samples, counts = runs[name].samples, runs[name].counts
        assert runs[name].layer_names == tuple(layer for layer, _ in layers)
        assert np.array_equal(
            samples.layer_ms, np.tile(np.float32([t for _, t in layers]), (95, 1))
        )
        assert samples.wall_ms.shape == samples.profiled_wall_ms.shape == (95,)
        assert (counts.asked, counts.measured, counts.interrupted) == (95, 95, False)


def test_a_calibration_has_no_passes_that_it_does_not_need(engines: dict[str, Engine]) -> None:
    runs = run(engines, RunLength(50, only_layers=True))
    for name, layers in ENGINES.items():
        samples = runs[name].samples
        assert samples.layer_ms.shape == (50, len(layers))
        assert (samples.wall_ms.size, samples.graph_ms.size) == (0, 0)
        assert runs[name].counts.measured == 50


def test_rounds_alternate(engines: dict[str, Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[Any] = []
    time_layers = NativeLoops.time_layers

    def note(loops: NativeLoops, *arguments: Any) -> Any:
        order.append(loops)
        return time_layers(loops, *arguments)

    monkeypatch.setattr(NativeLoops, "time_layers", note)
    run(engines, RunLength(100))
    loops = [engine.loops for engine in engines.values()]
    ready = [engine for engine in loops for _ in ("settled", "unchanged when warm")]
    assert order == [*ready, *(10 * loops)], "one made ready after the other, then in turns"


def test_what_warms_up_is_counted_in_turns_too(engines: dict[str, Engine]) -> None:
    counts = run(engines, RunLength(100))["A"].counts
    plain, profiled = (rig.context.runs for rig in (engines["A"].plain, engines["A"].profiled))
    assert (counts.measured, plain + profiled) == (100, counts.warmed_up + 2 * 100)


def test_each_stops_at_its_own_decision(
    engines: dict[str, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    decide, looks = Convergence.decision, Counter[int]()

    def judge_by_count(self: Convergence, elapsed_s: float) -> StopDecision:
        """Enough after two looks for the engine that is judged first, four, and six."""
        looks[id(self)] += 1
        needed = 2 * (1 + list(looks).index(id(self)))
        return replace(decide(self, elapsed_s), is_over=looks[id(self)] == needed)

    monkeypatch.setattr(Convergence, "decision", judge_by_count)
    runs = run(engines, RunLength(100, StopRule()))
    assert list(looks.values()) == [2, 4, 6]
    # The first look is after the 100 asked for, every other after a tenth more.
    assert [ran.counts.measured for ran in runs.values()] == [110, 130, 150]


def test_ctrl_c_ends_all_and_marks_all(engines: dict[str, Engine]) -> None:
    def press(label: str, done: int, total: int) -> None:
        if label == "B" and done > 1200:
            raise KeyboardInterrupt

    runs = run(engines, RunLength(5000), progress=press)
    assert all(ran.counts.interrupted for ran in runs.values())
    measured = {name: ran.counts.measured for name, ran in runs.items()}
    assert measured["A"] > measured["B"] >= measured["C"] > 0


def test_ctrl_c_in_the_first_round_leaves_nothing_of_the_others(
    engines: dict[str, Engine],
) -> None:
    def press(label: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    engines["A"].plain.context.busy_us = engines["A"].profiled.context.busy_us = 1000
    runs = run(engines, RunLength(2000), progress=press)
    assert [ran.counts.measured for ran in runs.values()][1:] == [0, 0]
    assert runs["C"].samples.layer_ms.shape == (0, 1)


def fail_in(engine: Engine, rig: Any, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """TensorRT refuses an iteration of the method's fourth call of 20, its sixth one."""
    call, calls = getattr(NativeLoops, method), Counter[int]()

    def planted(loops: NativeLoops, *arguments: Any) -> Any:
        calls[id(loops)] += ROUND in arguments
        if loops is engine.loops and calls[id(loops)] == 4 and ROUND in arguments:
            rig.context.fail_at = rig.context.runs + 5
        return call(loops, *arguments)

    monkeypatch.setattr(NativeLoops, method, planted)


def test_an_error_in_one_engine_ends_all_and_marks_all(
    engines: dict[str, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_in(engines["B"], engines["B"].profiled, monkeypatch, "time_layers")
    runs = run(engines, RunLength(10 * ROUND))
    assert {name: ran.counts.measured for name, ran in runs.items()} == {"A": 80, "B": 65, "C": 60}
    expected = RunFailure(Phase.LAYERS, "enqueueV3 failed", 65, log="nothing was logged")
    assert [ran.counts.failure for ran in runs.values()] == [expected] * 3
    assert all(ran.counts.interrupted for ran in runs.values())


def test_an_error_while_caches_are_refreshed_costs_no_round(
    engines: dict[str, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh, seen = Warming.refresh, []

    def planted(warming: Warming) -> Times:
        seen.append(warming)
        if len(seen) == 3 * len(ENGINES) + 1:
            engines["A"].plain.context.fail_at = engines["A"].plain.context.runs + 1
        return refresh(warming)

    monkeypatch.setattr(Warming, "refresh", planted)
    runs = run(engines, RunLength(10 * ROUND))
    assert [ran.counts.measured for ran in runs.values()] == [60, 60, 60]
    # A warm-up has no iteration that a result could name.
    expected = RunFailure(Phase.WARM_UP, "enqueueV3 failed", None, log="nothing was logged")
    assert [ran.counts.failure for ran in runs.values()] == [expected] * 3
