"""What becomes of a measured run when the calibration after it fails or is interrupted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trtcore.api.options.values import Options
from trtcore.api.requests import run_options
from trtcore.errors import BuildError, TrtcoreError
from trtcore.measure.engine_runs import plans
from trtcore.measure.event_cost import calibrate
from trtcore.result.records.counts import Counts
from trtcore.result.records.profile import EventCost
from trtcore.result.records.samples import Samples
from trtcore.system.records import Environment

COST = EventCost(0.003, 0.0029, 0.0031, 0.0, 0.0, 12)


def made_up_run(interrupted: bool = False) -> Any:
    """What `run_engines` gives for a gated engine of two layers, as far as it is looked at."""
    samples = Samples(
        layer_ms=np.full((20, 2), 0.01, np.float32),
        wall_ms=np.full(20, 0.02, np.float32),
        gated_ms=np.full(20, 0.014, np.float32),
    )
    run = SimpleNamespace(
        samples=samples, counts=Counts(20, 5, 20, interrupted), layer_names=("a", "b")
    )
    return SimpleNamespace(run=run, information=SimpleNamespace(layers=()))


def run_plans(monkeypatch: pytest.MonkeyPatch, outcome: Any, **options: Any) -> plans.PlanRun:
    def event_cost(*_: Any, **__: Any) -> EventCost:
        if isinstance(outcome, EventCost):
            return outcome
        raise outcome

    monkeypatch.setattr(
        "trtcore.measure.engine_runs.engines.run_engines", lambda *_: (made_up_run(),)
    )
    monkeypatch.setattr(calibrate, "event_cost", event_cost)
    asked = run_options(Options(**options))
    return plans.run_plans(None, {"measuring": b""}, "net", asked, None)[0]  # type: ignore[arg-type]


def test_the_cost_comes_with_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run_plans(monkeypatch, COST)
    assert (ran.event_cost, ran.problem) == (COST, "")


def test_a_calibration_that_fails_leaves_the_run_and_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran = run_plans(monkeypatch, BuildError("no memory for the chain"))
    assert (ran.event_cost, ran.problem) == (None, "no memory for the chain")


def test_ctrl_c_after_the_run_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run_plans(monkeypatch, KeyboardInterrupt())
    assert (ran.event_cost, ran.problem) == (None, "interrupted")


def test_ctrl_c_before_the_run_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_plans(monkeypatch, KeyboardInterrupt(), timing="cupti")


def test_nothing_is_calibrated_that_was_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run_plans(monkeypatch, KeyboardInterrupt(), calibrate=False)
    assert (ran.event_cost, ran.problem) == (None, "")


@pytest.mark.parametrize("interrupted", [False, True])
def test_points_of_an_interrupted_calibration_are_no_points(
    monkeypatch: pytest.MonkeyPatch, interrupted: bool
) -> None:
    monkeypatch.setattr(calibrate, "chain_plan", lambda *_, **__: b"")
    monkeypatch.setattr(
        calibrate,
        "run_engines",
        lambda _, plans, __: tuple(made_up_run(interrupted) for _ in plans),
    )
    if interrupted:
        with pytest.raises(KeyboardInterrupt):
            calibrate.measure_points(None)  # type: ignore[arg-type]
    else:
        points = calibrate.measure_points(None)  # type: ignore[arg-type]
        assert len(points) == 5
        assert points[0] == (2, pytest.approx(0.006))


@pytest.fixture
def calibrating(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[float]:
    """A machine with a GPU whose calibrations give these slopes, one after the other."""
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(tmp_path))
    here = Environment("now", "0", "3", "Linux", "cpu", "a GPU", "580", "9.0", "RTX 1.6.1")
    monkeypatch.setattr(calibrate, "capture_environment", lambda _: here)
    monkeypatch.setattr(calibrate, "_measured_here", set())
    slopes: list[float] = []

    def measure_points(*_: Any, **__: Any) -> list[tuple[int, float]]:
        slope = slopes.pop(0)
        if not slope:
            raise BuildError("no memory for the chain")
        return [(n, slope * n) for n in (16, 40, 64, 96, 128)]

    monkeypatch.setattr(calibrate, "measure_points", measure_points)
    return slopes


def cost_in_a_new_process(monkeypatch: pytest.MonkeyPatch, **options: Any) -> EventCost | None:
    monkeypatch.setattr(calibrate, "_measured_here", set())
    return calibrate.event_cost(SimpleNamespace(label="RTX"), **options)  # type: ignore[arg-type]


def test_later_processes_add_their_points_until_there_are_enough(
    monkeypatch: pytest.MonkeyPatch, calibrating: list[float]
) -> None:
    calibrating += [0.0028, 0.0030, 0.0029]
    costs = [cost_in_a_new_process(monkeypatch) for _ in range(4)]
    assert [cost and cost.runs for cost in costs] == [1, 2, 3, 3]
    assert calibrating == []
    widths = [cost.high_ms - cost.low_ms for cost in costs if cost]
    assert widths[0] > widths[1] > widths[2] == widths[3]
    assert costs[3] is not None
    assert costs[3].cost_ms == pytest.approx(0.0029)


def test_a_process_measures_once(monkeypatch: pytest.MonkeyPatch, calibrating: list[float]) -> None:
    calibrating += [0.0028]
    first = cost_in_a_new_process(monkeypatch)
    again = calibrate.event_cost(SimpleNamespace(label="RTX"))  # type: ignore[arg-type]
    assert first == again
    assert again is not None
    assert again.runs == 1


def test_without_a_cache_each_call_measures(
    monkeypatch: pytest.MonkeyPatch, calibrating: list[float]
) -> None:
    calibrating += [0.0028, 0.0030]
    costs = [cost_in_a_new_process(monkeypatch, use_cache=False) for _ in range(2)]
    assert [cost and cost.runs for cost in costs] == [1, 1]
    assert [cost and round(cost.cost_ms, 6) for cost in costs] == [0.0028, 0.003]


@pytest.mark.parametrize("bad", [0.0, -0.001])
def test_a_calibration_that_fails_leaves_those_before_it(
    monkeypatch: pytest.MonkeyPatch, calibrating: list[float], bad: float
) -> None:
    calibrating += [bad, 0.0028, bad, 0.0030]
    with pytest.raises(TrtcoreError):
        cost_in_a_new_process(monkeypatch)
    costs = [cost_in_a_new_process(monkeypatch) for _ in range(3)]
    assert [cost and cost.runs for cost in costs] == [1, 1, 2]
