"""Where the time of a call went: a clock that is passed along, and the record it leaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """What a call is busy with."""

    START = "start"
    """Libraries are imported, and the backend is chosen."""
    LOAD = "load"
    """The model is read and its shapes are settled."""
    CONVERT = "convert"
    """A precision is written into the graph."""
    BUILD = "build"
    REFERENCE = "reference"
    """The outputs in FP32 are computed, which others are compared with."""
    CONTEXTS = "contexts"
    """A plan is loaded and contexts are created; TensorRT-RTX compiles its kernels here."""
    WARM_UP = "warm-up"
    ENQUEUED = "enqueued pass"
    GATED = "gated pass"
    GRAPH = "CUDA graph pass"
    LAYERS = "profiled pass"
    NODES = "nodes on the CPU"
    NODES_ON_GPU = "nodes on the GPU"
    KERNELS = "kernels"
    CALIBRATION = "calibration"
    PEAKS = "peaks"
    """A matrix product and a copy are timed, which the network's rates are compared with."""
    ENERGY = "energy"
    PROCESSES = "fresh processes"
    ACCURACY = "accuracy"
    RESULT = "result"
    """What was measured is put beside the engine's layers and the model's nodes."""
    REPORT = "report"


@dataclass(frozen=True)
class PhaseTime:
    """How long a call was busy with something, in all.

    Attributes:
        phase: with what.
        seconds: wall time, without that of phases inside it.
    """

    phase: Phase
    seconds: float


class Stopwatch:
    """Adds up the time of each phase; one is passed along with a call.

    Args:
        clock: gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._spent: dict[Phase, float] = {}
        self._inside: list[float] = []

    @contextmanager
    def phase(self, phase: Phase) -> Iterator[None]:
        """Counts what the ``with`` block takes, however it ends, less the phases inside it."""
        start = self._clock()
        self._inside.append(0.0)
        try:
            yield
        finally:
            taken = self._clock() - start
            own = taken - self._inside.pop()
            self._spent[phase] = self._spent.get(phase, 0.0) + own
            if self._inside:
                self._inside[-1] += taken

    @property
    def times(self) -> tuple[PhaseTime, ...]:
        """What was counted by now, in the order of `Phase`."""
        return tuple(
            PhaseTime(phase, self._spent[phase]) for phase in Phase if phase in self._spent
        )
