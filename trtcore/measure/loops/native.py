"""The timed loops of one engine: two contexts over the same buffers, timed in several ways."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from trtcore.measure import _core
from trtcore.measure.loops.times import (
    Report,
    Times,
    gated_times,
    ignore,
    inference_times,
    layer_times,
)
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

# One shows that the stream can be blocked, the others that it is released each time.
_PROBES = 3


class Loops(Protocol):
    """The passes that a run makes over one engine.

    A context that was ever profiled stays slow, so latency is taken in one that never was.
    """

    def attach(self, recorder: _core.LayerRecorder) -> None:
        """Makes the recorder the profiler of the profiled context."""

    def detach(self, recorder: _core.LayerRecorder) -> None:
        """Detaches the recorder from the profiled context."""

    def warm_up(self, iterations: int) -> Times:
        """Enqueues on the plain context and synchronises; only host times are wanted."""

    def time_inference(self, iterations: int, report: Report) -> Times:
        """Enqueues on the plain context and synchronises, for host times and for GPU times."""

    def time_gated(self, iterations: int, report: Report) -> Times | None:
        """Times inference gated; None where the stream cannot be blocked.

        Gated: the stream is blocked until the iteration is enqueued, so launch overhead is hidden.
        Each is enqueued while the one before runs, so there are GPU times only.
        """

    def time_graph(self, iterations: int, report: Report) -> Times | None:
        """Launches a CUDA graph of the plain context; None where none can be captured."""

    def time_layers(self, recorder: _core.LayerRecorder, iterations: int, report: Report) -> Times:
        """Runs the profiled context, gated where that works, up to a fault of the recorder."""

    @property
    def problems(self) -> tuple[RunWarning, ...]:
        """Why passes were skipped."""


@dataclass
class NativeLoops:
    """The native loops over two contexts of one engine.

    Attributes:
        plain: the context without a profiler.
        profiled: the context that is profiled.
        timer: events on the stream both run on.
        bindings: device addresses for ``executeV2``; empty to use ``enqueueV3``.
        bare: the same stream without events, for host times without the cost of recording them;
            None takes host times in the iterations with events.
        gated: the timer that blocks its stream until an iteration is enqueued; None for no gated
            passes.
        graph: a graph captured from the plain context; None if there is none.
    """

    plain: _core.Context
    profiled: _core.Context
    timer: _core.IterationTimer
    bindings: Sequence[int] = ()
    bare: _core.IterationTimer | None = None
    gated: _core.GatedTimer | None = None
    graph: _core.Graph | None = None
    _problems: list[RunWarning] = field(default_factory=list)

    @property
    def problems(self) -> tuple[RunWarning, ...]:
        """Why passes were skipped."""
        return tuple(self._problems)

    def note_newer(self, label: str, newest: str) -> None:
        """Records that this TensorRT is newer than the newest whose C++ layout was compared."""
        self._problems.append(RunWarning(WarningKind.NEWER_TENSORRT, names=(label, newest)))

    def run_first(self) -> None:
        """Runs each context once: the first enqueue allocates memory and loads kernels.

        Neither is possible on a blocked stream or during a graph capture. The profiled context gets
        its profiler here.

        Raises:
            RuntimeError: TensorRT or CUDA failed.
            KeyboardInterrupt: Ctrl-C.
        """
        self.time_inference(1, ignore).whole()
        self._make_profile()
        layer_times(self.profiled, None, self.timer, 1, self.bindings).whole()

    def attach(self, recorder: _core.LayerRecorder) -> None:
        """Makes the recorder the profiler of the profiled context."""
        self._make_profile()
        recorder.attach(self.profiled)

    def _make_profile(self) -> None:
        # executeV2 reports by itself only while the context emits; enqueueV3 is told to report.
        self.profiled.enqueue_emits_profile = bool(self.bindings)

    def detach(self, recorder: _core.LayerRecorder) -> None:
        """Detaches the recorder from the profiled context."""
        recorder.detach()

    def open_gate(self, stream: int) -> None:
        """Tries a few gated iterations, and goes on without gating where they fail.

        Raises:
            KeyboardInterrupt: Ctrl-C.
        """
        reason = self._gate_obstacle(stream)
        if reason:
            self.drop_gate(reason)

    def _gate_obstacle(self, stream: int) -> str:
        if self.bindings:
            return "executeV2 is synchronous"
        # Every launch would wait for its kernel, which waits for the gate.
        if os.environ.get("CUDA_LAUNCH_BLOCKING", "0") not in ("", "0"):
            return "CUDA_LAUNCH_BLOCKING is set"
        try:
            self.gated = _core.GatedTimer(stream)
            inference_times(self.plain, self.gated, _PROBES).whole()
        except RuntimeError as error:
            return str(error)
        return "the enqueue call did not return within 100 ms" if self.gated.invalidated else ""

    def drop_gate(self, reason: str) -> None:
        """Runs ungated from now on, and records why."""
        self.gated = None
        self._problems.append(RunWarning(WarningKind.NOT_GATED, note=reason))

    def capture_graph(self, stream: int) -> None:
        """Captures a CUDA graph of the plain context, where TensorRT and CUDA allow it."""
        reason = self._graph_obstacle(stream)
        if reason:
            self._problems.append(RunWarning(WarningKind.NO_GRAPH, note=reason))

    def _graph_obstacle(self, stream: int) -> str:
        if self.bindings:
            return "executeV2 is synchronous"
        try:
            self.graph = _core.Graph(self.plain, stream)
        except RuntimeError as error:
            return str(error)
        return ""

    def warm_up(self, iterations: int) -> Times:
        """Enqueues on the plain context and synchronises; only host times are wanted."""
        return self._time(self.bare or self.timer, iterations, ignore)

    def time_inference(self, iterations: int, report: Report) -> Times:
        """Enqueues on the plain context and synchronises, without events and then with."""
        if self.bare is None:
            return self._time(self.timer, iterations, report)
        host = self._time(self.bare, iterations, report)
        if host.is_cut:
            return replace(host, gpu_ms=np.empty(0, np.float32))
        # Recording events costs the host microseconds, so GPU times come from separate iterations.
        device = self._time(self.timer, iterations, report)
        return replace(
            host,
            gpu_ms=device.gpu_ms,
            interrupted=device.interrupted,
            failure=device.failure,
            ran=host.wall_ms.size + device.wall_ms.size,
        )

    def _time(self, timer: _core.IterationTimer, iterations: int, report: Report) -> Times:
        return inference_times(self.plain, timer, iterations, self.bindings, None, report)

    def time_gated(self, iterations: int, report: Report) -> Times | None:
        """Times inference gated; None where the stream cannot be blocked."""
        if self.gated is None:
            return None
        times = gated_times(self.plain, self.gated, iterations, report)
        self._check_gate()
        return times

    def time_gated_singly(self, iterations: int) -> Times | None:
        """As `time_gated`, but enqueues each iteration on an idle device.

        So does a traced loop, whose spans are compared with these.
        """
        if self.gated is None:
            return None
        times = self._time(self.gated, iterations, ignore)
        self._check_gate()
        return times

    def time_graph(self, iterations: int, report: Report) -> Times | None:
        """Launches a CUDA graph of the plain context; None where none can be captured."""
        if self.graph is None:
            return None
        return inference_times(self.plain, self.timer, iterations, (), self.graph, report)

    def time_layers(self, recorder: _core.LayerRecorder, iterations: int, report: Report) -> Times:
        """Runs the profiled context, gated where that works, up to a fault of the recorder."""
        timer = self.gated or self.timer
        times = layer_times(self.profiled, recorder, timer, iterations, self.bindings, report)
        self._check_gate()
        return times

    def _check_gate(self) -> None:
        # An invalidated timer stays so: without this every later gated pass would be empty.
        if self.gated is not None and self.gated.invalidated:
            self.drop_gate("the stream was blocked for 100 ms before the iteration was enqueued")
