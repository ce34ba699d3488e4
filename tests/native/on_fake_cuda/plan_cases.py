"""A run with the calibration beside it, on scripted engines with a gate: failures and Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from trtcore.api.options.values import Options
from trtcore.api.requests import run_options
from trtcore.errors import BuildError
from trtcore.measure.engine_runs import engines as engine_run
from trtcore.measure.engine_runs import plans
from trtcore.measure.event_cost import calibrate
from trtcore.measure.loops.native import NativeLoops
from trtcore.result.readers.inspector.inspector import EngineInformation

pytestmark = pytest.mark.usefixtures("brief_warm_up")

STREAM = 1
LAYER_MS = 0.003
"""What each scripted layer takes for the profiler; un-profiled, an engine takes next to nothing."""
BINDINGS: Any = SimpleNamespace(
    label="TensorRT", log=SimpleNamespace(last_error=lambda: "nothing was logged")
)


class Engines:
    """Engines that are as many layers as their plan says, made ready as a run does."""

    def __init__(self, rig_of: Any) -> None:
        self.rig_of = rig_of
        self.loops: dict[int, NativeLoops] = {}
        self.contexts: dict[int, Any] = {}
        self.built: list[int] = []

    def build(self, bindings: Any, count: int, *, use_cache: bool) -> bytes:
        self.built.append(count)
        return str(count).encode()

    @contextmanager
    def ready(self, bindings: Any, plan: Any, *_: Any) -> Iterator[engine_run._Ready]:
        count = int(plan.content)
        layers = [(f"conv{i}", LAYER_MS) for i in range(count)]
        plain, profiled = (self.rig_of(10, layers) for _ in range(2))
        engine: Any = SimpleNamespace(
            information=lambda _: EngineInformation((), (), ""),
            auxiliary_streams=0,
            verbosity=lambda: "",
            shape_ranges=(),
            has_open_shapes=False,
            memory=None,
            hardware_compatibility="",
        )
        contexts: Any = SimpleNamespace(specialization="")
        loops = engine_run._native_loops(plain.view, profiled.view, STREAM, STREAM, ())
        assert loops.gated is not None
        self.loops[count], self.contexts[count] = loops, plain.context
        yield engine_run._Ready(engine, contexts, plain.context, (), (), loops)


@pytest.fixture
def engines(rig_of: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engines]:
    made = Engines(rig_of)
    monkeypatch.setattr(engine_run, "_ready", made.ready)
    monkeypatch.setattr(calibrate, "chain_plan", made.build)
    monkeypatch.setattr(calibrate, "_measured_here", set())
    monkeypatch.setattr(calibrate, "_ITERATIONS", 60)  # ten rounds of six show the same
    yield made
    made.loops.clear()  # with their gates, before the driver is asked what is left


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
