"""CUDA memory and streams through cuda-python, with errors as `RunError`."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import BackendError, RunError
from trtcore.system.cuda_runtime import runtime_problem


class CallError(RunError):
    """A call of the CUDA runtime, or of TensorRT, failed.

    Attributes:
        reason: the call, and CUDA's words where it was one of CUDA, without its number.
        cuda_error: CUDA's number; 0 where TensorRT failed without telling one.
    """

    reason = ""
    cuda_error = 0


def check(answer: tuple[Any, ...], action: str) -> Any:
    """Returns the value of a CUDA runtime call.

    Raises:
        CallError: the call failed; CUDA's error string is included.
    """
    from cuda.bindings import runtime

    status, *values = answer
    if int(status) != 0:
        _, text = runtime.cudaGetErrorString(status)
        reason = f"{action} failed: {text.decode()}"
        error = CallError(f"{reason} (CUDA error {int(status)})")
        error.reason, error.cuda_error = reason, int(status)
        raise error
    return values[0] if values else None


def free_memory_bytes() -> int:
    """Device memory that is free now; 0 where CUDA does not report it."""
    from cuda.bindings import runtime

    try:
        status, free, _ = runtime.cudaMemGetInfo()
    except RuntimeError:  # no driver at all
        return 0
    return 0 if int(status) else int(free)


@contextmanager
def timing_events(count: int) -> Iterator[tuple[Any, ...]]:
    """So many CUDA events with timing, destroyed at the end.

    Raises:
        RunError: CUDA cannot create them.
    """
    from cuda.bindings import runtime

    with ExitStack() as made:
        events = []
        for _ in range(count):
            events.append(check(runtime.cudaEventCreate(), "creating an event"))
            made.callback(runtime.cudaEventDestroy, events[-1])
        yield tuple(events)


class DeviceBuffer:
    """A piece of device memory, freed with this object."""

    def __init__(self, nbytes: int, purpose: str) -> None:
        """Allocates ``nbytes``; ``purpose`` names them in the error message.

        Raises:
            RunError: not enough device memory; the message says how much was needed.
        """
        from cuda.bindings import runtime

        self.nbytes = nbytes
        free = free_memory_bytes()
        self.address = int(
            check(
                # For 0 bytes cudaMalloc gives a null address, which is no tensor's address.
                runtime.cudaMalloc(max(nbytes, 1)),
                f"allocating {nbytes / 2**20:.1f} MiB for {purpose} ({free / 2**20:.1f} MiB free)",
            )
        )
        # A finalizer instead of __del__: it also runs at exit, while the driver is still there.
        self._free = weakref.finalize(self, runtime.cudaFree, self.address)

    def free(self) -> None:
        """Gives the memory back now."""
        self._free()

    def copy_from(self, array: NDArray[Any]) -> None:
        """Copies a C-contiguous host array of ``nbytes`` to the device."""
        from cuda.bindings import runtime

        kind = runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        array = np.ascontiguousarray(array)
        check(runtime.cudaMemcpy(self.address, array.ctypes.data, self.nbytes, kind), "copying in")

    def copy_to(self, array: NDArray[Any]) -> None:
        """Copies the device memory into a C-contiguous host array of ``nbytes``."""
        from cuda.bindings import runtime

        kind = runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        check(runtime.cudaMemcpy(array.ctypes.data, self.address, self.nbytes, kind), "copying out")


class Stream:
    """A CUDA stream that does not wait for the default stream; a context manager."""

    def __enter__(self) -> Stream:
        from cuda.bindings import runtime

        # The first call of a run that needs the CUDA runtime: its own error 35 names no way out.
        if problem := runtime_problem():
            raise BackendError(problem)
        flags = runtime.cudaStreamNonBlocking
        self.handle = int(check(runtime.cudaStreamCreateWithFlags(flags), "creating a stream"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from cuda.bindings import runtime

        # A run that failed may have left work behind; its error was raised already.
        runtime.cudaStreamSynchronize(self.handle)
        runtime.cudaStreamDestroy(self.handle)
