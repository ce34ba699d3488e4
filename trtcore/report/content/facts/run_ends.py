"""Texts on how a warm-up and a measurement ended."""

from __future__ import annotations

from collections.abc import Callable

from trtcore.result.records.counts import Stop, StopReason, WarmUpEnd, WarmUpReason

# An interval and its target are shown with as many digits as tell them apart, from 2 on.
_DIGITS = range(2, 20)


def warm_up_text(end: WarmUpEnd) -> str:
    """Returns ``steady``, or such as ``not steady: iteration time still changing by 1.3%``."""
    if end.is_steady:
        return "steady"
    if end.reason is WarmUpReason.OTHER:
        return end.note
    return f"not steady: {_unsteady(end)}"


def _unsteady(end: WarmUpEnd) -> str:
    after = " after the layers changed" if end.have_layers_changed else ""
    texts = {
        WarmUpReason.TOO_SHORT: f"{end.least_ms:g} ms and {end.iterations} iterations required",
        WarmUpReason.TOO_FEW: f"two windows of {end.iterations} iterations required{after}",
        WarmUpReason.TIMES_CHANGE: f"iteration time still changing by {end.change:.1%}",
        WarmUpReason.CLOCK_CHANGES: f"SM clock still changing by {end.change:.1%}",
    }
    return texts[end.reason]


def stop_text(stop: Stop) -> str:
    """Returns such as ``stable after 3.2 s: iteration time within 0.31%``."""
    if stop.reason is StopReason.OTHER:
        return stop.note
    stable = "stable" if stop.is_converged else "not stable"
    return f"{stable} after {stop.seconds:.1f} s: {_REASONS[stop.reason](stop)}"


def _name(stop: Stop) -> str:
    if not stop.layer:
        return "iteration time"
    return f"layer {stop.layer}" + (f" (no. {stop.which} of this name)" if stop.which else "")


def _apart(found: float, wanted: float) -> str:
    texts = ((f"{found:.{n}%}", f"{wanted:.{n}%}") for n in _DIGITS)
    # Figures that are equal to 18 digits: the comparison that ended the run still told them apart.
    pair = next((pair for pair in texts if pair[0] != pair[1]), ("more", "less"))
    return f"{pair[0]}, target {pair[1]}"


def _modes(stop: Stop) -> str:
    return " and ".join(f"{ms:.4g}" for ms in stop.figures)


_REASONS: dict[StopReason, Callable[[Stop], str]] = {
    StopReason.CONVERGED: lambda stop: f"{_name(stop)} within {stop.figures[0]:.2%}",
    StopReason.TOO_FEW_BATCHES: lambda stop: (
        f"{stop.figures[0]:g} batches of iterations, {stop.figures[1]:g} required"
    ),
    StopReason.TOO_SHORT: lambda stop: f"{stop.figures[0]} s required",
    StopReason.NOT_A_NUMBER: lambda stop: f"{_name(stop)} has a time that is NaN or infinite",
    StopReason.NOT_POSITIVE: lambda stop: (
        f"{_name(stop)} is not positive ({stop.figures[0]:.4g} ms)"
    ),
    StopReason.TOO_WIDE: lambda stop: f"{_name(stop)} within {_apart(*stop.figures)}",
    StopReason.JUMPS: lambda stop: f"{_name(stop)} is bimodal ({_modes(stop)} ms)",
    StopReason.STRAYS: lambda stop: (
        f"{stop.figures[0]:g} of {stop.figures[1]:g} batches of {_name(stop)} are outliers"
    ),
    StopReason.DRIFTS: lambda stop: f"{_name(stop)} drifts ({stop.figures[0]:+.2%} so far)",
}
