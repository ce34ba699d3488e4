"""Makes layer times add up to the latency: takes off what the profiler's events cost.

The profiler records an event between layers, and each one costs the GPU a few microseconds that
an un-profiled run does not pay. That cost is additive, so one constant per layer corrects all of
them. Pure functions of arrays: no GPU, no clock, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.errors import OptionError
from trtcore.result.analysis.reconciliation.bridge import (
    SpanPart,
    cupti_parts,
    graph_parts,
    traced_event_cost,
)
from trtcore.result.records.kernel_pass import KernelPass
from trtcore.result.records.layers import Layer, is_marker
from trtcore.result.records.profile import Profile
from trtcore.stats.arrays import Floats
from trtcore.stats.histogram import medians

RESOLUTION_MS = 0.002
"""Corrected layer times below this are marked: they agree with kernel times within 1 us, so that of
two times as short as that one may be twice the other."""

TRACED = "traced"
CALIBRATED = "calibrated"
SAME_RUN = "same-run"
NOT_CORRECTED = "not corrected"


@dataclass(frozen=True, eq=False)
class Reconciliation:
    """Layer times beside the latency they have to add up to. All times in ms.

    Attributes:
        raw_ms: (L,) medians as the profiler gave them; negative ones are kept as they are.
        corrected_ms: (L,) the same without the event cost, never below zero; a marker has no
            event cost and keeps its time.
        span_ms: the un-profiled latency that the sum is compared with.
        event_cost_ms: what was taken off each layer.
        event_cost_source: ``traced`` (measured in this run, by CUPTI), ``calibrated`` (measured
            apart from this run), ``same-run`` (chosen so that the sum fits, which makes
            ``unexplained_ms`` no test of anything) or ``not corrected`` (none can be had, and
            ``corrected_ms`` are the raw times).
        same_run_cost_ms: the cost at which this run's sum would fit; a cross-check beside a
            calibrated one. With several streams: at which the longest stream would, which is the
            least it can be. NaN where it is not known which layer runs on which stream.
        is_below_resolution: (L,) corrected time under ``RESOLUTION_MS``; False for markers.
        is_marker: (L,) rows that only order streams.
        are_streams_known: whether it is known which layers can have run beside each other.
        stream_ms: corrected sum of each stream, by stream number; empty where they are not known.
        stream_layers: how many layers each stream has, markers left out, by stream number.
        calibrated_cost_ms: the calibrated event cost, whichever was taken off; NaN without one.
        parts: what lies between the corrected layers and the span, each measured; empty where
            nothing is known of it.
        graph_ms: the latency as a CUDA graph, the other total that the corrected sum is compared
            with; NaN without one.
    """

    raw_ms: Floats
    corrected_ms: Floats
    span_ms: float
    event_cost_ms: float
    event_cost_source: str
    same_run_cost_ms: float
    is_below_resolution: NDArray[np.bool_]
    is_marker: NDArray[np.bool_]
    are_streams_known: bool
    stream_ms: dict[int, float]
    stream_layers: dict[int, int]
    calibrated_cost_ms: float = float("nan")
    parts: tuple[SpanPart, ...] = ()
    graph_ms: float = float("nan")

    @property
    def raw_sum_ms(self) -> float:
        """What the profiler's rows add up to."""
        return float(self.raw_ms.sum())

    @property
    def corrected_sum_ms(self) -> float:
        """What the corrected rows add up to."""
        return float(self.corrected_ms.sum())

    @property
    def event_sum_ms(self) -> float:
        """What the correction took off in all."""
        return self.raw_sum_ms - self.corrected_sum_ms

    @property
    def layer_count(self) -> int:
        """Number of rows that are layers."""
        return int((~self.is_marker).sum())

    @property
    def marker_ms(self) -> float:
        """Time of all markers together."""
        return float(self.raw_ms[self.is_marker].sum())

    @property
    def is_corrected(self) -> bool:
        """Whether anything could be said about the cost of events."""
        return self.event_cost_source != NOT_CORRECTED

    @property
    def compared_layers(self) -> int:
        """How many layers the remainder rests on: those of the longest stream, or all of them.

        A latency shorter than the longest stream is compared with that stream, one longer than all
        streams after each other with their sum, and one between the two with neither: then it is 0.
        """
        longest = max(self.stream_ms, key=self.stream_ms.__getitem__, default=0)
        if self.span_ms < self.stream_ms.get(longest, 0.0):
            return self.stream_layers[longest]
        is_between = len(self.stream_ms) > 1 and self.span_ms <= self.corrected_sum_ms
        return 0 if is_between else self.layer_count

    @property
    def overlap_ms(self) -> float:
        """Time saved by streams that run beside each other; 0 with one, NaN if not known."""
        return self.corrected_sum_ms - self._explained_ms

    @property
    def over_graph(self) -> float:
        """The corrected sum as a part of the CUDA graph's time; NaN without one."""
        return self.corrected_sum_ms / self.graph_ms if self.graph_ms else float("nan")

    @property
    def unexplained_ms(self) -> float:
        """The part of the span that layers, overlap of streams and ``parts`` do not account for.

        Negative where the layers account for more than there is, NaN where the overlap is not
        known: then there is only `remainder_ms`, which is both in one.
        """
        return self.span_ms - self._explained_ms - sum(part.ms for part in self.parts)

    @property
    def remainder_ms(self) -> float:
        """The span less the corrected sum: what is unexplained, less the overlap."""
        return self.span_ms - self.corrected_sum_ms

    @property
    def _explained_ms(self) -> float:
        if not self.are_streams_known:
            return float("nan")
        longest = max(self.stream_ms.values(), default=0.0)
        return min(max(self.span_ms, longest), self.corrected_sum_ms)

    @property
    def unexplained_share(self) -> float:
        """``unexplained_ms`` as a part of the span; NaN for a span of 0."""
        return self.unexplained_ms / self.span_ms if self.span_ms else float("nan")


def reconcile(
    layer_ms: ArrayLike,
    span_ms: ArrayLike,
    event_cost_ms: float | None = None,
    *,
    traced_cost_ms: float | None = None,
    layers: Sequence[Layer] = (),
    auxiliary_streams: int = 0,
    resolution_ms: float = RESOLUTION_MS,
) -> Reconciliation:
    """Compares what the layers add up to with the un-profiled latency.

    Where the plan does not tell the streams of an engine that has several, overlap and the cost of
    events cannot be told apart: then only a calibrated cost is taken off.

    Args:
        layer_ms: (L,) medians, or (N, L) samples, of the profiled gated pass.
        span_ms: un-profiled time of an iteration between two events, or (M,) samples of it.
        event_cost_ms: calibrated cost of the event after each layer. Without one it is taken
            from this very run, see `same_run_cost`; with several streams it is then the least
            cost at which no stream is longer than the span.
        traced_cost_ms: the same cost by CUPTI, in this very run; it goes before the calibrated one.
        layers: (L,) what the rows are; if left out, all are layers and run on one stream.
        auxiliary_streams: CUDA streams the engine may use beside the main one.
        resolution_ms: corrected times below it are marked.

    Raises:
        OptionError: shapes that do not fit, times that are not finite, a span or cost below zero.
    """
    raw = _medians(layer_ms)
    span = _span(span_ms)
    markers, streams = _rows(layers, raw.size)
    are_known = not (auxiliary_streams and (streams[~markers] < 0).any())
    # A plan of one stream need not number it: -1 is the main stream then.
    streams = streams.clip(min=0) if are_known else streams[:0]
    same_run = _longest_stream_cost(raw, markers, streams, span) if are_known else float("nan")
    calibrated = float("nan") if event_cost_ms is None else _checked("event_cost_ms", event_cost_ms)
    cost, source = _cost(traced_cost_ms, calibrated, same_run)
    corrected = np.where(markers, raw, raw - cost).clip(min=0.0)
    used = [(int(stream), streams == stream) for stream in np.unique(streams)]
    return Reconciliation(
        raw_ms=raw,
        corrected_ms=raw if source == NOT_CORRECTED else corrected,
        span_ms=span,
        event_cost_ms=cost,
        event_cost_source=source,
        same_run_cost_ms=same_run,
        is_below_resolution=(corrected < resolution_ms) & ~markers & (source != NOT_CORRECTED),
        is_marker=markers,
        are_streams_known=are_known,
        stream_ms={stream: float(corrected[on_it].sum()) for stream, on_it in used},
        stream_layers={stream: int((on_it & ~markers).sum()) for stream, on_it in used},
        calibrated_cost_ms=calibrated,
    )


def reconcile_profile(profile: Profile, *, use_kernels: bool = True) -> Reconciliation | None:
    """Reconciles a profile with its own gated span, event cost and kernels, if it has them.

    Args:
        profile: the profile.
        use_kernels: whether CUPTI's kernels may tell the event cost and the parts of the span.
            Without them, the corrected layers can be held against the kernels.

    Returns:
        None where the passes were not gated: then launch gaps, not events, are most of the excess.
        None too where the times or the cost make no sense, see `reconciliation_obstacle`.
    """
    samples = profile.samples
    if not _is_gated(profile) or reconciliation_obstacle(profile):
        return None
    layers = samples.layer_histograms
    layer_ms = _medians(samples.layer_ms) if layers is None else medians(layers)
    kernels = profile.kernels if use_kernels else None
    result = reconcile(
        layer_ms,
        _median_of(profile, "gated_ms"),
        profile.event_cost.cost_ms if profile.event_cost else None,
        traced_cost_ms=traced_event_cost(layer_ms, kernels),
        layers=profile.layers,
        auxiliary_streams=profile.build.auxiliary_streams if profile.build else 0,
    )
    graph_ms = _median_of(profile, "graph_ms")
    return replace(result, parts=_parts(result, kernels, graph_ms), graph_ms=graph_ms)


def _parts(
    result: Reconciliation, kernels: KernelPass | None, graph_ms: float
) -> tuple[SpanPart, ...]:
    """None where the cost of events is taken from the span itself, and on several streams."""
    if result.event_cost_source not in {TRACED, CALIBRATED} or len(result.stream_ms) != 1:
        return ()
    return cupti_parts(kernels, result.span_ms) or graph_parts(result.span_ms, graph_ms)


def reconciliation_obstacle(profile: Profile) -> str:
    """Returns why a gated profile cannot be reconciled, in words; ``""`` if nothing speaks against.

    Times below zero are kept, but no layers add up to a latency of nothing.
    """
    if not _is_gated(profile):
        return ""
    samples, span = profile.samples, _median_of(profile, "gated_ms")
    layers = samples.layer_histograms
    if not np.isfinite(samples.layer_ms if layers is None else layers.mean_ms).all():
        return "a layer time is NaN or infinite"
    if not np.isfinite(span):
        return "a gated GPU time is NaN or infinite"
    if span <= 0:
        return f"the gated GPU time is {span:.4f} ms"
    cost = profile.event_cost.cost_ms if profile.event_cost else 0.0
    return "" if np.isfinite(cost) and cost >= 0 else f"the event cost is {cost} ms"


def _is_gated(profile: Profile) -> bool:
    return profile.samples.gated_ms.size > 0 and profile.samples.layer_ms.size > 0


def _median_of(profile: Profile, series: str) -> float:
    """The median of an un-profiled series; NaN if it was not measured."""
    times = profile.samples.histogram_of(series)
    values = getattr(profile.samples, series) if times is None else medians(times)
    return float(np.median(values)) if values.size else float("nan")


def same_run_cost(layer_ms: ArrayLike, span_ms: float) -> float:
    """Returns the cost per layer, in ms, at which the corrected layers add up to the span.

    It is ``(sum - span) / L`` as long as every layer is longer than that. A shorter one ends at
    zero, and the cost rises for the rest. 0 where the layers do not even reach the span.
    """
    longest_first = -np.sort(-np.asarray(layer_ms, dtype=np.float64))
    if longest_first.size == 0 or longest_first.clip(min=0.0).sum() <= span_ms:
        return 0.0
    costs = (np.cumsum(longest_first) - span_ms) / np.arange(1, longest_first.size + 1)
    # costs[k - 1] is the cost if just the k longest layers stay above zero.
    # With the k longest layers above zero the cost must lie below the k-th: the last such k.
    return float(costs[np.flatnonzero(costs <= longest_first)[-1]])


def _longest_stream_cost(
    raw: Floats, markers: NDArray[np.bool_], streams: NDArray[np.int64], span: float
) -> float:
    costs = [0.0]
    for stream in np.unique(streams):
        on_it = streams == stream
        # Markers have no event, so their time is no part of what the cost can be taken off.
        left = span - float(raw[on_it & markers].sum())
        costs.append(same_run_cost(raw[on_it & ~markers], max(left, 0.0)))
    return max(costs)


def _cost(traced_ms: float | None, calibrated_ms: float, same_run_ms: float) -> tuple[float, str]:
    if traced_ms is not None:
        return _checked("traced_cost_ms", traced_ms), TRACED
    if not np.isnan(calibrated_ms):
        return calibrated_ms, CALIBRATED
    if np.isnan(same_run_ms):
        return 0.0, NOT_CORRECTED
    return same_run_ms, SAME_RUN


def _medians(layer_ms: ArrayLike) -> Floats:
    times = _numbers("layer_ms", layer_ms)
    if times.ndim not in {1, 2} or times.shape[0] == 0:
        raise OptionError(f"layer_ms has shape {times.shape}, expected (L,) or (N, L) with N > 0")
    if not np.isfinite(times).all():
        raise OptionError("layer_ms holds a time that is not finite; leave such iterations out")
    return times if times.ndim == 1 else np.median(times, axis=0)


def _span(span_ms: ArrayLike) -> float:
    samples = _numbers("span_ms", span_ms)
    if samples.size == 0:
        raise OptionError("span_ms is empty, expected a time or samples of it")
    return _checked("span_ms", float(np.median(samples)))


def _numbers(name: str, given: ArrayLike) -> Floats:
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise OptionError(f"{name} is {given!r:.60}, expected times in ms") from None


def _checked(name: str, value: Any) -> float:
    if not np.isfinite(value) or value < 0:
        raise OptionError(f"{name} is {value}, expected a finite time of at least 0 ms")
    return float(value)


def _rows(layers: Sequence[Layer], count: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    if not layers:
        return np.zeros(count, dtype=np.bool_), np.full(count, -1, dtype=np.int64)
    if len(layers) != count:
        raise OptionError(f"layer_ms has {count} columns, but there are {len(layers)} layers")
    markers = np.array([is_marker(layer) for layer in layers], dtype=np.bool_)
    return markers, np.array([layer.stream for layer in layers], dtype=np.int64)
