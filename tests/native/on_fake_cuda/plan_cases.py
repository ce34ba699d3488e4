"""A run with the calibration beside it, on scripted engines with a gate: failures and Ctrl-C."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_engines import BINDINGS, LAYER_MS, Engines

from trtcore.api.options.values import Options
from trtcore.api.requests import run_options
from trtcore.errors import BuildError
from trtcore.measure.engine_runs import plans
from trtcore.measure.event_cost import calibrate
from trtcore.measure.loops.native import NativeLoops

pytestmark = pytest.mark.usefixtures("brief_warm_up")


@pytest.fixture
def ctrl_c_in_the_calibration(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Presses it while the third engine is gated."""
    time_gated = NativeLoops.time_gated

    def press(loops: Any, *arguments: Any) -> Any:
        if loops is engines.loops.get(64):
            context = engines.contexts[64]
            context.interrupt_at = context.runs + 3
        return time_gated(loops, *arguments)

    monkeypatch.setattr(NativeLoops, "time_gated", press)


def run(**options: Any) -> plans.PlanRun:
    asked = run_options(Options(iterations=20, use_cache=False, **options))
    (ran,) = plans.run_plans(BINDINGS, {"measuring": b"2"}, "net", asked, None)
    assert ran.engine_run.run.samples.layer_ms.shape == (20, 2)
    assert not ran.engine_run.run.counts.interrupted
    return ran


def test_the_cost_comes_with_the_run(engines: Engines) -> None:
    ran = run()
    assert engines.built == [16, 32, 48, 64, 80]
    assert ran.event_cost is not None
    # Spans on the host are within some microseconds, over 112 layers that lie between the engines.
    assert ran.event_cost.cost_ms == pytest.approx(LAYER_MS, rel=0.1)
    assert (ran.event_cost.points, ran.event_cost.runs, ran.problem) == (5, 1, "")


def test_a_calibration_that_fails_leaves_the_run_and_its_reason(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise BuildError("no memory for the chain")

    monkeypatch.setattr(calibrate, "chain_plan", fail)
    ran = run()
    assert (ran.event_cost, ran.problem) == (None, "no memory for the chain")


@pytest.mark.usefixtures("ctrl_c_in_the_calibration")
def test_ctrl_c_after_the_run_leaves_it() -> None:
    """And what the calibration has by then is no cost of anything."""
    ran = run()
    assert (ran.event_cost, ran.problem) == (None, "interrupted")


@pytest.mark.usefixtures("ctrl_c_in_the_calibration")
def test_ctrl_c_before_the_run_ends_it(engines: Engines) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(timing="cupti")
    assert 2 not in engines.loops


def test_nothing_is_calibrated_that_was_not_asked_for(engines: Engines) -> None:
    ran = run(calibrate=False)
    assert (ran.event_cost, ran.problem, engines.built) == (None, "", [])
