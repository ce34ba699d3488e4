"""Host memory for tensors that TensorRT reads there: inputs whose values are shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class HostBuffer:
    """A piece of host memory, used as a `DeviceBuffer` is."""

    def __init__(self, nbytes: int) -> None:
        """Allocates ``nbytes``."""
        self.nbytes = nbytes
        # For 0 bytes NumPy may give a null address, which is no tensor's address.
        self._bytes = np.zeros(max(nbytes, 1), np.uint8)
        self.address = int(self._bytes.ctypes.data)

    def free(self) -> None:
        """Does nothing: a context may hold the address, so the memory goes with this object."""

    def copy_from(self, array: NDArray[Any]) -> None:
        """Copies an array of ``nbytes`` into it."""
        self._bytes[: self.nbytes] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)

    def copy_to(self, array: NDArray[Any]) -> None:
        """Copies it into a C-contiguous array of ``nbytes``."""
        array.reshape(-1).view(np.uint8)[:] = self._bytes[: self.nbytes]
