"""What a timed pass returns, whichever loop ran it, and the native passes that return it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trtcore.measure import _core
from trtcore.measure.loops.failure import LoopFailure
from trtcore.stats.arrays import FloatArray

Report = Callable[[int], object]


def ignore(done: int) -> None:
    """A progress report that is discarded."""
    del done


@dataclass(frozen=True, eq=False)
class Times:
    """Times of n whole iterations, float32 (n,) in ms; an array is empty if it was not taken.

    Attributes:
        wall_ms: host time of the iteration.
        enqueue_ms: host time of the enqueue call or graph launch alone.
        gpu_ms: time between the events around the iteration.
        interrupted: whether Ctrl-C ended the pass.
        ran: how many iterations were run, those with events and those without.
        failure: what ended the pass, if it failed; the times before it are here.
    """

    wall_ms: FloatArray
    enqueue_ms: FloatArray
    gpu_ms: FloatArray
    interrupted: bool = False
    ran: int = 0
    failure: LoopFailure | None = None

    @property
    def is_cut(self) -> bool:
        """Whether the pass ended early, by Ctrl-C or by a failure."""
        return self.interrupted or self.failure is not None

    def unfailed(self) -> Times:
        """Returns these times, which Ctrl-C may have cut.

        Raises:
            RuntimeError: a call of TensorRT or CUDA failed, in the native loops.
            RunError: a call of TensorRT or CUDA failed, in the loops in Python.
        """
        if self.failure is not None:
            raise self.failure.error
        return self

    def whole(self) -> Times:
        """Returns these times.

        Raises:
            KeyboardInterrupt: Ctrl-C ended the pass.
            RuntimeError: as for `unfailed`, and so is RunError.
        """
        if self.unfailed().interrupted:
            raise KeyboardInterrupt
        return self


def inference_times(*arguments: Any) -> Times:
    """The times of a native un-profiled pass; see ``_core.time_inference`` for its arguments."""
    try:
        return Times(*_core.time_inference(*arguments))
    except _core.LoopError as error:
        wall, enqueue, gpu, _ = error.times
        return Times(wall, enqueue, gpu, failure=_failure(error))


def gated_times(*arguments: Any) -> Times:
    """The times of gated iterations that overlap; see ``_core.time_gated`` for its arguments."""
    failure = None
    try:
        gpu, interrupted = _core.time_gated(*arguments)
    except _core.LoopError as error:
        (gpu, interrupted), failure = error.times, _failure(error)
    nothing = np.empty(0, np.float32)
    return Times(nothing, nothing, gpu, interrupted, failure=failure)


def layer_times(*arguments: Any) -> Times:
    """The times of a native profiled pass; see ``_core.time_layers`` for its arguments."""
    failure = None
    try:
        wall, gpu, interrupted = _core.time_layers(*arguments)
    except _core.LoopError as error:
        (wall, gpu, interrupted), failure = error.times, _failure(error)
    return Times(wall, np.empty(0, np.float32), gpu, interrupted, failure=failure)


def _failure(error: _core.LoopError) -> LoopFailure:
    return LoopFailure(error, error.reason, error.iteration, error.status)
