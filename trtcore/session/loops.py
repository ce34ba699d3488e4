"""The timed loops as a run uses them: native, or in Python where TensorRT allows no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trtcore import _core
from trtcore.backends.tensorrt.bindings import Bindings
from trtcore.backends.tensorrt.python_profiler import PythonProfiler, make_python_profiler
from trtcore.errors import RunError
from trtcore.session.cuda import check

FloatArray = NDArray[np.float32]
Report = Callable[[int], object]

_REPORT_SECONDS = 0.05


class Loops(Protocol):
    """Two contexts of one engine over the same buffers: one plain, one profiled.

    A context that was ever profiled stays slow, so latency is taken in one that never was.
    """

    def attach(self, recorder: _core.LayerRecorder) -> None:
        """Makes the recorder the profiler of the profiled context."""

    def detach(self, recorder: _core.LayerRecorder) -> None:
        """Ends that."""

    def time_inference(
        self, iterations: int, report: Report
    ) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
        """Runs the plain context; see `_core.time_inference`."""

    def time_layers(
        self, recorder: _core.LayerRecorder, iterations: int, report: Report
    ) -> tuple[FloatArray, bool]:
        """Runs the profiled context; see `_core.time_layers`."""


@dataclass(frozen=True)
class NativeLoops:
    """The native loops.

    Attributes:
        plain: the context without a profiler.
        profiled: the context that is profiled.
        timeline: events on the stream both run on.
        bindings: device addresses for ``executeV2``; empty to use ``enqueueV3``.
    """

    plain: _core.Context
    profiled: _core.Context
    timeline: _core.Timeline
    bindings: Sequence[int] = ()

    def attach(self, recorder: _core.LayerRecorder) -> None:
        """Makes the recorder the profiler of the profiled context."""
        # executeV2 reports by itself only while the context emits; enqueueV3 is asked to report.
        self.profiled.enqueue_emits_profile = bool(self.bindings)
        recorder.attach(self.profiled)

    def detach(self, recorder: _core.LayerRecorder) -> None:
        """Ends that."""
        recorder.detach()

    def time_inference(
        self, iterations: int, report: Report
    ) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
        """Runs the plain context; see `_core.time_inference`."""
        return _core.time_inference(self.plain, self.timeline, iterations, self.bindings, report)

    def time_layers(
        self, recorder: _core.LayerRecorder, iterations: int, report: Report
    ) -> tuple[FloatArray, bool]:
        """Runs the profiled context; see `_core.time_layers`."""
        return _core.time_layers(
            self.profiled, recorder, self.timeline, iterations, self.bindings, report
        )


@dataclass
class PythonLoops:
    """The same in Python, for bindings that hand out no C++ pointers (TensorRT 10.0 to 10.15).

    Attributes:
        bindings: the TensorRT they belong to.
        plain: the context without a profiler.
        profiled: the context that is profiled.
        stream: handle of the CUDA stream both run on.
    """

    bindings: Bindings
    plain: Any
    profiled: Any
    stream: int
    _profiler: PythonProfiler | None = field(default=None, init=False)

    def attach(self, recorder: _core.LayerRecorder) -> None:
        """Makes the recorder the profiler of the profiled context."""
        self._profiler = make_python_profiler(self.bindings.module, recorder)
        self.profiled.enqueue_emits_profile = False
        self.profiled.profiler = self._profiler

    def detach(self, recorder: _core.LayerRecorder) -> None:
        """Ends that; the context keeps a profiler that does nothing."""
        del recorder
        if self._profiler is not None:
            self._profiler.stop()

    def time_inference(
        self, iterations: int, report: Report
    ) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
        """Runs the plain context."""
        from cuda.bindings import runtime

        start, end = (check(runtime.cudaEventCreate(), "creating an event") for _ in range(2))
        times: list[tuple[float, float, float]] = []
        try:
            stopped = _repeat(iterations, report, lambda: times.append(self._infer(start, end)))
        finally:
            runtime.cudaEventDestroy(start)
            runtime.cudaEventDestroy(end)
        wall, enqueue, gpu = np.array(times, np.float32).reshape(-1, 3).T.copy()
        return wall, enqueue, gpu, stopped

    def time_layers(
        self, recorder: _core.LayerRecorder, iterations: int, report: Report
    ) -> tuple[FloatArray, bool]:
        """Runs the profiled context, up to the first iteration the recorder finds at fault."""
        wall: list[float] = []

        def once() -> None:
            if recorder.fault is None:
                wall.append(self._profile(recorder))

        stopped = _repeat(iterations, report, once)
        return np.array(wall, np.float32), stopped

    def _infer(self, start: Any, end: Any) -> tuple[float, float, float]:
        from cuda.bindings import runtime

        begin = time.perf_counter()
        runtime.cudaEventRecord(start, self.stream)
        before = time.perf_counter()
        self._require(self.plain.execute_async_v3(self.stream), "enqueueV3")
        after = time.perf_counter()
        runtime.cudaEventRecord(end, self.stream)
        check(runtime.cudaStreamSynchronize(self.stream), "synchronising")
        wall = time.perf_counter() - begin
        gpu_ms = check(runtime.cudaEventElapsedTime(start, end), "reading an event")
        return 1e3 * wall, 1e3 * (after - before), gpu_ms

    def _profile(self, recorder: _core.LayerRecorder) -> float:
        from cuda.bindings import runtime

        recorder.begin_iteration()
        begin = time.perf_counter()
        self._require(self.profiled.execute_async_v3(self.stream), "enqueueV3")
        check(runtime.cudaStreamSynchronize(self.stream), "synchronising")
        self._require(self.profiled.report_to_profiler(), "reportToProfiler")
        wall = time.perf_counter() - begin
        recorder.end_iteration()
        return 1e3 * wall

    def _require(self, succeeded: bool, call: str) -> None:
        if not succeeded:
            raise RunError(f"{call} failed: {self.bindings.log.last_error()}")


def _repeat(iterations: int, report: Report, once: Callable[[], None]) -> bool:
    """Calls ``once`` so many times; returns whether Ctrl-C ended it."""
    reported = time.perf_counter()
    try:
        for done in range(1, iterations + 1):
            once()
            if time.perf_counter() - reported > _REPORT_SECONDS or done == iterations:
                report(done)
                reported = time.perf_counter()
    except KeyboardInterrupt:
        return True
    return False
