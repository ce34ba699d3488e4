"""A plan in fresh processes: who measures what, and what is put together of it."""

from __future__ import annotations

import pickle
from dataclasses import replace
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trtcore.api.options.values import Options
from trtcore.api.repeats import run_plan_repeated
from trtcore.api.requests import run_options
from trtcore.errors import BackendError, RunError
from trtcore.measure.engine_runs.plans import PlanRun
from trtcore.measure.engine_runs.records import EngineRun
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.processes import engines
from trtcore.result.analysis.failures import failure_error
from trtcore.result.phases import Phase
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.records.counts import Counts
from trtcore.result.records.energy import Energy, EnergySource
from trtcore.result.records.failure import RunFailure
from trtcore.result.records.profile import EventCost
from trtcore.result.records.samples import Samples
from trtcore.system.records import Clocks

COST = EventCost(0.003, 0.0029, 0.0031, 0.0, 0.0, 12)
ENERGY = Energy(EnergySource.COUNTER, 600.0, 2.0, 4000)
TOTALS = (0.644, 0.638, 0.641)


def plan_run(total_ms: float, cost: EventCost | None, energy: Energy | None) -> PlanRun:
    times = np.full(20, total_ms, np.float32)
    samples = Samples(np.full((20, 2), total_ms / 2, np.float32), times, gated_ms=times)
    run = Run(("a", "b"), samples, Counts(20, 5, 20), ())
    information = EngineInformation((), (), "")
    ran = EngineRun(run, (), information, 0, "DETAILED", {}, in_python=False, energy=energy)
    return PlanRun(ran, Clocks(), cost)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What each process is asked to do; they answer with `TOTALS`."""
    seen: list[dict[str, Any]] = []

    def call(
        function: Any, calls: list[dict[str, Any]], progress: Any, on_failure: Any
    ) -> tuple[PlanRun, ...]:
        assert function is engines.run_plan_here
        seen.extend(calls)
        return tuple(
            plan_run(
                total,
                COST if one["options"].calibrate else None,
                ENERGY if one["options"].energy else None,
            )
            for total, one in zip(TOTALS, calls, strict=False)
        )

    monkeypatch.setattr(engines, "call_in_fresh_processes", call)
    return seen


def repeated(processes: int) -> Any:
    options = Options(processes=processes, energy=True, plugins=("libmine.so",))
    bindings: Any = SimpleNamespace(name="tensorrt_rtx")
    run = run_options(options)
    ran, repeats = run_plan_repeated(bindings, b"plan", "net", options, run, None)
    assert [phase.phase for phase in run.watch.times] == [Phase.PROCESSES]
    return ran, repeats.processes


def test_what_is_measured_once_is_measured_in_the_first(calls: list[dict[str, Any]]) -> None:
    ran, processes = repeated(3)
    assert [(c["options"].calibrate, c["options"].energy) for c in calls] == [
        (True, True),
        (False, False),
        (False, False),
    ]
    assert {(c["backend"], c["plan"], c["plugins"]) for c in calls} == {
        ("tensorrt_rtx", b"plan", ("libmine.so",))
    }
    # The third is in the middle, and has the cost and the energy of the first.
    assert processes.shown == 2
    assert (ran.event_cost, ran.engine_run.energy) == (COST, ENERGY)
    assert ran.engine_run.run.samples.wall_ms[0] == np.float32(TOTALS[2])
    assert processes.of("gated_ms") == pytest.approx(TOTALS)
    assert not ran.engine_run.run.counts.interrupted


def test_fewer_than_requested_were_interrupted(calls: list[dict[str, Any]]) -> None:
    ran, processes = repeated(5)
    assert (len(calls), processes.count) == (5, 3)
    assert ran.engine_run.run.counts.interrupted


GONE = RunFailure(Phase.GATED, "cuStreamSynchronize failed: gone", 25, 700)


def failing(error: RunError, *values: PlanRun) -> Any:
    """Processes of which the one after these fails."""

    def call(*_: Any) -> Any:
        _[-1](error)
        return values

    return call


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (RunError("no memory"), RunFailure(Phase.PROCESSES, "no memory")),
        (failure_error(GONE), GONE),
    ],
)
def test_a_process_that_fails_leaves_those_before_it(
    monkeypatch: pytest.MonkeyPatch, error: RunError, failure: RunFailure
) -> None:
    whole = [plan_run(total, COST, ENERGY) for total in TOTALS]
    if failure is GONE:
        cut = replace(whole[0].engine_run, run=whole[0].engine_run.run.cut(GONE))
        error.result = replace(whole[0], engine_run=cut)
    monkeypatch.setattr(engines, "call_in_fresh_processes", failing(error, *whole[:2]))
    ran, processes = repeated(4)
    assert processes.count == 2
    assert ran.engine_run.run.counts.failure == failure
    assert ran.engine_run.run.counts.interrupted
    assert ran.engine_run.run.counts.measured == 20


def test_the_process_of_a_run_that_failed_hands_over_what_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran = plan_run(TOTALS[0], None, None)
    ran = replace(ran, engine_run=replace(ran.engine_run, run=ran.engine_run.run.cut(GONE)))
    monkeypatch.setattr(engines, "load_bindings", lambda _: None)
    monkeypatch.setattr(engines, "load_plugins", lambda *_: None)
    monkeypatch.setattr(engines, "run_plan", lambda *_: ran)
    with pytest.raises(RunError, match="the run failed in iteration 25 of the gated") as raised:
        engines.run_plan_here("tensorrt_rtx", (), b"plan", "net", run_options(Options()))
    assert raised.value.result is ran
    # As it comes through the pipe to the calling process.
    handed: RunError = pickle.loads(pickle.dumps(raised.value))
    assert isinstance(handed.result, PlanRun)
    assert handed.result.engine_run.run.counts.failure == GONE


@pytest.mark.skipif(find_spec("tensorrt") is not None, reason="about machines without TensorRT")
def test_a_process_without_that_tensorrt_says_so() -> None:
    with pytest.raises(BackendError, match="TensorRT"):
        engines.run_plan_here("tensorrt", (), b"plan", "net", run_options(Options()))
