"""Medians of batches of samples, collected while samples come in."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.errors import OptionError

Floats = NDArray[np.float64]

BATCH = 32
"""Samples in a batch, unless they take too long."""


class BatchMedians:
    """Collects samples of any number at a time and keeps the median of every full batch.

    Args:
        size: samples in a batch, see `trtcore.stopping.batch_size`.
    """

    def __init__(self, size: int = BATCH) -> None:
        if size < 1:
            raise OptionError(f"batch size is {size}, expected at least 1")
        self._size = size
        self._rest: list[Floats] = []
        self._waiting = 0
        self._medians: list[Floats] = []

    def add(self, samples: ArrayLike) -> None:
        """Adds (n,) samples of one series, or (n, L) of L series."""
        block = np.asarray(samples, dtype=np.float64)
        self._rest.append(block)
        self._waiting += len(block)
        if self._waiting >= self._size:
            self._close_batches()

    @property
    def medians(self) -> Floats:
        """The medians so far, (B,) or (B, L)."""
        return np.concatenate(self._medians) if self._medians else np.empty(0)

    def _close_batches(self) -> None:
        block = np.concatenate(self._rest)
        full = len(block) // self._size
        batches = block[: full * self._size].reshape(full, self._size, *block.shape[1:])
        self._medians.append(np.median(batches, axis=1))
        self._rest = [block[full * self._size :]]
        self._waiting = len(self._rest[0])
