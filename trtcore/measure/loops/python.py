"""The timed loops in Python, for bindings without C++ pointers (TensorRT 10.0 to 10.15)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.python_profiler import PythonProfiler, make_python_profiler
from trtcore.measure import _core
from trtcore.measure.device.cuda import CallError, check, timing_events
from trtcore.measure.loops.failure import LoopFailure
from trtcore.measure.loops.times import Report, Times, ignore
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.quotations import quoting

# As often as the native loops report: a progress bar moves smoothly and costs nothing measurable.
_REPORT_SECONDS = 0.05


@dataclass
class PythonLoops:
    """The passes of `NativeLoops` that are possible in Python: neither gated nor CUDA graphs.

    Attributes:
        bindings: the TensorRT they belong to.
        plain: the context without a profiler.
        profiled: the context that is profiled.
        stream: handle of the CUDA stream both run on.
        addresses: device addresses for ``executeV2``; empty to use ``enqueueV3``.
    """

    bindings: Bindings
    plain: Any
    profiled: Any
    stream: int
    addresses: Sequence[int] = ()
    _profiler: PythonProfiler | None = field(default=None, init=False)

    @property
    def problems(self) -> tuple[RunWarning, ...]:
        """Why passes were skipped."""
        return (RunWarning(WarningKind.PYTHON_CALLBACKS),)

    def attach(self, recorder: _core.LayerRecorder) -> None:
        """Makes the recorder the profiler of the profiled context."""
        self._profiler = make_python_profiler(self.bindings.module, recorder)
        # executeV2 reports by itself only while the context emits; enqueueV3 is told to report.
        self.profiled.enqueue_emits_profile = bool(self.addresses)
        self.profiled.profiler = self._profiler

    def detach(self, recorder: _core.LayerRecorder) -> None:
        """Stops recording; the context keeps an inactive profiler, as none can be detached."""
        del recorder
        if self._profiler is not None:
            self._profiler.stop()

    def warm_up(self, iterations: int) -> Times:
        """Enqueues on the plain context and synchronises; only host times are wanted."""
        return self.time_inference(iterations, ignore)

    def time_inference(self, iterations: int, report: Report) -> Times:
        """Enqueues on the plain context and synchronises."""
        return self._repeat(iterations, report, lambda events: self._run(self.plain, events))

    def time_gated(self, iterations: int, report: Report) -> Times | None:
        """None: a blocked stream needs the native timer."""
        del iterations, report
        return None

    def time_graph(self, iterations: int, report: Report) -> Times | None:
        """None: CUDA graphs are captured by the native loops only."""
        del iterations, report
        return None

    def time_layers(self, recorder: _core.LayerRecorder, iterations: int, report: Report) -> Times:
        """Runs the profiled context, up to the first iteration the recorder finds at fault."""

        def once(events: tuple[Any, ...]) -> tuple[float, float, float] | None:
            recorder.begin_iteration()
            times = self._run(self.profiled, events)
            if not self.addresses:
                self._require(self.profiled.report_to_profiler(), "reportToProfiler")
            recorder.end_iteration()
            return times if recorder.fault is None else None

        return self._repeat(iterations, report, once)

    def _run(self, context: Any, events: tuple[Any, ...]) -> tuple[float, float, float]:
        from cuda.bindings import runtime

        # Statuses are checked after the last clock reading, so that checking is in no time.
        begin = time.perf_counter()
        start = runtime.cudaEventRecord(events[0], self.stream)
        before = time.perf_counter()
        self._enqueue(context)
        after = time.perf_counter()
        end = runtime.cudaEventRecord(events[1], self.stream)
        check(runtime.cudaStreamSynchronize(self.stream), "synchronising")
        wall = time.perf_counter() - begin
        for recorded in (start, end):
            check(recorded, "recording an event")
        gpu_ms = check(runtime.cudaEventElapsedTime(*events), "reading an event")
        return 1e3 * wall, 1e3 * (after - before), gpu_ms

    def _enqueue(self, context: Any) -> None:
        if self.addresses:
            self._require(context.execute_v2(list(self.addresses)), "executeV2")
        else:
            self._require(context.execute_async_v3(self.stream), "enqueueV3")

    def _repeat(
        self,
        iterations: int,
        report: Report,
        once: Callable[[tuple[Any, ...]], tuple[float, float, float] | None],
    ) -> Times:
        """Calls ``once`` for each iteration, until it returns None or fails, or Ctrl-C."""
        rows: list[tuple[float, float, float]] = []
        interrupted, failure, reported = False, None, time.perf_counter()
        try:
            with timing_events(2) as events:
                while len(rows) < iterations and (row := once(events)) is not None:
                    rows.append(row)
                    if time.perf_counter() - reported > _REPORT_SECONDS:
                        report(len(rows))
                        reported = time.perf_counter()
        except KeyboardInterrupt:
            interrupted = True
        except CallError as error:
            failure = LoopFailure(error, error.reason, len(rows), self._cuda_error(error))
        # With no rows the array has no second axis, so the reshape gives three empty ones.
        wall, enqueue, gpu = np.array(rows, np.float32).reshape(-1, 3).T.copy()
        return Times(wall, enqueue, gpu, interrupted, failure=failure)

    def _cuda_error(self, error: CallError) -> int:
        """CUDA's number: of the call that failed, or what it says since a call of TensorRT did."""
        from cuda.bindings import runtime

        return error.cuda_error or int(runtime.cudaStreamSynchronize(self.stream)[0])

    def _require(self, succeeded: bool, call: str) -> None:
        if not succeeded:
            reason = f"{call} failed"
            error = quoting(CallError, f"{reason}: ", self.bindings.log.last_error())
            error.reason = reason
            raise error
