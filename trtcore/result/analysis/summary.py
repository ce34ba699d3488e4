"""Statistics of time samples: pure functions of arrays, with a stated answer for too few samples.

Samples are never dropped: medians and order statistics carry the headline, and what the sample
cannot support is NaN. Sums are kept in float64, because float32 sums of a million samples are off
by 0.3 %. Of a streamed run there are histograms instead of samples: counts, means and minima are
exact, quantiles within 0.4 %, and intervals reach to the ends of the buckets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trtcore.result.analysis.reconciliation.reconcile import Reconciliation, reconcile_profile
from trtcore.result.records.layers import LayerProfile, is_marker
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import PASSES, Samples
from trtcore.stats.intervals import (
    Interval,
    TimeSummary,
    interval_of_sorted,
    quantile_of_sorted,
    ratio_of,
    summarise_histograms,
    summarise_times,
    tail_of_sorted,
)

# Columns sorted at once: 16 float32 are a cache line of a row, and of a million rows 64 MB.
_BLOCK = 16
# The passes, and the host's part of one of them.
_UNPROFILED = (*(one.series for one in PASSES), "enqueue_ms")


@dataclass(frozen=True)
class Latency:
    """The times of un-profiled inference. A series that was not measured is None.

    Attributes:
        wall: host time from enqueue to synchronised.
        gpu: time between the CUDA events around an iteration.
        enqueue: host time of the enqueue call alone.
        items_per_s: batch items over wall time, one iteration after the other; NaN without wall
            or without a known batch.
    """

    wall: TimeSummary | None
    gpu: TimeSummary | None
    enqueue: TimeSummary | None
    items_per_s: float


class _Figures(NamedTuple):
    """Those of a `LayerProfile` that need no other layer."""

    median_ms: float
    p95_ms: float
    min_ms: float
    mean_ms: float
    interval: Interval


def summarise_series(samples: Samples, name: str) -> TimeSummary | None:
    """Summarises a series of a run, such as ``wall_ms``; None if it was not measured."""
    streamed = samples.histogram_of(name)
    if streamed is not None:
        return summarise_histograms(streamed)[0]
    return summarise_times(getattr(samples, name))


def summarise_all_series(samples: Samples) -> dict[str, TimeSummary | None]:
    """Summarises every un-profiled series of a run, by its name in `Samples`."""
    return {name: summarise_series(samples, name) for name in _UNPROFILED}


def summarise_latency(profile: Profile) -> Latency:
    """Summarises the un-profiled iterations of a profile."""
    return latency_of(profile.batch, summarise_all_series(profile.samples))


def latency_of(batch: int, series: Mapping[str, TimeSummary | None]) -> Latency:
    """Puts summarised series together.

    Args:
        batch: items of an iteration; 0 if not known.
        series: as `summarise_all_series` returns them.
    """
    wall = series["wall_ms"]
    return Latency(
        wall=wall,
        gpu=series["gpu_ms"],
        enqueue=series["enqueue_ms"],
        items_per_s=_items_per_s(batch, wall),
    )


def _items_per_s(batch: int, wall: TimeSummary | None) -> float:
    return ratio_of(1000.0 * batch, wall.mean_ms) if wall and batch else float("nan")


def summarise_layers(profile: Profile) -> tuple[LayerProfile, ...]:
    """Returns one row per layer, in execution order.

    Shares are parts of the sum of the corrected medians, or of the medians where no correction is
    known, so that the rows of a table make 100 %; they are 0 if that sum is 0, and NaN (as every
    figure is) without any iteration.
    """
    return layer_rows(profile, reconcile_profile(profile))


def layer_rows(profile: Profile, reconciled: Reconciliation | None) -> tuple[LayerProfile, ...]:
    """Returns the rows of `summarise_layers`.

    Args:
        profile: the profile.
        reconciled: its layers beside its latency; None where that is not known.
    """
    figures = _layer_figures(profile.samples)
    corrected, is_below = _corrected(reconciled, len(profile.layers))
    medians = np.array([layer.median_ms for layer in figures], dtype=np.float64)
    # Shares of the corrected times: the event's cost, the same for all, would lift short layers.
    own = np.where(np.isnan(corrected), medians, corrected)
    total = float(own.sum())
    shares = own / total if total else own * 0.0
    return tuple(
        LayerProfile(
            i,
            layer,
            share=float(shares[i]),
            corrected_ms=float(corrected[i]),
            is_below_resolution=bool(is_below[i]),
            **measured._asdict(),
        )
        for i, (layer, measured) in enumerate(zip(profile.layers, figures, strict=True))
    )


def profiled_iterations(profile: Profile) -> int:
    """Returns the number of iterations with layer times."""
    histograms = profile.samples.layer_histograms
    return len(profile.samples.layer_ms) if histograms is None else histograms.count


def _corrected(
    reconciled: Reconciliation | None, count: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The (L,) corrected medians, NaN if not known, and which are below the resolution."""
    if reconciled is None or not reconciled.is_corrected:
        return np.full(count, np.nan), np.zeros(count, dtype=np.bool_)
    return reconciled.corrected_ms, reconciled.is_below_resolution


def _layer_figures(samples: Samples) -> list[_Figures]:
    if samples.layer_histograms is not None:
        rows = summarise_histograms(samples.layer_histograms)
        return [_Figures(r.median_ms, r.p95_ms, r.min_ms, r.mean_ms, r.interval) for r in rows]
    return [
        _Figures(
            median_ms=quantile_of_sorted(column, 0.5),
            p95_ms=tail_of_sorted(column, 95),
            min_ms=float(column[0]) if column.size else float("nan"),
            mean_ms=mean,
            interval=interval_of_sorted(column),
        )
        for column, mean in _sorted_columns(samples.layer_ms)
    ]


def _sorted_columns(layer_ms: NDArray[np.float32]) -> Iterator[tuple[NDArray[Any], float]]:
    """Yields each column of an (N, L) array, sorted, with its mean.

    Blocks of columns are transposed before sorting: the sort then runs along contiguous memory,
    two to three times faster than along axis 0, with little memory of its own.
    """
    for start in range(0, layer_ms.shape[1], _BLOCK):
        block = np.sort(layer_ms[:, start : start + _BLOCK].T, axis=1)
        sums = block.sum(axis=1, dtype=np.float64)
        for column, total in zip(block, sums, strict=True):
            yield column, ratio_of(float(total), column.size)


@dataclass(frozen=True)
class Markers:
    """All stream sync layers of a profile as one line: count, sum of medians and its share."""

    count: int
    median_ms: float
    share: float


def fold_markers(rows: Sequence[LayerProfile]) -> tuple[tuple[LayerProfile, ...], Markers]:
    """Splits rows into the layers and one line with the time of all stream sync layers."""
    markers = [row for row in rows if is_marker(row.layer)]
    folded = Markers(
        count=len(markers),
        median_ms=sum(row.median_ms for row in markers),
        share=sum(row.share for row in markers),
    )
    return tuple(row for row in rows if not is_marker(row.layer)), folded
