"""Makes an engine ready to be measured: its layers are known, and its times are steady."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from trtcore.errors import RunError
from trtcore.measure import _core
from trtcore.measure.length.warmup import WarmUp, WarmUpRule
from trtcore.measure.loops.abi_check import raise_fault
from trtcore.measure.loops.native import Loops, ignore
from trtcore.result.counts import WarmUpEnd
from trtcore.stats.arrays import FloatArray
from trtcore.system.clocks import ClockMonitor

_SETTLE_ATTEMPTS = 5
# What runs between two looks at the clock: so many iterations, or as long as this. Two at least,
# or no sequence of layers would be compared with another.
_CHUNK = 16
_CHUNK_MS = 100.0
_LEAST_CHUNK = 2


@dataclass
class Warming:
    """Runs an engine without keeping its times.

    Attributes:
        loops: the engine.
        monitor: watches the clocks.
        recorder: attached to the profiled context.
        rule: when it is over.
        iterations: how many were run, of both contexts.
        iteration_ms: median host time of the last ones of the plain context.
        interrupted: whether Ctrl-C ended it.
        end: how the warm-up ended; None before that.
    """

    loops: Loops
    monitor: ClockMonitor
    recorder: _core.LayerRecorder
    rule: WarmUpRule = field(default_factory=WarmUpRule)
    iterations: int = 0
    iteration_ms: float = 0.0
    interrupted: bool = False
    end: WarmUpEnd | None = None

    def prepare(self) -> None:
        """Learns the layers and warms up.

        Raises:
            RunError: the sequence of layers keeps changing, or there are none.
            KeyboardInterrupt: Ctrl-C.
        """
        self._run_plain(1)
        self._settle_layers()
        self._warm_up()
        if self.interrupted:
            raise KeyboardInterrupt

    def refresh(self) -> None:
        """Runs the plain context for a moment: others have left their data in the caches."""
        self._run_plain(self._chunk())

    def _warm_up(self) -> None:
        """Runs the plain context until it is steady, and the layers are still what they were."""
        warm_up = WarmUp(self.rule)
        state = warm_up.state()
        while not (state.is_over or self.interrupted):
            state = warm_up.add(self._run_plain(self._chunk()), self.monitor.sm_mhz)
            if state.is_over and self._have_layers_changed():
                warm_up.restart()
                state = warm_up.add(self._run_plain(self._chunk()), self.monitor.sm_mhz)
        self.end = state.end

    def _have_layers_changed(self) -> bool:
        """Looks at the sequence of layers once more; learns the new one if it is another."""
        self._run_profiled()
        if self.interrupted or self.recorder.fault is None:
            return False
        self._settle_layers()
        return True

    def _settle_layers(self) -> None:
        """Runs the profiled context until its sequence of layers stays the same."""
        for _ in range(_SETTLE_ATTEMPTS):
            self.recorder.learn()
            self._run_profiled()
            if self.interrupted or (self.recorder.names and self.recorder.fault is None):
                return
        raise_fault(self.recorder)
        raise RunError("the profiler was told of no layer, so there is nothing to measure")

    def _run_profiled(self) -> None:
        times = self.loops.time_layers(self.recorder, self._chunk(), ignore)
        self.interrupted |= times.interrupted
        # The iteration that brought another layer ran too, but is not among the times.
        self.iterations += times.wall_ms.size + (self.recorder.fault is not None)

    def _run_plain(self, count: int) -> FloatArray:
        times = self.loops.warm_up(count)
        self.interrupted |= times.interrupted
        self.iterations += times.wall_ms.size
        if times.wall_ms.size:
            self.iteration_ms = float(np.median(times.wall_ms))
        return times.wall_ms

    def _chunk(self) -> int:
        """How many iterations to run before looking at the clock again."""
        return max(_LEAST_CHUNK, min(_CHUNK, int(_CHUNK_MS / max(self.iteration_ms, 1e-3))))
