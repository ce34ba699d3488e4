"""Quantiles of streamed runs that are drawn again: from the distribution, and how the run ended."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trtcore.bootstrap import draw_ranks
from trtcore.histogram import ends_at, value_at
from trtcore.result import TimeHistograms
from trtcore.series import autocorrelation, widening

_MOST_AUTOCORRELATION = 0.99

Floats = NDArray[np.float64]


def draw_streamed(
    last: NDArray[np.float32], histograms: TimeHistograms, share: float, draws: int, seed: int
) -> Floats:
    """Returns (D, C) quantiles of a streamed run that was drawn again, each within 0.4 %.

    They are of the same ranks in all series, so that sums of series do not scatter too little.

    Args:
        last: (N, C) the last iterations.
        histograms: all iterations.
        share: which quantile, between 0 and 1.
        draws: D.
        seed: of the draws.
    """
    ranks = draw_ranks(histograms.count, share, draws, seed)
    order, place = np.argsort(ranks), share * (histograms.count - 1)
    away = np.outer(dependence(last, histograms, share), ranks[order] - place)
    widened = np.rint(place + away).clip(0, histograms.count - 1).astype(np.int64)
    drawn = np.empty((draws, len(widened)))
    drawn[order] = value_at(histograms, widened).T
    return drawn


def dependence(last: NDArray[np.float32], histograms: TimeHistograms, share: float = 0.5) -> Floats:
    """Returns (C,) factors that widen what takes the iterations of a streamed run as independent.

    Its last iterations tell in two ways: neighbours resemble each other, or more of them lie on one
    side of the quantile than two deviations of chance allow, so that the run varied slowly.

    Args:
        last: (N, C) the last iterations.
        histograms: all iterations.
        share: of which quantile, between 0 and 1.
    """
    rank = np.full((last.shape[1], 1), share * (histograms.count - 1), dtype=np.int64)
    lower, upper = (ends[:, 0] for ends in ends_at(histograms, rank))
    sides = (last < lower, last > upper)
    r = np.max([_correlations(part) for part in (last, *sides)], axis=0)
    expected = np.array([[share], [1 - share]]) * len(last)
    excess = (np.array([side.sum(axis=0) for side in sides]) - expected).max(axis=0)
    unlike = excess / np.sqrt(len(last) * share * (1 - share)) / 2
    factor: Floats = np.maximum(widening(r), unlike)
    return factor


def _correlations(columns: NDArray[np.float32] | NDArray[np.bool_]) -> Floats:
    """(C,) correlations of neighbours, 0 to 0.99; 0 for too few to tell."""
    found = np.nan_to_num([autocorrelation(column) for column in columns.T])
    clipped: Floats = found.clip(0.0, _MOST_AUTOCORRELATION)
    return clipped
