"""From the layer times to the latency, step by step, as the bars of a waterfall."""

from __future__ import annotations

from math import isnan, nan
from typing import NamedTuple

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.reconciliation.reconcile import Reconciliation


class Step(NamedTuple):
    """A bar: a total, or what leads from one total to the next.

    Attributes:
        label: what it is.
        ms: the total, or the change.
        is_total: whether it is a total.
    """

    label: str
    ms: float
    is_total: bool = False


def latency_steps(analysis: Analysis) -> tuple[Step, ...]:
    """Returns the steps from the layers as measured to the latency; their sums are the totals.

    Without gated passes nothing is known of what lies between, so that one step leads from the
    layers to the latency; without a latency the layers are the only bar.
    """
    latency = analysis.latency.wall
    latency_ms = latency.median_ms if latency else nan
    reconciled = analysis.reconciliation
    if reconciled is None:
        return _without_gates(sum(row.median_ms for row in analysis.rows), latency_ms)
    steps = (*_to_span(reconciled), Step("gated span", reconciled.span_ms, is_total=True))
    if isnan(latency_ms):
        return steps
    waits = Step("waiting for the host", latency_ms - reconciled.span_ms)
    return (*steps, waits, Step("latency", latency_ms, is_total=True))


def _without_gates(layers_ms: float, latency_ms: float) -> tuple[Step, ...]:
    layers = Step("layers as measured", layers_ms, is_total=True)
    if isnan(latency_ms) or isnan(layers_ms):
        return () if isnan(layers_ms) else (layers,)
    rest = Step("not told apart", latency_ms - layers_ms)
    return layers, rest, Step("latency", latency_ms, is_total=True)


def _to_span(result: Reconciliation) -> tuple[Step, ...]:
    corrected = (
        Step("events", -result.event_sum_ms),
        Step("layers corrected", result.corrected_sum_ms, is_total=True),
    )
    overlap = (Step("overlap of streams", -result.overlap_ms),)
    known = result.are_streams_known
    left = result.unexplained_ms if known else result.remainder_ms
    return (
        Step("layers as measured", result.raw_sum_ms, is_total=True),
        *(corrected if result.is_corrected else ()),
        *(overlap if len(result.stream_ms) > 1 else ()),
        *(Step(part.kind.value, part.ms) for part in result.parts),
        Step("unexplained" if known else "unexplained or overlap", left),
    )
