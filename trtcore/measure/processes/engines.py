"""A plan, run in several fresh processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.engine.tensorrt.plugins import load_plugins
from trtcore.measure.engine_runs.engines import RunOptions
from trtcore.measure.engine_runs.plans import PlanRun, run_plan
from trtcore.measure.processes.fresh import call_in_fresh_processes
from trtcore.result.phases import Stopwatch
from trtcore.system.progress import Progress


def run_plan_here(
    backend: str, plugins: Sequence[str | Path], plan: bytes, source: str, options: RunOptions
) -> PlanRun:
    """Runs a plan in this process, with the TensorRT of that name."""
    bindings = load_bindings(backend)
    load_plugins(bindings, plugins)
    return run_plan(bindings, plan, source, options, None)


def run_plan_in_processes(
    bindings: Bindings,
    plan: bytes,
    source: str,
    options: RunOptions,
    plugins: Sequence[str | Path],
    count: int,
    progress: Progress | None = None,
) -> tuple[PlanRun, ...]:
    """Runs a plan in so many fresh processes; what is measured once is measured in the first.

    Args:
        bindings: the TensorRT that built the plan.
        plan: the serialized engine.
        source: its name in error messages.
        options: how to run it.
        plugins: libraries that it needs.
        count: how many processes.
        progress: called before each with the phase, processes done and processes in all.

    Returns:
        A run for each, with the event cost of the first; fewer after Ctrl-C.

    Raises:
        TrtcoreError: what `trtcore.measure.engine_runs.plans.run_plan` raises.
        RunError: a process ended without a result.
        KeyboardInterrupt: Ctrl-C before there was anything to keep.
    """
    first = replace(options, watch=Stopwatch(), log=None)
    later = replace(first, calibrate=False, energy=False)
    calls = [
        {
            "backend": bindings.name,
            "plugins": tuple(plugins),
            "plan": plan,
            "source": source,
            "options": first if i == 0 else later,
        }
        for i in range(count)
    ]
    runs: tuple[PlanRun, ...] = call_in_fresh_processes(run_plan_here, calls, progress)
    return tuple(
        replace(
            run,
            event_cost=runs[0].event_cost,
            problem=runs[0].problem,
            engine_run=replace(run.engine_run, energy=runs[0].engine_run.energy),
        )
        for run in runs
    )
