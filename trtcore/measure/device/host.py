"""Host memory for what TensorRT reads and writes on the CPU: shapes as values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Source: NVIDIA TensorRT, IExecutionContext::setTensorAddress asks it of every address.
_ALIGNMENT = 256


class HostBuffer:
    """A piece of host memory with the methods of a `DeviceBuffer`."""

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes
        # For 0 bytes there is an address too.
        self._owner = np.zeros(max(nbytes, 1) + _ALIGNMENT, np.uint8)
        start = -self._owner.ctypes.data % _ALIGNMENT
        self._bytes = self._owner[start : start + nbytes]
        self.address = self._owner.ctypes.data + start

    def free(self) -> None:
        """Does nothing: the memory lives as long as this object."""

    def copy_from(self, array: NDArray[Any]) -> None:
        """Copies an array of ``nbytes`` into it."""
        self._bytes[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)

    def copy_to(self, array: NDArray[Any]) -> None:
        """Copies it into a C-contiguous array of ``nbytes``."""
        array.reshape(-1).view(np.uint8)[:] = self._bytes
