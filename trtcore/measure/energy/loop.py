"""The loop that energy is measured over: some seconds of un-profiled iterations, no break."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from trtcore.measure.energy.meter import EnergyMeter, Mark, energy_between, mean_power
from trtcore.result.records.energy import Energy, EnergyGap
from trtcore.system.progress import Progress

LOOP_S = 5.0
"""Of the loop. It begins and ends where the counter moves, known to 20 ms each: within 1 %."""
IDLE_S = 2.0
_SETTLE_S = 0.5
# Iterations between two looks at the counter, at the beginning and at the end only.
_EDGE_MS = 20.0
# The longest wait for the counter to move; without a counter it never does.
_EDGE_S = 1.0


@dataclass
class EnergyLoop:
    """A loop of iterations whose energy is measured.

    Attributes:
        run: runs so many iterations; returns how many it ran, and whether Ctrl-C ended it.
        iteration_ms: about how long one takes.
        meter: reads the counter.
        sleep: waits so many seconds.
        progress: called with the phase, steps done and steps in all.
    """

    run: Callable[[int], tuple[int, bool]]
    iteration_ms: float
    meter: EnergyMeter
    sleep: Callable[[float], None] = time.sleep
    progress: Progress | None = None
    done: int = 0
    is_interrupted: bool = False

    def measure(self) -> Energy:
        """Measures the idle board, then the loop; Ctrl-C leaves a record without an energy."""
        try:
            self.report("measuring idle power", 0)
            idle_w = self.idle_power()
            self.report("measuring energy", 1)
            return replace(self.loop(), idle_w=idle_w)
        except KeyboardInterrupt:
            return Energy(gap=EnergyGap.INTERRUPTED)

    def repeated(self) -> Energy:
        """Measures a further loop of the same engine, whose idle board is known."""
        try:
            self.report("measuring energy of the CUDA graph", 1)
            return self.loop()
        except KeyboardInterrupt:
            return Energy(gap=EnergyGap.INTERRUPTED)

    def report(self, phase: str, step: int) -> None:
        """Shows the user what is being done."""
        if self.progress is not None:
            self.progress(phase, step, 2)

    def idle_power(self) -> float:
        """The power of the board while the engine waits, in W; NaN if nothing tells it."""
        self.sleep(_SETTLE_S)
        with self.meter.power() as log:
            first = self.meter.mark()
            self.sleep(IDLE_S)
            last = self.meter.mark()
        return mean_power(first, last, log)

    def loop(self) -> Energy:
        """Runs from one step of the counter to a later one."""
        with self.meter.power() as log:
            first = self.next_step()
            self.done = 0
            self.iterate(LOOP_S * 1000)
            last = self.next_step()
        if self.is_interrupted:
            return Energy(gap=EnergyGap.INTERRUPTED)
        return energy_between(first, last, self.done, log)

    def next_step(self) -> Mark:
        """Runs on until the counter moves, which it does a few times a second."""
        start = mark = self.meter.mark()
        while not self.is_interrupted and mark.energy_mj == start.energy_mj:
            self.iterate(_EDGE_MS)
            mark = self.meter.mark()
            if mark.time_s - start.time_s > _EDGE_S:
                break
        return mark

    def iterate(self, ms: float) -> None:
        """Runs for about that long."""
        ran, interrupted = self.run(max(1, round(ms / max(self.iteration_ms, 1e-3))))
        self.done += ran
        self.is_interrupted |= interrupted
