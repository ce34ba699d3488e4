"""The timed loops with CUPTI on: their times, and the kernels they launched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore import _core
from trtcore.kernel_table import KernelTable, tabulate
from trtcore.result import FloatArray
from trtcore.session.loops import NativeLoops, Times, ignore

CAPACITY = 1 << 20
"""The most kernels that are kept of one trace."""

_LEARNING = 2


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
    """

    loops: NativeLoops
    trace: _core.KernelTrace
    free: Records = field(default_factory=Records)
    gated: Records = field(default_factory=Records)

    def warm_up(self, count: int) -> int:
        """Runs so many iterations of each pass; returns the number of kernels they launched."""
        self._run(count)
        return len(self.trace.kernels())

    def time_inference(self, count: int) -> Times:
        """Times un-profiled iterations, and traces as many gated ones if the stream can be held."""
        free, gated = self._run(count)
        kernels, begin = self.trace.kernels(), len(free.wall_ms)
        self.free.add(kernels, 0, begin)
        if gated is None:
            return free
        self.gated.add(kernels, begin, len(gated.wall_ms))
        return replace(free, interrupted=free.interrupted or gated.interrupted)

    def trace_layers(self, count: int) -> tuple[FloatArray, KernelTable]:
        """Traces profiled iterations; returns (N, L) layer times and the kernels of the same."""
        loops, recorder = self.loops, _core.LayerRecorder()
        loops.attach(recorder)
        try:
            loops.time_layers(recorder, _LEARNING, ignore)
            recorder.reserve(count)
            timeline = _core.TracedTimeline(loops.gated or loops.timeline, self.trace)
            with self._tracing(count):
                _core.time_layers(loops.profiled, recorder, timeline, count, loops.bindings)
        finally:
            loops.detach(recorder)
        layer_ms = recorder.samples()
        table = tabulate(self.trace.kernels(), self.trace.names, len(layer_ms))
        return layer_ms[list(table.iterations)], table

    @property
    def losses(self) -> str:
        """What CUPTI lost last, in words."""
        lost = [f"{count} {what}" for what, count in self.trace.losses.items() if count]
        return f"lost records: {', '.join(lost)}" if lost else "it reported no losses either"

    def _run(self, count: int) -> tuple[Times, Times | None]:
        with self._tracing(2 * count):
            free = self._time(self.loops.timeline, count)
            gate = self.loops.gated
            if gate is None or free.interrupted:
                return free, None
            gated = self._time(gate, count)
        if gate.spoilt:
            self.loops.drop_gate("the stream was held for 100 ms while kernels were traced")
            return free, None
        return free, gated

    def _time(self, timeline: _core.Timeline, count: int) -> Times:
        traced = _core.TracedTimeline(timeline, self.trace)
        return Times(*_core.time_inference(self.loops.plain, traced, count, self.loops.bindings))

    @contextmanager
    def _tracing(self, iterations: int) -> Iterator[None]:
        self.trace.start(iterations + 2, CAPACITY)
        try:
            yield
        finally:
            self.trace.stop()
