"""From the corrected layer times to the gated span: what lies between, each part measured.

Layer times are of profiled iterations, in which events keep the kernels of different layers apart.
Un-profiled, neighbours slow each other down, begin before the other has ended, or leave gaps. Pure
functions of arrays and records.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.result.records.kernel_pass import KernelPass
from trtcore.stats.arrays import Floats
from trtcore.stats.timeline import idle_before, merge_runs

Owners = NDArray[np.int64]


class PartKind(Enum):
    """What a part of the gated span is."""

    NEIGHBOURS = "longer beside neighbours"
    """What layers take longer un-profiled than alone."""
    OVERLAP = "overlap of neighbours"
    """Time in which a layer ran before the one before it had ended; negative."""
    GAPS = "gaps between kernels"
    """Time between layers in which no kernel ran."""
    TRACING = "tracing itself"
    """What CUPTI adds to the figures above; negative where it makes the span longer."""
    PASSES = "change between passes"
    """What the span was longer in the run than in the traced pass, for which the above holds."""
    GAPS_AND_NEIGHBOURS = "gaps and neighbours"
    """What a CUDA graph saves: about the gaps, 0.6 to 1.3 times those by CUPTI on 13 engines."""


class PartSource(Enum):
    """How a part was measured."""

    UNPROFILED_LESS_PROFILED_KERNELS = "kernels, un-profiled less profiled"
    UNPROFILED_KERNELS = "kernels, un-profiled"
    GATED_SPANS_WITH_CUPTI = "gated spans with and without CUPTI"
    GATED_SPANS_OF_PASSES = "gated spans of the run and of the traced pass, without CUPTI"
    GATED_LESS_GRAPH = "gated span less CUDA graph"


@dataclass(frozen=True)
class SpanPart:
    """A part of the gated span that is in no layer time.

    Attributes:
        kind: what it is.
        ms: how long; negative where it shortens the span.
        source: how it was measured.
    """

    kind: PartKind
    ms: float
    source: PartSource


@dataclass(frozen=True)
class Occupancy:
    """A traced iteration in layers: medians over iterations, in ms.

    A layer lasts from the start of its first kernel to the end of its last, so that gaps between
    its own kernels are its own. A kernel whose layer is not known counts as one.

    Attributes:
        layer_ms: sum of all layers.
        overlap_ms: the part of the sum that ran beside other layers.
        gap_ms: time between the first start and the last end in which no layer ran.
    """

    layer_ms: float
    overlap_ms: float
    gap_ms: float


def occupancy(start_ms: ArrayLike, kernel_ms: ArrayLike, owners: ArrayLike) -> Occupancy:
    """Sums traced iterations up by layers.

    Args:
        start_ms: (N, K) when each kernel began; N > 0 and K > 0.
        kernel_ms: (N, K) how long it took.
        owners: (K,) position of its layer; -1 if not known.
    """
    start, length = merge_runs(start_ms, kernel_ms, owners)
    gaps = idle_before(start, length).sum(axis=1)
    span = (start + length).max(axis=1) - start.min(axis=1)
    return Occupancy(
        layer_ms=float(np.median(length.sum(axis=1))),
        overlap_ms=float(np.median(length.sum(axis=1) - (span - gaps))),
        gap_ms=float(np.median(gaps)),
    )


def cupti_parts(kernels: KernelPass | None, span_ms: float) -> tuple[SpanPart, ...]:
    """Returns the parts of the gated span by CUPTI; none where they cannot be told.

    They need profiled iterations too, and one stream: on several, events do not keep kernels apart.

    Args:
        kernels: the traced pass.
        span_ms: median gated span of the run, which is another pass.
    """
    if not can_bridge(kernels):
        return ()
    assert kernels is not None
    assert kernels.profiled is not None
    alone = occupancy(kernels.profiled.start_ms, kernels.profiled.kernel_ms, kernels.layers)
    beside = occupancy(kernels.start_ms, kernels.kernel_ms, kernels.layers)
    return (
        SpanPart(
            PartKind.NEIGHBOURS,
            beside.layer_ms - alone.layer_ms,
            PartSource.UNPROFILED_LESS_PROFILED_KERNELS,
        ),
        SpanPart(PartKind.OVERLAP, -beside.overlap_ms, PartSource.UNPROFILED_KERNELS),
        SpanPart(PartKind.GAPS, beside.gap_ms, PartSource.UNPROFILED_KERNELS),
        *_other_passes(kernels, span_ms),
    )


def can_bridge(kernels: KernelPass | None) -> bool:
    """Whether CUPTI tells what lies between the layers and the gated span."""
    # Un-gated, the gaps are the host's; on several streams a layer has no one neighbour.
    return (
        kernels is not None
        and kernels.profiled is not None
        and kernels.is_gated
        and len(set(kernels.streams)) == 1
        and kernels.kernel_ms.size > 0
        and kernels.profiled.kernel_ms.size > 0
    )


def _other_passes(kernels: KernelPass, span_ms: float) -> tuple[SpanPart, ...]:
    """What leads from the span with CUPTI to the one beside it, and from there to the run's."""
    if not kernels.gated_ms.size or not kernels.plain_gated_ms.size:
        return ()
    plain_ms = float(np.median(kernels.plain_gated_ms))
    faster = plain_ms - float(np.median(kernels.gated_ms))
    # A GPU may leave a state in between: the cost of events is of the traced pass as well.
    changed = span_ms - plain_ms
    return (
        SpanPart(PartKind.TRACING, faster, PartSource.GATED_SPANS_WITH_CUPTI),
        SpanPart(PartKind.PASSES, changed, PartSource.GATED_SPANS_OF_PASSES),
    )


def graph_parts(span_ms: float, graph_ms: float) -> tuple[SpanPart, ...]:
    """Returns what the gated span has more than a CUDA graph; nothing without a graph (NaN)."""
    if np.isnan(graph_ms):
        return ()
    saved = span_ms - graph_ms
    return (SpanPart(PartKind.GAPS_AND_NEIGHBOURS, saved, PartSource.GATED_LESS_GRAPH),)


def traced_event_cost(raw_ms: Floats, kernels: KernelPass | None) -> float | None:
    """Returns what the event after each layer costs in this very run, by CUPTI, in ms.

    That is what the profiler charges a layer beyond its kernels' time in the same iterations, less
    what CUPTI itself adds to a layer: the median over the layers that have one kernel, as those of
    several may have gaps. The second part is the mean over all layers, whose sums are compared.

    Args:
        raw_ms: (L,) layer medians of the run, without CUPTI.
        kernels: the traced pass.

    Returns:
        None where it cannot be told, or is no cost.
    """
    if not can_bridge(kernels):
        return None
    assert kernels is not None
    assert kernels.profiled is not None
    columns = lone_kernels(np.array(kernels.layers, dtype=np.int64))
    if not columns.size:
        return None
    owners = np.array(kernels.layers, dtype=np.int64)[columns]
    layer_ms = kernels.profiled.layer_ms.astype(np.float64)
    charged = np.median(layer_ms[:, owners] - kernels.profiled.kernel_ms[:, columns], axis=0)
    by_cupti = float(np.median(layer_ms, axis=0).sum() - raw_ms.sum()) / raw_ms.size
    cost = float(np.median(charged)) - by_cupti
    return cost if np.isfinite(cost) and cost >= 0 else None


def lone_kernels(owners: Owners) -> NDArray[np.intp]:
    """Returns the positions of the kernels that are the only one of their layer."""
    counts = np.bincount(owners[owners >= 0], minlength=1)
    return np.flatnonzero((owners >= 0) & (counts[owners.clip(min=0)] == 1))
