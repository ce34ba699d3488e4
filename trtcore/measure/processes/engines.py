"""A plan, run in several fresh processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.engine.tensorrt.plugins import load_plugins
from trtcore.errors import RunError
from trtcore.measure.engine_runs.plans import PlanRun, run_plan
from trtcore.measure.engine_runs.records import RunOptions
from trtcore.measure.processes.fresh import call_in_fresh_processes
from trtcore.result.analysis.failures import failure_error
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.failure import RunFailure
from trtcore.system.progress import Progress


def run_plan_here(
    backend: str, plugins: Sequence[str | Path], plan: bytes, source: str, options: RunOptions
) -> PlanRun:
    """Runs a plan in this process, with the TensorRT of that name.

    Raises:
        RunError: as `run_plan`; of a run that failed its ``result`` is what was measured.
    """
    bindings = load_bindings(backend)
    load_plugins(bindings, plugins)
    ran = run_plan(bindings, plan, source, options, None)
    if (failure := ran.engine_run.run.counts.failure) is not None:
        error = failure_error(failure)
        error.result = ran
        raise error
    return ran


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
        A run for each, with the event cost of the first; fewer after Ctrl-C, and after a process
        that failed: all are then marked with its failure.

    Raises:
        TrtcoreError: what `trtcore.measure.engine_runs.plans.run_plan` raises, where there is
            nothing to keep.
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
    errors: list[RunError] = []
    runs: tuple[PlanRun, ...] = call_in_fresh_processes(
        run_plan_here, calls, progress, errors.append
    )
    runs = tuple(
        replace(
            run,
            event_cost=runs[0].event_cost,
            problem=runs[0].problem,
            engine_run=replace(run.engine_run, energy=runs[0].engine_run.energy),
        )
        for run in runs
    )
    return tuple(_marked(run, errors[0]) for run in runs) if errors else runs


def _marked(run: PlanRun, error: RunError) -> PlanRun:
    """The run, ended by what another process, or its own, failed of."""
    left = error.result
    failure = left.engine_run.run.counts.failure if isinstance(left, PlanRun) else None
    # Of a process that had measured nothing there are its words alone.
    failure = failure or RunFailure(Phase.PROCESSES, str(error))
    return replace(run, engine_run=replace(run.engine_run, run=run.engine_run.run.cut(failure)))
