"""The energy of an engine that was measured: loops of its own after all timed passes.

The un-profiled loop tells what an inference costs the way it was timed, with the board's idle power
while the GPU waits for the host. A CUDA graph hardly waits: where the host is the slower one, that
energy repeats and the other follows the host.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from trtcore.measure.energy.loop import EnergyLoop
from trtcore.measure.energy.meter import EnergyMeter
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.loops.failure import LoopFailure
from trtcore.measure.loops.native import Loops
from trtcore.measure.loops.times import Times, ignore
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.energy import EnergyGap
from trtcore.stats.arrays import FloatArray
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

    def loop(pass_: Callable[[int], Times | None], typical_ms: FloatArray) -> EnergyLoop:
        def iterate(count: int) -> tuple[int, bool]:
            times = pass_(count)
            if times is None:  # no graph, after all
                return 0, True
            if times.failure is not None:
                failed.append(times.failure)
            return times.wall_ms.size, times.is_cut

        return EnergyLoop(iterate, float(np.median(typical_ms)), meter, progress=progress)

    with watch.phase(Phase.ENERGY):
        # Un-profiled, and without events.
        last = energy = loop(loops.warm_up, run.samples.wall_ms).measure()
        if energy.is_known and run.samples.graph_ms.size:
            launch = loop(lambda count: loops.time_graph(count, ignore), run.samples.graph_ms)
            last = launch.repeated()
            energy = energy.with_graph(last)
    known = replace(run, energy=energy)
    if last.gap is not EnergyGap.INTERRUPTED:
        return known
    return known.cut(failed[0].record(Phase.ENERGY, log_tail()) if failed else None)
