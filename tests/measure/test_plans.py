"""What becomes of a measured run when the calibration after it fails or is interrupted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trtcore.api.options import Options
from trtcore.api.requests import run_options
from trtcore.errors import BuildError
from trtcore.measure import plans
from trtcore.measure.event_cost import calibrate
from trtcore.result.records import Counts, EventCost
from trtcore.result.samples import Samples

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

    monkeypatch.setattr("trtcore.measure.engines.run_engines", lambda *_: (made_up_run(),))
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
    monkeypatch.setattr(calibrate, "build_plan", lambda *_: SimpleNamespace(content=b""))
    monkeypatch.setattr(calibrate, "convolution_chain", lambda count: count)
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
        assert len(points) == 12
        assert points[0] == (2, pytest.approx(0.006))
