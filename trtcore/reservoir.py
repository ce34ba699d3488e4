"""A fair choice of samples from a series of any length, in constant memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.errors import OptionError

MOST_SAMPLES = 16384
"""Samples that are kept: enough for the shape of their distribution."""


class Reservoir:
    """Keeps all samples of a series while they are few, then some of them, each as likely.

    Whenever there are too many, about half of them go, by lot, and so do as many of those that
    come. Chosen by turns instead, samples that repeat themselves could be chosen unfairly.

    Args:
        most: samples that are kept.
        seed: of the lots.
    """

    def __init__(self, most: int = MOST_SAMPLES, seed: int = 0) -> None:
        if most < 1:
            raise OptionError(f"reservoir is to keep {most} samples, expected at least 1")
        self._most = most
        self._random = np.random.default_rng(seed)
        self._kept: NDArray[np.float64] = np.empty(0)
        self._share = 1.0

    @property
    def samples(self) -> NDArray[np.float64]:
        """(n,) what is kept, in the order it came."""
        return self._kept

    def add(self, samples: ArrayLike) -> None:
        """Adds (n,) samples."""
        block = np.asarray(samples, dtype=np.float64)
        for start in range(0, block.size, self._most):
            part = block[start : start + self._most]
            self._kept = np.concatenate((self._kept, part[self._lots(part.size) < self._share]))
            while self._kept.size > self._most:
                self._kept = self._kept[self._lots(self._kept.size) < 0.5]
                self._share /= 2

    def _lots(self, count: int) -> NDArray[np.float64]:
        return self._random.random(count)
