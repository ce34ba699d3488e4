"""Which layer each kernel belongs to, by aligning two sequences of profiled iterations.

On one stream kernels run in the order of their layers, so every layer holds a run of neighbouring
kernels. Which run is told by the times: from the start of its first kernel to the end of its last
one a layer takes its time less what the profiler's event costs, about the same for all layers. The
alignment at which that holds best is found by dynamic programming.

Source: on an H200 kernels of different layers lie 3.7 to 6 us apart in profiled iterations and
those of one layer follow at once, while a layer's time is 3 us longer than its kernels: so the
layer times do not add up to the time between kernels, but each is right by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.measure.kernels.mapping import UNKNOWN, KernelMap, claims_of
from trtcore.result.records.kernel_pass import (
    KernelMapping,
    MappingMethod,
    MappingObstacle,
    ObstacleKind,
)
from trtcore.result.records.layers import Layer, is_marker
from trtcore.stats.arrays import Floats

# What a layer's median may be off by: the 0.5 us that CUDA events resolve, and a share for longer
# layers, whose times vary with clocks and caches. Too little makes good layers unknown, too much
# lets a neighbour's kernel fit.
_NOISE_MS = 0.0005
_NOISE_SHARE = 0.03
# Kernels that a layer may hold beyond the surplus of kernels over layers, where others hold none.
# More makes the table larger for cases that were not seen.
_MOST_EXTRA = 16
# Limits of memory and time: a table of floats takes 16 MB then, and filling all of them seconds.
_MOST_CELLS = 2_000_000
_MOST_STEPS = 300_000_000
# The offset and the sizes settle each other; a loop that has not settled by now alternates.
_ROUNDS = 4
# Misfit of a kernel on a layer that its name excludes: far above that of any plausible time, and
# finite, so that an alignment is still found where names exclude all of them.
_FORBIDDEN = 1e3
# A layer within three times its noise fits, as with three standard deviations.
_CLOSE = 3.0


@dataclass(frozen=True, eq=False)
class _Pass:
    """Medians of profiled iterations: (L,) layer times, and start and end of (K,) kernels."""

    layer_ms: Floats
    start_ms: Floats
    end_ms: Floats

    @property
    def noise_ms(self) -> Floats:
        """(L,) what a layer's time may be off by without meaning anything."""
        return _NOISE_MS + _NOISE_SHARE * self.layer_ms

    def spans_ms(self, sizes: NDArray[np.int64], ends: NDArray[np.int64]) -> Floats:
        """From the start of the first to the end of the last of so many kernels before ``ends``."""
        first, last = (ends - sizes).clip(0, len(self.start_ms) - 1), (ends - 1).clip(0)
        return np.where(sizes > 0, self.end_ms[last] - self.start_ms[first], 0.0)


def map_by_sequence(
    layers: Sequence[Layer],
    kernels: Sequence[str],
    layer_ms: ArrayLike,
    start_ms: ArrayLike,
    kernel_ms: ArrayLike,
) -> KernelMap:
    """Gives each layer the run of kernels that its time fits.

    A kernel's layer is known if both halves of the iterations agree on it, if the time of the layer
    fits its kernels, and if no name says otherwise.

    Args:
        layers: (L,) of the profile, all of one stream.
        kernels: (K,) names, in the order of launch.
        layer_ms: (N, L) layer times of profiled iterations.
        start_ms: (N, K) when each kernel began in the same iterations, after the first one.
        kernel_ms: (N, K) how long each took.
    """
    times, start = np.asarray(layer_ms, np.float64), np.asarray(start_ms, np.float64)
    end = start + np.asarray(kernel_ms, np.float64)
    if len(times) == 0 or not kernels:
        return KernelMap.unknown(len(kernels), MappingObstacle(ObstacleKind.NO_ITERATIONS))
    timed = np.array([i for i, layer in enumerate(layers) if not is_marker(layer)], np.int64)
    if len(timed) == 0 or _takes_too_much(len(timed), len(kernels)):
        numbers = (len(timed), len(kernels))
        return KernelMap.unknown(len(kernels), MappingObstacle(ObstacleKind.TOO_MANY, numbers))
    barred = _barred([layers[i] for i in timed], kernels)
    places = _agreed(times[:, timed], start, end, barred)
    sure = places != UNKNOWN
    if not sure.any():
        numbers = (len(kernels), len(times))
        return KernelMap.unknown(len(kernels), MappingObstacle(ObstacleKind.NO_TIME_FITS, numbers))
    owners = np.where(sure, timed[places], UNKNOWN)
    mapping = KernelMapping(
        MappingMethod.TIMES, mapped=int(sure.sum()), kernels=len(kernels), iterations=len(times)
    )
    return KernelMap(tuple(owners.tolist()), mapping)


def _agreed(
    layer_ms: Floats, start_ms: Floats, end_ms: Floats, barred: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Returns (K,) layers on which all iterations, the even and the odd agree; else `UNKNOWN`."""
    # Halves are aligned too: a kernel that a random fit put on a layer moves.
    whole, *halves = (
        _aligned(_medians(layer_ms[part], start_ms[part], end_ms[part]), barred)
        for part in (slice(None), slice(0, None, 2), slice(1 if len(layer_ms) > 1 else 0, None, 2))
    )
    return np.where(np.all([half == whole for half in halves], axis=0), whole, UNKNOWN)


def _medians(layer_ms: Floats, start_ms: Floats, end_ms: Floats) -> _Pass:
    return _Pass(*(np.median(times, axis=0) for times in (layer_ms, start_ms, end_ms)))


def _barred(layers: Sequence[Layer], kernels: Sequence[str]) -> NDArray[np.bool_]:
    """Returns (L, K): whether a kernel's name says that it belongs to other layers."""
    claims = claims_of(layers, kernels)
    barred = np.zeros((len(layers), len(kernels)), np.bool_)
    for k, name in enumerate(kernels):
        if name in claims:
            barred[:, k] = True
            barred[claims[name], k] = False
    return barred


def _aligned(median: _Pass, barred: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Returns (K,) the layer of each kernel; -1 where the layer's time does not fit."""
    kernels = median.end_ms - median.start_ms
    # First guess of the event cost: all of the difference, shared evenly. Gaps make it too small.
    offset = (median.layer_ms.sum() - kernels.sum()) / len(median.layer_ms)
    sizes = np.full(len(median.layer_ms), -1)
    for _ in range(_ROUNDS):
        before, sizes = sizes, _sizes(median, offset, barred)
        if np.array_equal(sizes, before):
            break
        left = median.layer_ms - median.spans_ms(sizes, np.cumsum(sizes))
        offset = float(np.median(left[sizes > 0]))
    fits = np.abs(left - offset) <= _CLOSE * median.noise_ms
    return np.repeat(np.where(fits, np.arange(len(sizes)), UNKNOWN), sizes)


def _sizes(median: _Pass, offset_ms: float, barred: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Returns (L,) how many kernels each layer holds, at the least misfit in all."""
    layers, kernels = barred.shape
    most = _most_kernels(layers, kernels)
    ends, sizes = np.mgrid[: kernels + 1, : most + 1]
    spans = median.spans_ms(sizes, ends) + offset_ms
    options = np.empty_like(spans)
    # best[k]: least misfit of the layers so far if they hold the first k kernels.
    best = np.where(np.arange(kernels + 1) == 0, 0.0, np.inf)
    chosen = np.zeros((layers, kernels + 1), np.int64)
    for i in range(layers):
        np.abs(np.subtract(median.layer_ms[i], spans, out=options), out=options)
        options /= median.noise_ms[i]
        if barred[i].any():
            before = np.concatenate(([0], np.cumsum(barred[i])))
            options += _FORBIDDEN * (before[:, None] - _at_starts(before, most, 0))
        options += _at_starts(best, most, np.inf)
        chosen[i] = options.argmin(axis=1)
        best = options[np.arange(kernels + 1), chosen[i]]
    return _traced_back(chosen)


def _at_starts(values: NDArray[Any], most: int, outside: float) -> NDArray[Any]:
    """Returns (K + 1, most + 1): of (K + 1,) values the one so many kernels before each end."""
    padded = np.concatenate((np.full(most, outside), values))
    return np.lib.stride_tricks.sliding_window_view(padded, most + 1)[:, ::-1]


def _most_kernels(layers: int, kernels: int) -> int:
    """How many kernels a layer can hold; the alignment takes as many cells for each kernel."""
    return min(kernels, max(kernels - layers, 0) + _MOST_EXTRA)


def _takes_too_much(layers: int, kernels: int) -> bool:
    """Whether a layer's table would take too much memory, or those of all layers too long."""
    cells = _most_kernels(layers, kernels) * kernels
    return cells > _MOST_CELLS or cells * layers > _MOST_STEPS


def _traced_back(chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    layers, kernels = chosen.shape[0], chosen.shape[1] - 1
    sizes, place = np.zeros(layers, np.int64), kernels
    for i in range(layers - 1, -1, -1):
        sizes[i] = chosen[i, place]
        place -= sizes[i]
    return sizes
