"""The energy of an engine that was measured: a loop of its own after all timed passes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trtcore.measure.energy.loop import EnergyLoop
from trtcore.measure.energy.meter import EnergyMeter
from trtcore.measure.engine_runs.rounds import Run
from trtcore.measure.loops.native import Loops
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.energy import EnergyGap
from trtcore.system.progress import Progress


def with_energy(
    loops: Loops, run: Run, meter: EnergyMeter, watch: Stopwatch, progress: Progress | None = None
) -> Run:
    """Returns the run with the energy of an un-profiled loop; interrupted if Ctrl-C ended it."""
    if run.counts.interrupted or not run.samples.wall_ms.size:
        return run

    def iterate(count: int) -> tuple[int, bool]:
        times = loops.warm_up(count)  # un-profiled, and without events
        return times.wall_ms.size, times.interrupted

    typical_ms = float(np.median(run.samples.wall_ms))
    with watch.phase(Phase.ENERGY):
        energy = EnergyLoop(iterate, typical_ms, meter, progress=progress).measure()
    known = replace(run, energy=energy)
    return known.cut() if energy.gap is EnergyGap.INTERRUPTED else known
