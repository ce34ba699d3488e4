"""The native half of trtcore: it records layer times and runs the timed loops.

It links neither CUDA nor TensorRT. `trtcore.measure` is the only package that imports it; other
tools use `trtcore.attach` and `trtcore.profile_plan`.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__version__: str

FloatArray = NDArray[np.float32]
FaultKind = Literal[
    "unexpected layer", "missing layers", "no layers", "no repetition", "out of memory"
]
FAULT_KINDS: tuple[FaultKind, ...]
"""Every kind of fault that a recorder reports, in the native half's order."""

class LoopError(RuntimeError):
    """A call of TensorRT or CUDA that failed in an iteration of a timed loop.

    Attributes:
        reason: the call, and CUDA's words where it was one of CUDA.
        iteration: the one that failed, from 0; those before it are whole.
        status: CUDA's number; 0 where CUDA told of no error.
        times: of the iterations before, as the call would have returned them.
    """

    reason: str
    iteration: int
    status: int
    times: Any

class Context:
    """A native view of a live ``IExecutionContext``, which it keeps alive.

    Args:
        context: an execution context of a binding that has pybind11's conduit.
        layout: 10 for TensorRT 10, 11 for TensorRT 11 and TensorRT-RTX.

    Raises:
        TypeError: the object holds no ``nvinfer1::IExecutionContext``.
        ValueError: an unknown layout.
    """

    def __init__(self, context: object, layout: int) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def enqueue_emits_profile(self) -> bool: ...
    @enqueue_emits_profile.setter
    def enqueue_emits_profile(self, emits: bool, /) -> None: ...
    @property
    def persistent_cache_limit(self) -> int: ...
    @property
    def has_profiler(self) -> bool: ...
    def tensor_address(self, tensor: str) -> int:
        """Device address that an I/O tensor is bound to; 0 if to none."""

class IterationTimer:
    """Where the time of an iteration is read."""

    @property
    def invalidated(self) -> bool:
        """Whether the last iteration has to be discarded."""

class StreamTimer(IterationTimer):
    """A stream without events: spans are NaN, and host times hold no cost of recording events."""

    def __init__(self, stream: int) -> None: ...

class EventTimer(IterationTimer):
    """CUDA events on a stream, given by its handle. Needs a current CUDA context.

    Raises:
        RuntimeError: no driver, or CUDA refuses.
    """

    def __init__(self, stream: int) -> None: ...

class GatedTimer(EventTimer):
    """The same with the stream blocked until a whole iteration is enqueued on it.

    Spans hold no launch overhead then. A watchdog releases a stream that is blocked for 100 ms, as
    by an enqueue that synchronises; from then on `invalidated` is true, the loops end early, and
    the timer cannot be used again.

    Raises:
        RuntimeError: the device or driver cannot block a stream.
    """

    def __init__(self, stream: int) -> None: ...

class Graph:
    """A CUDA graph of one enqueue of a context that has no profiler, which it keeps alive.

    Enqueue once before, so that nothing is allocated during the capture.

    Raises:
        RuntimeError: TensorRT or CUDA refuses to capture it.
    """

    def __init__(self, context: Context, stream: int) -> None: ...

class HostTimer(IterationTimer):
    """The host's monotonic clock, for contexts that do their work on the host."""

    def __init__(self) -> None: ...

class IterationBoundary(Enum):
    """How an iteration's beginning is known: marked by the loop, or inferred from the names."""

    MARKED = ...
    INFERRED = ...

class LayerStatistics:
    """What a streaming recorder kept of all iterations by one moment: read-only arrays.

    See `trtcore.result.TimeHistograms`.
    """

    @property
    def count(self) -> int: ...
    @property
    def mean_ms(self) -> NDArray[np.float64]: ...
    @property
    def deviations_ms2(self) -> NDArray[np.float64]: ...
    @property
    def min_ms(self) -> FloatArray: ...
    @property
    def max_ms(self) -> FloatArray: ...
    @property
    def buckets(self) -> NDArray[np.uint32]: ...

class LayerRecorder:
    """Keeps layer times: float32, one row per iteration, one column per layer.

    Layers are keyed by position. The first iteration gives the names; from then on a name that
    differs is a fault, and nothing is kept after it.

    Any thread may read it while another records: `samples`, `statistics`, `names`, `iterations`,
    `dropped` and `fault` are each a consistent snapshot. Calls that change it raise a RuntimeError
    while a loop of trtcore or another such call uses it. Loops outside trtcore cannot be detected:
    call `detach`, `settle` and what drops samples only when these have ended.

    Args:
        boundary: ``MARKED`` for `time_layers` and `begin_iteration`; ``INFERRED`` for loops outside
            trtcore.
        capacity: rows to keep, for inferred boundaries; see `reserve` for marked ones.
        expected_layers: layers of an iteration if known, for inferred boundaries; 0 if not.
    """

    def __init__(
        self, boundary: IterationBoundary = ..., capacity: int = 0, expected_layers: int = 0
    ) -> None: ...
    def attach(self, context: Context) -> None:
        """Becomes the profiler of a context. TensorRT cannot undo this: see `detach`.

        Raises:
            RuntimeError: attached already, or another recorder is attached to the context.
            MemoryError: there is not enough; nothing is attached.
        """

    def detach(self) -> None:
        """Stops recording; harmless when not attached.

        The context keeps an inactive profiler, or gets back the one it had before; one that was set
        in the meantime stays.
        """

    def learn(self) -> None:
        """Forgets names and samples; the next iteration gives the names."""

    def reserve(self, iterations: int) -> None:
        """Takes memory for so many rows and drops the samples so far; later rows are counted only.

        With marked boundaries the layers have to be known; with inferred ones the memory is taken
        as soon as they are.

        Raises:
            RuntimeError: marked boundaries, and no iteration has given the names yet.
            MemoryError: there is not enough.
        """

    def stream(self, iterations: int) -> None:
        """Takes memory for statistics of all iterations to come and the last so many of their rows.

        It replaces `reserve`, and drops what there is. The samples of later iterations take the
        place of the oldest, so that a run of any length needs no more memory than a short one.

        Raises:
            RuntimeError: as for `reserve`.
            MemoryError: there is not enough.
        """

    def statistics(self) -> LayerStatistics | None:
        """Those of all whole iterations so far, as a copy; None unless streaming."""

    def settle(self) -> None:
        """With inferred boundaries: takes the shortest sequence that explains what came so far."""

    def begin_iteration(self) -> None: ...
    def end_iteration(self) -> None: ...
    def record(self, name: str, ms: float) -> None:
        """Records the next layer's time in milliseconds, as the profiler callback does."""

    def samples(self) -> FloatArray:
        """Samples of the whole iterations kept: (N, L), C order; a copy only when streaming."""

    @property
    def names(self) -> list[str]:
        """Names of the L layers in order; empty until they are known."""

    @property
    def iterations(self) -> int:
        """Whole iterations seen, kept or not."""

    @property
    def dropped(self) -> int:
        """Whole iterations seen whose samples are not kept."""

    @property
    def is_attached(self) -> bool: ...
    @property
    def fault(self) -> tuple[FaultKind, int, int, str] | None:
        """What went wrong first: kind, iteration, position and the name that came; or None.

        The name is cut to whole characters of at most 159 bytes.
        """

def find_cupti(libraries: Sequence[str]) -> str:
    """Returns the first libcupti that can be opened, without calling anything in it.

    Args:
        libraries: paths, or names for the loader, best first. One that the process has loaded
            already comes before them all, because two copies in one process conflict.

    Raises:
        RuntimeError: there is none; the message says how to get it.
    """

MEMSET_NAME: str
"""Stands for a kernel's name in `KernelTrace.names` where memory was filled."""

class KernelTrace:
    """Records every kernel of this process with NVIDIA's CUPTI while it is started.

    One can be started at a time. Memory is bounded: 48 MiB of CUPTI's buffers, kept for the next
    trace, and 32 bytes for each kernel up to the capacity.

    Args:
        libraries: where to find libcupti, as for `find_cupti`.

    Raises:
        RuntimeError: there is none, it does not work here, or its version is not known; the message
            says what to do.
    """

    def __init__(self, libraries: Sequence[str]) -> None: ...
    def start(self, iterations: int, capacity: int = ...) -> None:
        """Begins to record; earlier records are dropped, but for the names.

        Args:
            iterations: how many `begin_iteration` calls to expect; later ones are ignored.
            capacity: the most kernels to keep.

        Raises:
            RuntimeError: started already, another profiler is active, or CUPTI refuses.
        """

    def stop(self) -> None:
        """Ends the trace; harmless when not started. Synchronise with the device before.

        Raises:
            RuntimeError: CUPTI could not deliver or count what it recorded.
            MemoryError: there was not enough for the kernels.
        """

    def begin_iteration(self) -> None:
        """Marks the beginning of an iteration, while no kernel runs."""

    def kernels(self) -> NDArray[Any]:
        """The kernels, in the order they were recorded, as a copy.

        Returns:
            Structured array (R,): ``start_ns`` and ``end_ns`` (uint64), ``name`` (uint32, index
            into `names`), ``stream`` and ``launch`` (uint32, CUPTI's numbers; ``launch`` grows from
            launch to launch, or is 0), ``iteration`` (int32; -1 before the first).

        Raises:
            RuntimeError: not stopped yet.
        """

    @property
    def names(self) -> list[str]:
        """Names of the kernels seen so far, demangled. Raises like `kernels`."""

    @property
    def losses(self) -> dict[str, int]:
        """Records that were lost since `start`, by reason. Raises like `kernels`.

        ``dropped`` (no buffer), ``untimed`` (no start or end), ``overflowed`` (over the capacity),
        and ``unreadable``, which counts buffers.
        """

    @property
    def is_started(self) -> bool: ...
    @property
    def library(self) -> str:
        """The opened library: a path, or a name that the loader knows."""

    @property
    def version(self) -> int:
        """CUPTI's API version: 130001 for CUDA 13.0, 26 for CUDA 12.8."""

class TracedTimer(IterationTimer):
    """Another timer, with the beginning of each iteration marked in a trace."""

    def __init__(self, timer: IterationTimer, trace: KernelTrace) -> None: ...

def count_profiler_ports() -> int:
    """How many of trtcore's C++ profilers exist in this process; they are never freed.

    Each is set in one context, or idle until a context needs one: there are as many as were ever
    attached at once. A recorder that is dropped while attached leaves its own to the context.
    """

def profiler_layout(profiler: object) -> int | None:
    """The layout (10 or 11) of a binding's C++ profiler object; None if it is not known."""

def time_inference(
    context: Context,
    timer: IterationTimer,
    iterations: int,
    bindings: Sequence[int] = ...,
    graph: Graph | None = None,
    report: Callable[[int], object] | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
    """Times whole iterations of a context that never had a profiler.

    Args:
        context: what to run.
        timer: its stream is the one enqueued on.
        iterations: M.
        bindings: device addresses of all I/O tensors in the engine's order to run ``executeV2``;
            none to run ``enqueueV3`` and synchronise.
        graph: launched instead, if given.
        report: called with the number of iterations done, about every 50 ms.

    Returns:
        ``wall_ms``, ``enqueue_ms`` and ``gpu_ms``, float32 (M,) each, and whether Ctrl-C ended it
        early (then they are shorter).

    Raises:
        LoopError: TensorRT or CUDA failed; it has the times of the iterations before.
    """

def time_gated(
    context: Context,
    timer: GatedTimer,
    iterations: int,
    report: Callable[[int], object] | None = None,
) -> tuple[FloatArray, bool]:
    """Times gated iterations, each of them enqueued while the device runs the one before.

    The timer's stream is blocked until the one before has ended and the next is wholly enqueued.
    Iterations of more than 25 ms do not overlap.

    Args:
        context: what to run; it never had a profiler.
        timer: its stream is the one enqueued on.
        iterations: M.
        report: as for `time_inference`.

    Returns:
        ``gpu_ms``, float32 (M,), and whether Ctrl-C ended it early (then it is shorter). It is
        shorter too where the timer was invalidated.

    Raises:
        LoopError: TensorRT or CUDA failed; it has the times of the iterations before.
    """

def time_layers(
    context: Context,
    recorder: LayerRecorder | None,
    timer: IterationTimer,
    iterations: int,
    bindings: Sequence[int] = ...,
    report: Callable[[int], object] | None = None,
) -> tuple[FloatArray, FloatArray, bool]:
    """Runs iterations of a profiled context; ``recorder`` has to be attached to it.

    With ``enqueueV3`` the context must not emit its profile while it is enqueued
    (``enqueue_emits_profile`` false); ``reportToProfiler`` is called after each synchronisation.

    Args:
        context: what to run.
        recorder: takes the layer times; None runs with a profiler that does nothing.
        timer: its stream is the one enqueued on.
        iterations: N; fewer are run when the recorder finds a fault or the timer is invalidated.
        bindings: as for `time_inference`.
        report: as for `time_inference`.

    Returns:
        ``wall_ms`` (host time of an iteration with its report) and ``gpu_ms`` (between the
        timer's marks), float32 (N,) each, and whether Ctrl-C ended it early.

    Raises:
        RuntimeError: TensorRT or CUDA failed; the message names the iteration.
    """
