"""Prepares an engine for measuring: learns its layers and warms up until times are steady."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from trtcore.errors import RunError
from trtcore.measure import _core
from trtcore.measure.length.warmup import WarmUp, WarmUpRule
from trtcore.measure.loops.abi_check import raise_fault
from trtcore.measure.loops.native import Loops
from trtcore.measure.loops.times import Times, ignore
from trtcore.result.records.counts import WarmUpEnd
from trtcore.stats.arrays import FloatArray
from trtcore.system.clocks import ClockMonitor

# TensorRT-RTX may swap in kernels that it compiled in the background, each time with other layers;
# a sequence that changes after five attempts will not settle.
_SETTLE_ATTEMPTS = 5
# Iterations between two checks: a quarter of the window of `WarmUpRule`, or as many as fit one
# window's time. Two at least, or no sequence of layers would be compared with another.
_CHUNK = 16
_CHUNK_MS = 100.0
_LEAST_CHUNK = 2


@dataclass
class Warming:
    """Warms an engine up, without keeping its times.

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
            RunError: the sequence of layers keeps changing, or there are none; or a call of
                TensorRT or CUDA failed, for which the native loops raise a RuntimeError.
            KeyboardInterrupt: Ctrl-C.
        """
        # One iteration first: its time says how many the next chunks may have.
        self._run_plain(1)
        self._settle_layers()
        self._warm_up()
        if self.interrupted:
            raise KeyboardInterrupt

    def refresh(self) -> Times:
        """Runs the plain context briefly: other engines have left their data in the caches."""
        return self._count(self.loops.warm_up(self._chunk()))

    def _warm_up(self) -> None:
        """Runs the plain context until its times are steady and its layers unchanged."""
        warm_up = WarmUp(self.rule)
        state = warm_up.state()
        while not (state.is_over or self.interrupted):
            state = warm_up.add(self._run_plain(self._chunk()), self.monitor.sm_mhz)
            # Kernels compiled in the background replace others unannounced, so "steady" holds only
            # if the layers are still the same.
            if state.is_over and self._have_layers_changed():
                warm_up.restart()
                state = warm_up.add(self._run_plain(self._chunk()), self.monitor.sm_mhz)
        self.end = state.end

    def _have_layers_changed(self) -> bool:
        """Checks the sequence of layers again; learns the new one if it differs."""
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
        raise RunError("TensorRT reported no layer to the profiler, so there is nothing to measure")

    def _run_profiled(self) -> None:
        times = self.loops.time_layers(self.recorder, self._chunk(), ignore).unfailed()
        self.interrupted |= times.interrupted
        # The iteration with the unexpected layer ran too, but is not among the times.
        self.iterations += times.wall_ms.size + (self.recorder.fault is not None)

    def _run_plain(self, count: int) -> FloatArray:
        return self._count(self.loops.warm_up(count)).unfailed().wall_ms

    def _count(self, times: Times) -> Times:
        self.interrupted |= times.interrupted
        self.iterations += times.wall_ms.size
        if times.wall_ms.size:
            self.iteration_ms = float(np.median(times.wall_ms))
        return times

    def _chunk(self) -> int:
        """How many iterations to run before reading the clock again."""
        return max(_LEAST_CHUNK, min(_CHUNK, int(_CHUNK_MS / max(self.iteration_ms, 1e-3))))
