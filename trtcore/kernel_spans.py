"""Which layer each kernel belongs to, by when both ran in profiled iterations of one stream.

The profiler's events follow each other without a break, so a layer begins where the one before it
ends: the sums of the layer times are the places of the events. Kernels carry times of their own.
What is not known is how long before the first kernel the first event came; it is the one shift at
which the events cut through as little kernel time as they can.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.kernel_map import UNKNOWN, KernelMap, contradiction
from trtcore.markers import is_marker
from trtcore.result import Layer

_SHIFTS_MS = np.arange(0.0, 0.0201, 0.00025)
_LEAST_INSIDE = 0.5
_LEAST_AGREEMENT = 0.8

Floats = NDArray[np.float64]


def map_by_spans(
    layers: Sequence[Layer],
    kernels: Sequence[str],
    layer_ms: ArrayLike,
    start_ms: ArrayLike,
    kernel_ms: ArrayLike,
) -> KernelMap:
    """Gives each kernel to the layer during which it ran.

    A kernel counts for a layer if at least half of it lies there, in at least four of five
    iterations, and if no name says otherwise.

    Args:
        layers: (L,) of the profile, all of one stream.
        kernels: (K,) names, in the order of launch.
        layer_ms: (N, L) layer times of profiled iterations.
        start_ms: (N, K) when each kernel began in the same iterations, after the first one.
        kernel_ms: (N, K) how long each took.
    """
    spans = np.asarray(layer_ms, dtype=np.float64)
    start = np.asarray(start_ms, dtype=np.float64)
    end = start + np.asarray(kernel_ms, dtype=np.float64)
    if len(spans) == 0:
        return KernelMap((UNKNOWN,) * len(kernels), "no profiled iteration to compare with")
    rows = [_owners(*row) for row in zip(spans, start, end, strict=True)]
    owners = _without_markers(_vote(np.stack(rows)), layers)
    owners = _without_contradictions(owners, layers, kernels)
    count = sum(owner != UNKNOWN for owner in owners)
    words = f"{count} of {len(kernels)} kernels by the times of {len(rows)} profiled iterations"
    return KernelMap(tuple(owners), words)


def _owners(layer_ms: Floats, start: Floats, end: Floats) -> NDArray[np.int64]:
    """The layer that holds most of each kernel, in one iteration; -1 where none holds half."""
    events = np.concatenate(([0.0], np.cumsum(layer_ms)))
    found = (_held(events, start + shift, end + shift) for shift in _SHIFTS_MS)
    owners, held = max(found, key=lambda pair: float(pair[1].sum()))
    return np.where((held > 0) & (held >= _LEAST_INSIDE * (end - start)), owners, UNKNOWN)


def _held(events: Floats, start: Floats, end: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The layer around the middle of each kernel, and how much of the kernel lies in it."""
    place = np.searchsorted(events, (start + end) / 2, side="right") - 1
    owners = place.clip(0, len(events) - 2)
    held = np.minimum(end, events[owners + 1]) - np.maximum(start, events[owners])
    return owners, held.clip(min=0.0)


def _vote(rows: NDArray[np.int64]) -> list[int]:
    owners = []
    for column in rows.T:
        values, counts = np.unique(column, return_counts=True)
        agreed = counts.max() >= _LEAST_AGREEMENT * len(column)
        owners.append(int(values[counts.argmax()]) if agreed else UNKNOWN)
    return owners


def _without_markers(owners: Sequence[int], layers: Sequence[Layer]) -> list[int]:
    return [UNKNOWN if o != UNKNOWN and is_marker(layers[o]) else o for o in owners]


def _without_contradictions(
    owners: list[int], layers: Sequence[Layer], kernels: Sequence[str]
) -> list[int]:
    place, _ = contradiction(layers, kernels, owners)
    while place != UNKNOWN:
        owners[place] = UNKNOWN
        place, _ = contradiction(layers, kernels, owners)
    return owners
