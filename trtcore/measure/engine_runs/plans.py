"""Runs plans while the clocks are monitored, and measures the event cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trtcore.errors import TrtcoreError
from trtcore.result.phases import Phase
from trtcore.result.records.profile import EventCost
from trtcore.system.progress import Progress
from trtcore.system.records import Clocks

if TYPE_CHECKING:
    from trtcore.engine.tensorrt.bindings import Bindings
    from trtcore.measure.engine_runs.records import EngineRun, RunOptions


@dataclass(frozen=True)
class PlanRun:
    """A plan's run, the clocks meanwhile, and the event cost of this machine.

    Attributes:
        engine_run: the run.
        clocks: what the sensors reported.
        event_cost: None if it was not measured.
        problem: why it could not be measured, in one line.
    """

    engine_run: EngineRun
    clocks: Clocks
    event_cost: EventCost | None
    problem: str = ""


def run_plan(
    bindings: Bindings, plan: bytes, source: str, options: RunOptions, progress: Progress | None
) -> PlanRun:
    """Runs a plan while the clocks are monitored, and measures the event cost."""
    return run_plans(bindings, {"measuring": plan}, source, options, progress)[0]


def run_plans(
    bindings: Bindings,
    plans: Mapping[str, bytes],
    source: str,
    options: RunOptions,
    progress: Progress | None,
) -> tuple[PlanRun, ...]:
    """Runs plans interleaved while the clocks are monitored, and measures the event cost.

    Args:
        bindings: the TensorRT that built them.
        plans: by the phase shown to the user while each is measured.
        source: their name in error messages.
        options: how to run them.
        progress: called with the phase, steps done and steps in all.
    """
    from trtcore.measure.engine_runs.engines import run_engines
    from trtcore.measure.engine_runs.records import PlanToRun
    from trtcore.system.clocks import ClockMonitor

    # CUPTI stays active in the process once used: the event cost is measured before, without it.
    early = options.kernels and options.calibrate
    cost, problem = _event_cost(bindings, options, progress) if early else (None, "")
    with ExitStack() as watching:
        waiting = [
            PlanToRun(content, source, watching.enter_context(ClockMonitor()), label)
            for label, content in plans.items()
        ]
        runs = run_engines(bindings, waiting, options, progress)
    if not options.calibrate or not _can_be_corrected(runs):
        cost, problem = None, ""
    elif not early:
        cost, problem = _late_event_cost(bindings, options, progress)
    return tuple(
        PlanRun(run, plan.monitor.clocks(), cost, problem)
        for run, plan in zip(runs, waiting, strict=True)
    )


def _event_cost(
    bindings: Bindings, options: RunOptions, progress: Progress | None
) -> tuple[EventCost | None, str]:
    """The event cost, or why it cannot be measured: a failure must not lose the profile."""
    from trtcore.measure.event_cost.calibrate import event_cost

    try:
        with options.watch.phase(Phase.CALIBRATION):
            return event_cost(bindings, progress, use_cache=options.use_cache), ""
    except TrtcoreError as error:
        return None, str(error)


def _late_event_cost(
    bindings: Bindings, options: RunOptions, progress: Progress | None
) -> tuple[EventCost | None, str]:
    """The event cost, measured after the run: Ctrl-C here must not lose the run."""
    try:
        return _event_cost(bindings, options, progress)
    except KeyboardInterrupt:
        return None, "interrupted"


def _can_be_corrected(runs: Sequence[EngineRun]) -> bool:
    # The cost is a difference of gated times, so it corrects nothing else.
    is_gated = any(run.run.samples.gated_ms.size for run in runs)
    return is_gated and not any(run.run.counts.interrupted for run in runs)
