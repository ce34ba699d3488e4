"""The timed loops with CUPTI on: their times, and the kernels they launched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import RunError
from trtcore.measure import _core
from trtcore.measure.kernels.table import KernelTable, tabulate
from trtcore.measure.loops.abi_check import raise_fault
from trtcore.measure.loops.native import NativeLoops
from trtcore.measure.loops.times import Times, ignore
from trtcore.stats.arrays import FloatArray

CAPACITY = 1 << 20
"""The most kernels that are kept of one trace: 32 MiB of records."""

# One iteration gives the names, the second one shows that they repeat.
_LEARNING = 2
_HELD = "the stream was held for 100 ms while kernels were traced"


@dataclass
class Records:
    """Kernel records of consecutive iterations, from several traces."""

    pieces: list[NDArray[Any]] = field(default_factory=list)
    iterations: int = 0

    def add(self, records: NDArray[Any], first: int, count: int) -> None:
        """Takes the records of ``count`` iterations, from number ``first`` on."""
        number = records["iteration"]
        mine = records[(number >= first) & (number < first + count)].copy()
        mine["iteration"] += self.iterations - first
        self.pieces.append(mine)
        self.iterations += count

    def table(self, names: list[str]) -> KernelTable:
        """Sorts them into a table; ``names`` are those of the trace."""
        return tabulate(np.concatenate(self.pieces), names, self.iterations)


@dataclass
class TracedLoops:
    """Runs the loops with CUPTI on.

    Attributes:
        loops: what to run.
        trace: not started; started and stopped here.
        free: kernels of the iterations that were not gated.
        gated: kernels of those that were.
        gated_ms: (n,) GPU spans of those, of each trace.
        interrupted: whether Ctrl-C was pressed.
    """

    loops: NativeLoops
    trace: _core.KernelTrace
    free: Records = field(default_factory=Records)
    gated: Records = field(default_factory=Records)
    gated_ms: list[FloatArray] = field(default_factory=list)
    interrupted: bool = False

    def warm_up(self, count: int) -> int:
        """Runs so many iterations of each pass; returns the number of kernels they launched.

        Raises:
            KeyboardInterrupt: Ctrl-C.
        """
        free, gated = self._run(count)
        (gated or free).whole()
        return len(self.trace.kernels())

    def time_inference(self, count: int) -> Times:
        """Times un-profiled iterations, and traces as many gated ones if the stream can be held."""
        free, gated = self._run(count)
        kernels, begin = self.trace.kernels(), len(free.wall_ms)
        self.free.add(kernels, 0, begin)
        if gated is None:
            return free
        self.gated.add(kernels, begin, len(gated.wall_ms))
        self.gated_ms.append(gated.gpu_ms)
        return replace(free, interrupted=gated.interrupted)

    def trace_layers(self, count: int) -> tuple[FloatArray, KernelTable]:
        """Traces profiled iterations; returns (N, L) layer times and the kernels of the same.

        Raises:
            RunError: the layers are not the same in all iterations, or the gate did not hold.
            KeyboardInterrupt: Ctrl-C.
        """
        recorder = _core.LayerRecorder()
        self.loops.attach(recorder)
        try:
            self._learn_layers(recorder)
            recorder.reserve(count)
            self._run_profiled(recorder, count)
        finally:
            self.loops.detach(recorder)
        layer_ms = recorder.samples()
        table = tabulate(self.trace.kernels(), self.trace.names, len(layer_ms))
        return layer_ms[list(table.iterations)], table

    def _learn_layers(self, recorder: _core.LayerRecorder) -> None:
        self.loops.time_layers(recorder, _LEARNING, ignore).whole()
        raise_fault(recorder)
        if not recorder.names:
            raise RunError("the first profiled iteration was not finished")

    def _run_profiled(self, recorder: _core.LayerRecorder, count: int) -> None:
        loops = self.loops
        timer = _core.TracedTimer(loops.gated or loops.timer, self.trace)
        with self._tracing(count):
            *_, interrupted = _core.time_layers(
                loops.profiled, recorder, timer, count, loops.bindings
            )
        if interrupted:
            raise KeyboardInterrupt
        raise_fault(recorder)
        if timer.invalidated:
            loops.drop_gate(_HELD)
            raise RunError(_HELD)

    @property
    def losses(self) -> str:
        """What CUPTI lost last, in words."""
        lost = [f"{count} {what}" for what, count in self.trace.losses.items() if count]
        return f"lost records: {', '.join(lost)}" if lost else "it reported no losses either"

    def _run(self, count: int) -> tuple[Times, Times | None]:
        with self._tracing(2 * count):
            free = self._time(self.loops.timer, count)
            gate = self.loops.gated
            if gate is None or free.interrupted:
                return free, None
            gated = self._time(gate, count)
        if gate.invalidated:
            self.loops.drop_gate(_HELD)
            return replace(free, interrupted=gated.interrupted), None
        return free, gated

    def _time(self, timer: _core.IterationTimer, count: int) -> Times:
        traced = _core.TracedTimer(timer, self.trace)
        times = Times(*_core.time_inference(self.loops.plain, traced, count, self.loops.bindings))
        self.interrupted |= times.interrupted
        return times

    @contextmanager
    def _tracing(self, iterations: int) -> Iterator[None]:
        # Two to spare: an iteration that was cut off has its mark too.
        self.trace.start(iterations + 2, CAPACITY)
        try:
            yield
        finally:
            self.trace.stop()
