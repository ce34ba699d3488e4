"""What a traced pass says about layers: kernel time, kernels per layer, and gaps between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.result.records.kernel_pass import KernelPass
from trtcore.stats.arrays import Floats
from trtcore.stats.timeline import idle_before


@dataclass(frozen=True, eq=False)
class LayerKernels:
    """The kernels of each layer. NaN for a layer that no kernel is known for.

    Attributes:
        count: (L,) kernels of the layer.
        kernel_ms: (L,) median over the iterations of the sum of its kernels.
        gap_ms: (L,) median of the time before its kernels in which no kernel ran at all; the time
            before the first kernel of an iteration is none.
    """

    count: NDArray[np.int64]
    kernel_ms: Floats
    gap_ms: Floats


@dataclass(frozen=True)
class KernelTotals:
    """A traced iteration as a whole: medians over the iterations, in ms.

    Attributes:
        count: kernels of an iteration.
        kernel_ms: sum of their times.
        busy_ms: time in which at least one ran.
        gap_ms: time between the first start and the last end in which none ran.
        span_ms: from the first start to the last end.
        unmapped: kernels whose layer is not known.
        unmapped_ms: sum of their times.
        slow_down: host time of an iteration with CUPTI over that without; NaN if not measured.
    """

    count: int
    kernel_ms: float
    busy_ms: float
    gap_ms: float
    span_ms: float
    unmapped: int
    unmapped_ms: float
    slow_down: float


def layer_kernels(kernels: KernelPass, layer_count: int) -> LayerKernels:
    """Sums the kernels of each layer up.

    Args:
        kernels: the traced pass.
        layer_count: L, as in the profile.
    """
    owners = np.array(kernels.layers, dtype=np.int64)
    times, gaps = kernels.kernel_ms.astype(np.float64), _idle_before(kernels)
    count = np.bincount(owners[owners >= 0], minlength=layer_count)
    kernel_ms, gap_ms = np.full(layer_count, np.nan), np.full(layer_count, np.nan)
    for layer in np.flatnonzero(count):
        mine = owners == layer
        kernel_ms[layer] = _median(times[:, mine].sum(axis=1))
        gap_ms[layer] = _median(gaps[:, mine].sum(axis=1))
    return LayerKernels(count, kernel_ms, gap_ms)


def times_alone(kernels: KernelPass, layer_count: int) -> Floats | None:
    """Returns (L,) what the kernels of each layer take in profiled iterations, in ms.

    Events keep them apart from those of other layers. It is the median of the time from the first
    start to the last end, as the gaps between a layer's own kernels are in its time too; NaN where
    no kernel is known.

    Returns:
        None if no profiled iterations were traced.
    """
    if kernels.profiled is None or not kernels.profiled.kernel_ms.size:
        return None
    owners = np.array(kernels.layers, dtype=np.int64)
    start = kernels.profiled.start_ms.astype(np.float64)
    end = start + kernels.profiled.kernel_ms
    alone = np.full(layer_count, np.nan)
    for layer in np.unique(owners[owners >= 0]):
        mine = owners == layer
        alone[layer] = np.median(end[:, mine].max(axis=1) - start[:, mine].min(axis=1))
    return alone


def kernel_totals(kernels: KernelPass) -> KernelTotals:
    """Sums a traced pass up."""
    times, gaps = kernels.kernel_ms.astype(np.float64), _idle_before(kernels).sum(axis=1)
    lost = np.array(kernels.layers, dtype=np.int64) < 0
    if kernels.start_ms.size:
        spans = (kernels.start_ms.astype(np.float64) + times).max(axis=1)
    else:
        spans = np.zeros(len(times))
    walls = _median(kernels.wall_ms), _median(kernels.plain_wall_ms)
    return KernelTotals(
        count=len(kernels.names),
        kernel_ms=_median(times.sum(axis=1)),
        busy_ms=_median(spans - gaps),
        gap_ms=_median(gaps),
        span_ms=_median(spans),
        unmapped=int(lost.sum()),
        unmapped_ms=_median(times[:, lost].sum(axis=1)),
        slow_down=walls[0] / walls[1] if walls[1] > 0 else float("nan"),
    )


def _idle_before(kernels: KernelPass) -> Floats:
    return idle_before(kernels.start_ms, kernels.kernel_ms)


def _median(values: NDArray[np.floating]) -> float:
    return float(np.median(values)) if values.size else float("nan")


# The two limits by which docs/method_details.md states its agreement with CUPTI. 1 us is half of
# `RESOLUTION_MS` of `trtcore.result.analysis.reconciliation.reconcile`, below which corrected times
# are marked.
CLOSE_SHARE = 0.1
CLOSE_MS = 0.001
LONGEST = 10


@dataclass(frozen=True)
class KernelAgreement:
    """Corrected layer times beside the kernel times of the same layers.

    Attributes:
        layers: layers whose kernels are known.
        close: of them, those within 10 % of the kernel time or 1 us.
        close_share: the part of all kernel time that those hold.
        median_error_ms: median over the layers of the absolute difference.
        longest: how many layers are looked at for ``common``: 10, or all if there are fewer.
        common: layers among the longest by kernel time and by corrected time alike.
    """

    layers: int
    close: int
    close_share: float
    median_error_ms: float
    longest: int
    common: int


def agreement(corrected_ms: ArrayLike, kernel_ms: ArrayLike) -> KernelAgreement | None:
    """Compares (L,) corrected times with (L,) kernel times in ms; NaN is a kernel not known.

    Returns:
        None if no kernel is known.
    """
    corrected, kernel = np.asarray(corrected_ms, np.float64), np.asarray(kernel_ms, np.float64)
    known = ~np.isnan(kernel)
    if not known.any():
        return None
    corrected, kernel = corrected[known], kernel[known]
    error = np.abs(corrected - kernel)
    close = error <= np.maximum(CLOSE_SHARE * kernel, CLOSE_MS)
    longest = [set(np.argsort(-times, kind="stable")[:LONGEST]) for times in (corrected, kernel)]
    return KernelAgreement(
        layers=kernel.size,
        close=int(close.sum()),
        close_share=float(kernel[close].sum() / kernel.sum()),
        median_error_ms=float(np.median(error)),
        longest=len(longest[0]),
        common=len(longest[0] & longest[1]),
    )
