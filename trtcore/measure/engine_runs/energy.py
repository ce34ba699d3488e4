"""The energy of an engine that was measured: a loop of its own after all timed passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from trtcore.measure.energy.loop import EnergyLoop
from trtcore.measure.energy.meter import EnergyMeter
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.loops.failure import LoopFailure
from trtcore.measure.loops.native import Loops
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.energy import EnergyGap
from trtcore.system.progress import Progress


def with_energy(
    loops: Loops,
    run: Run,
    meter: EnergyMeter,
    watch: Stopwatch,
    progress: Progress | None = None,
    log_tail: Callable[[], str] = str,
) -> Run:
    """Returns the run with the energy of an un-profiled loop; cut if something ended that early.

    Args:
        loops: of the engine.
        run: what was measured of it.
        meter: reads the energy.
        watch: counts the time of the loop.
        progress: called with the phase, steps done and steps in all.
        log_tail: returns TensorRT's last log line, for a failure.
    """
    failed: list[LoopFailure] = []
    if run.counts.interrupted or not run.samples.wall_ms.size:
        return run

    def iterate(count: int) -> tuple[int, bool]:
        times = loops.warm_up(count)  # un-profiled, and without events
        if times.failure is not None:
            failed.append(times.failure)
        return times.wall_ms.size, times.is_cut

    typical_ms = float(np.median(run.samples.wall_ms))
    with watch.phase(Phase.ENERGY):
        energy = EnergyLoop(iterate, typical_ms, meter, progress=progress).measure()
    known = replace(run, energy=energy)
    if energy.gap is not EnergyGap.INTERRUPTED:
        return known
    return known.cut(failed[0].record(Phase.ENERGY, log_tail()) if failed else None)
