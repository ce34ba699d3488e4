"""One measured run: warm up, time un-profiled inference, time the layers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from trtcore import _core
from trtcore.errors import RunError
from trtcore.result import Counts, Samples
from trtcore.session.loops import FloatArray, Loops, Report
from trtcore.session.native import raise_fault

Progress = Callable[[str, int, int], None]

# Warm-up ends by time and count: an idle GPU needs load, not iterations, to reach its clock.
WARM_UP_SECONDS = 0.2
WARM_UP_ITERATIONS = 32
_WARM_UP_LIMIT_SECONDS = 5.0
_CHUNK = 8
_SETTLE_ATTEMPTS = 5


@dataclass(frozen=True)
class Run:
    """What a run gave: (L,) layer names, samples, counts."""

    layer_names: tuple[str, ...]
    samples: Samples
    counts: Counts


def measure(
    loops: Loops,
    iterations: int,
    log_tail: Callable[[], str],
    progress: Progress | None = None,
) -> Run:
    """Measures ``iterations`` un-profiled inferences, then as many with layer times.

    Args:
        loops: over contexts with input shapes, addresses and inputs set.
        iterations: N, of each kind.
        log_tail: gives TensorRT's last words for error messages.
        progress: called with the phase, iterations done and iterations in all.

    Returns:
        The samples; fewer than asked for, and marked so, when Ctrl-C ended it.

    Raises:
        RunError: TensorRT or CUDA failed, or the layer sequence changed.
        KeyboardInterrupt: Ctrl-C before there was anything to keep.
    """
    passes = _Passes(loops, progress)
    loops.attach(passes.recorder)
    try:
        with _explained(log_tail):
            return passes.measure(iterations)
    finally:
        loops.detach(passes.recorder)


@contextmanager
def _explained(log_tail: Callable[[], str]) -> Iterator[None]:
    """Turns what the native loops raise into a `RunError` with TensorRT's own words."""
    try:
        yield
    except RuntimeError as error:
        raise RunError(f"{error}: {log_tail()}") from error
    except MemoryError:
        raise RunError("not enough host memory for the samples; ask for fewer iterations") from None


@dataclass
class _Passes:
    loops: Loops
    progress: Progress | None
    recorder: _core.LayerRecorder = field(default_factory=_core.LayerRecorder)
    warmed_up: int = 0
    interrupted: bool = False

    def measure(self, iterations: int) -> Run:
        self.settle_layers()
        self.warm_up()
        if self.interrupted:
            raise KeyboardInterrupt
        wall_ms, enqueue_ms, gpu_ms = self.time_inference(iterations, "timing inference")
        self.recorder.reserve(iterations)
        profiled_wall_ms = np.empty(0, np.float32)
        if not self.interrupted:
            profiled_wall_ms = self.time_layers(iterations, "timing layers")
        raise_fault(self.recorder)
        layer_ms = self.recorder.samples()
        return Run(
            tuple(self.recorder.names),
            Samples(layer_ms, wall_ms, enqueue_ms, gpu_ms, profiled_wall_ms),
            Counts(iterations, self.warmed_up, len(layer_ms), self.interrupted),
        )

    def settle_layers(self) -> None:
        """Runs the profiled context until its sequence of layers stays the same."""
        for _ in range(_SETTLE_ATTEMPTS):
            self.recorder.learn()
            self.time_layers(_CHUNK)
            self.warmed_up += _CHUNK
            if self.interrupted or self.recorder.fault is None:
                break
        raise_fault(self.recorder)

    def warm_up(self) -> None:
        """Runs the plain context until the time and the count say that it is warm."""
        start = time.perf_counter()
        done = 0
        while not self.interrupted:
            self.time_inference(_CHUNK)
            done += _CHUNK
            seconds = time.perf_counter() - start
            is_warm = seconds >= WARM_UP_SECONDS and done >= WARM_UP_ITERATIONS
            if is_warm or seconds >= _WARM_UP_LIMIT_SECONDS:
                break
        self.warmed_up += done

    def time_inference(
        self, iterations: int, phase: str = ""
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        *times, stopped = self.loops.time_inference(iterations, self._report(phase, iterations))
        self.interrupted |= stopped
        return (times[0], times[1], times[2])

    def time_layers(self, iterations: int, phase: str = "") -> FloatArray:
        report = self._report(phase, iterations)
        wall_ms, stopped = self.loops.time_layers(self.recorder, iterations, report)
        self.interrupted |= stopped
        return wall_ms

    def _report(self, phase: str, iterations: int) -> Report:
        def report(done: int) -> None:
            if phase and self.progress is not None:
                self.progress(phase, done, iterations)

        return report
