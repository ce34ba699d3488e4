"""The closing block of a report: how the layer times lead to the latency, line by line."""

from __future__ import annotations

from math import isnan, nan

from trtcore.errors import argument
from trtcore.report.content.times.span_parts import Line, part_lines, rounded, total_lines
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.reconciliation.reconcile import (
    CALIBRATED,
    NOT_CORRECTED,
    SAME_RUN,
    TRACED,
    Reconciliation,
)

Interval = tuple[float, float]


def explain(
    result: Reconciliation,
    latency_ms: float = nan,
    event_cost_interval: Interval | None = None,
) -> tuple[Line, ...]:
    """Puts a reconciliation into words: from the layers to the gated span, latency and CUDA graph.

    Args:
        result: the reconciliation.
        latency_ms: median host time of an un-profiled iteration; NaN if it was not measured.
        event_cost_interval: 95 % interval of a calibrated event cost, in ms per layer.
    """
    # In the order of the calculation, so that a reader can add the lines up by hand.
    corrected = Line("layer times corrected", result.corrected_sum_ms, _below(result))
    return (
        Line("layer times as measured", result.raw_sum_ms, _layers(result)),
        *_markers(result),
        Line("events between layers", -result.event_sum_ms, _cost(result, event_cost_interval)),
        *((corrected,) if result.is_corrected else ()),
        *_streams(result),
        *part_lines(result),
        _last(result, event_cost_interval),
        *total_lines(result, latency_ms),
    )


def _layers(result: Reconciliation) -> str:
    # Negative times shorten the sum unnoticed, so they are named beside it.
    negative = int((result.raw_ms < 0).sum())
    words = _count(result.layer_count, "layer")
    if negative:
        words += f"; {negative} below zero: the device's event times cannot be trusted"
    return words


def _markers(result: Reconciliation) -> tuple[Line, ...]:
    count = int(result.is_marker.sum())
    words = f"{_count(count, 'signal or wait', 'signals and waits')}, in the sum above"
    return (Line("of it, markers", result.marker_ms, words),) if count else ()


def _cost(result: Reconciliation, interval: Interval | None) -> str:
    if not result.is_corrected:
        return "nothing taken off: not calibrated, and in this run overlap hides what events cost"
    words = f"{_count(result.layer_count, 'layer')} x {_us(result.event_cost_ms)}{_at_zero(result)}"
    between = f", 95 % within {_us(interval[0])} to {_us(interval[1])}" if interval else ""
    if result.event_cost_source == TRACED:
        return f"{words}, by CUPTI in this run; {_apart(result, between)}"
    if result.event_cost_source == CALIBRATED:
        # The same-run cost is an independent check of the calibration, so both are shown.
        least = "at least " if len(result.stream_ms) > 1 else ""
        own = f"; this run alone would give {least}{_us(result.same_run_cost_ms)}"
        return (
            f"{words}, calibrated apart from this run{between}"
            f"{own if result.are_streams_known and not result.parts else ''}"
        )
    if len(result.stream_ms) > 1:
        return f"{words}, the least that fits the longest stream; not calibrated"
    return f"{words}, chosen so that the sum fits this run; not calibrated"


def _apart(result: Reconciliation, between: str) -> str:
    """The calibrated cost, which was not used."""
    if isnan(result.calibrated_cost_ms):
        return "not calibrated"
    return f"calibrated apart from it: {_us(result.calibrated_cost_ms)}{between}"


def _at_zero(result: Reconciliation) -> str:
    """Why less was taken off than the product, or even something added."""
    is_negative = result.raw_ms < 0
    # Markers pay no event cost, so that a short one was not cut.
    cut = ~is_negative & ~result.is_marker & (result.raw_ms < result.event_cost_ms)
    found = [
        f"{number} {words}"
        for number, words in (
            (int(cut.sum()), "shorter, cut to zero"),
            (int(is_negative.sum()), "below zero, raised to zero"),
        )
        if number
    ]
    return f" ({'; '.join(found)})" if found else ""


def _below(result: Reconciliation) -> str:
    count = int(result.is_below_resolution.sum())
    return f"{_count(count, 'layer')} below the resolution" if count else ""


def _streams(result: Reconciliation) -> tuple[Line, ...]:
    if len(result.stream_ms) < 2:
        return ()
    serial = argument("serial", True)
    words = f"layers ran beside each other; {serial} builds an engine whose layers add up"
    return (
        *(Line(f"of it, stream {name}", ms) for name, ms in result.stream_ms.items()),
        Line("overlap of streams", -result.overlap_ms, words),
    )


def _last(result: Reconciliation, interval: Interval | None) -> Line:
    if result.are_streams_known:
        return Line("unexplained", result.unexplained_ms, _unexplained(result, interval))
    hidden = "remainder and overlap" if result.is_corrected else "remainder, overlap and events"
    words = (
        f"{_share(result, result.remainder_ms)}; the plan does not tell which layers run beside "
        f"each other, so that {hidden} cannot be told apart; {argument('serial', True)} builds an "
        "engine whose layers add up"
    )
    return Line("unexplained or overlap", result.remainder_ms, words)


def _unexplained(result: Reconciliation, interval: Interval | None) -> str:
    words = _share(result, result.unexplained_ms)
    # A cost taken from this run was chosen to make the remainder vanish.
    if result.event_cost_source in {SAME_RUN, NOT_CORRECTED}:
        return f"{words}; no test, as the event cost was taken from this run"
    is_calibrated = result.event_cost_source == CALIBRATED
    if not is_calibrated or interval is None or not result.compared_layers:
        return words
    # The error of the one constant adds up over all layers it was taken off.
    half_width = (interval[1] - interval[0]) / 2 * result.compared_layers
    return f"{words}; the interval of the event cost alone allows {half_width:.4f} ms either way"


def _share(result: Reconciliation, ms: float) -> str:
    if not result.span_ms:
        return "no share of an un-profiled time of 0 ms"
    return f"{rounded(ms / result.span_ms, 3):+.1%} of the un-profiled {result.span_ms:.4f} ms"


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _us(ms: float) -> str:
    return f"{ms * 1000:.2f} us"


Figure = tuple[str, str, str]


def reconciliation_facts(analysis: Analysis) -> tuple[Figure, ...]:
    """Returns a label, a time and words for every line; empty without gated passes."""
    result, cost = analysis.reconciliation, analysis.profile.event_cost
    if result is None:
        return ()
    latency = analysis.series["wall_ms"]
    interval = cost.interval if cost else None
    return tuple(
        (line.label[:1].upper() + line.label[1:], _ms(line.ms), line.words)
        for line in explain(result, latency.median_ms if latency else nan, interval)
    )


def _ms(ms: float) -> str:
    return f"{rounded(ms, 4):.4f} ms"
