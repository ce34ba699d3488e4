"""Medians of batches of neighbouring samples, collected in constant memory while they come in."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.errors import OptionError
from trtcore.stats import _stats
from trtcore.stats.arrays import Floats

BATCH = 32
"""Neighbouring samples in a batch, where there are enough. A trade-off: longer batches are less
correlated with each other, shorter ones give more medians to estimate from."""

MOST_BATCHES = 192
"""Batch medians that are kept; of more, neighbours are merged in threes. At least 64 are left then,
still ten times the 6 that an interval of a median needs at all."""

# The least odd number above 1: the median of an even number is a mean of two, which would pull the
# kept medians towards the mean of the samples.
_MERGED = 3
# Rows that are added at a time. The buffer has room for as many beyond `MOST_BATCHES`, and no batch
# has less than one row, so it never overflows.
_AT_ONCE = 64


def batch_size(count: int, fewest: int) -> int:
    """Returns how many of ``count`` samples make a batch: 32, or less for ``fewest`` batches."""
    return max(1, min(BATCH, count // fewest))


def batch_medians(samples: ArrayLike, size: int) -> Floats:
    """Returns (B, L) medians of each ``size`` neighbours among (N, L) samples.

    Samples beyond the last full batch are left out; a batch with a NaN in it has the median NaN.
    """
    series = np.ascontiguousarray(samples, dtype=np.float64)
    count, columns = len(series) // size, series.shape[1]
    batches = series[: count * size].reshape(count, size, columns)
    medians = _stats.batch_medians(batches)
    # The compiled sort leaves a NaN anywhere in the order; a sum is NaN if any of its parts is.
    medians[np.isnan(batches.sum(axis=1))] = np.nan
    return medians


class BatchMedians:
    """Collects samples of any number at a time and keeps the median of every full batch.

    Never more than `MOST_BATCHES` are kept: from there on, each three neighbours make way for
    their median, those that come as well, and so on. The median of three lies above the median of
    what it is taken of as often as below it, so that the kept medians say the same of the series
    as before; and what disturbs single batches goes.

    Source: the remedian; Rousseeuw and Bassett, J. Am. Stat. Assoc. 85 (1990), 97-104.

    Args:
        size: samples in a batch, see `batch_size`.
    """

    def __init__(self, size: int = BATCH) -> None:
        if size < 1:
            raise OptionError(f"batch size is {size}, expected at least 1")
        self._stages = [_Stage(size)]
        self._kept: Floats = np.empty((0, 0))
        self._count = 0
        self._is_single = False

    def add(self, samples: ArrayLike) -> None:
        """Adds (n,) samples of one series, or (n, L) of L series."""
        block = np.asarray(samples)
        self._is_single = block.ndim == 1
        for start in range(0, len(block), _AT_ONCE):
            part = np.asarray(block[start : start + _AT_ONCE], dtype=np.float64)
            self._add(part.reshape(len(part), -1))

    @property
    def medians(self) -> Floats:
        """The medians so far, (B,) or (B, L), in the order of the samples; not a copy."""
        medians = self._kept[: self._count]
        return medians.ravel() if self._is_single else medians

    def _add(self, rows: Floats) -> None:
        for stage in self._stages:
            rows = stage.take(rows)
        if not len(rows):
            return
        if not len(self._kept):
            self._kept = np.empty((MOST_BATCHES + _AT_ONCE, rows.shape[1]))
        self._keep(rows)
        while self._count > MOST_BATCHES:
            self._stages.append(_Stage(_MERGED))
            rows, self._count = self._stages[-1].take(self._kept[: self._count]), 0
            self._keep(rows)

    def _keep(self, rows: Floats) -> None:
        self._kept[self._count : self._count + len(rows)] = rows
        self._count += len(rows)


class _Stage:
    """Turns every ``size`` rows into their median and holds what is left until more come."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: Floats = np.empty((0, 0))

    def take(self, rows: Floats) -> Floats:
        """Adds (n, L) rows; returns the (B, L) medians of the batches that are full with them."""
        if len(self._waiting):
            rows = np.concatenate((self._waiting, rows))
        full = len(rows) // self._size * self._size
        # A copy: rows may be a view of the caller's buffer, which is overwritten next.
        self._waiting = rows[full:].copy()
        return batch_medians(rows[:full], self._size)


MOST_SAMPLES = 16384
"""Samples that are kept. At least about half of them are there at any time, so that a mode of one
sample in twenty, the smallest that a stopping rule looks for, still has 400."""


class Reservoir:
    """Keeps all samples of a series while they are few, then some of them, each as likely.

    Whenever there are too many, a random half of them is dropped, and as large a part of all that
    come later. Keeping every second one instead would be biased for periodic samples.

    Args:
        most: samples that are kept.
        seed: of the random choice.
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
                # Later samples must be as likely to stay as those that have just survived.
                self._share /= 2

    def _lots(self, count: int) -> NDArray[np.float64]:
        return self._random.random(count)
