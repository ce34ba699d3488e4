"""When work ran, from starts and lengths: pure functions of arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.stats.arrays import Floats


def idle_before(start: ArrayLike, length: ArrayLike) -> Floats:
    """Returns (N, K): how long nothing at all had run when each piece of work began.

    Args:
        start: (N, K) when each began.
        length: (N, K) how long it took, in the same unit.
    """
    begin = np.asarray(start, np.float64)
    if begin.size == 0:
        return begin
    order = np.argsort(begin, axis=1, kind="stable")
    in_time = np.take_along_axis(begin, order, axis=1)
    ends = np.take_along_axis(begin + np.asarray(length, np.float64), order, axis=1)
    free_from = np.maximum.accumulate(ends, axis=1)
    idle = np.zeros_like(begin)
    idle[:, 1:] = (in_time[:, 1:] - free_from[:, :-1]).clip(min=0.0)
    result = np.empty_like(begin)
    np.put_along_axis(result, order, idle, axis=1)
    return result


def merge_runs(start: ArrayLike, length: ArrayLike, owners: ArrayLike) -> tuple[Floats, Floats]:
    """Makes one piece of each run of neighbours that have the same owner.

    Args:
        start: (N, K) when each piece of work began.
        length: (N, K) how long it took.
        owners: (K,) whose it is; below zero it is nobody's, and stays a piece of its own.

    Returns:
        (N, R) when each run began, and how long it took from its first start to its last end.
    """
    begin, firsts = np.asarray(start, np.float64), first_of_runs(np.asarray(owners, np.int64))
    if begin.size == 0:
        return begin, begin
    end = begin + np.asarray(length, np.float64)
    run_start = np.minimum.reduceat(begin, firsts, axis=1)
    run_end = np.maximum.reduceat(end, firsts, axis=1)
    return run_start, run_end - run_start


def first_of_runs(owners: NDArray[np.int64]) -> NDArray[np.intp]:
    """Returns (R,) where each run of neighbours with the same owner begins; see `merge_runs`."""
    begins = np.ones(owners.size, dtype=np.bool_)
    begins[1:] = (owners[1:] != owners[:-1]) | (owners[1:] < 0)
    return np.flatnonzero(begins)
