"""The slow profiler: callbacks in Python, for bindings that expose no C++ pointers."""

from __future__ import annotations

from typing import Any, Protocol


class Recorder(Protocol):
    """Receives the layer times of the callback."""

    def record(self, name: str, ms: float) -> None:
        """Takes the time of one layer in milliseconds."""


class PythonProfiler(Protocol):
    """An ``IProfiler`` in Python that can be stopped: TensorRT cannot detach it."""

    def stop(self) -> None:
        """Ignores all further callbacks."""


def make_python_profiler(module: Any, recorder: Recorder) -> PythonProfiler:
    """An ``IProfiler`` of the given bindings that passes every layer on to ``recorder``.

    It costs over a microsecond a layer, against nanoseconds for the native one; TensorRT 10.0 to
    10.15 allow no other way.
    """

    class _PythonProfiler(module.IProfiler):  # type: ignore[misc]
        def __init__(self) -> None:
            module.IProfiler.__init__(self)
            self._recorder: Recorder | None = recorder

        def report_layer_time(self, layer_name: str, ms: float) -> None:
            if self._recorder is not None:
                self._recorder.record(layer_name, ms)

        def stop(self) -> None:
            self._recorder = None

    profiler: PythonProfiler = _PythonProfiler()
    return profiler
