"""How a warm-up and a measurement ended, from the words of version 1."""

from __future__ import annotations

import re
from dataclasses import replace

from trtcore.result.records.counts import Stop, StopReason, WarmUpEnd, WarmUpReason
from trtcore.result.schema1.trees import Rule, first_match, part

_STOP = re.compile(r"(?:not )?stable after ([\d.]+) s: (.*)", re.DOTALL)
# These letters also make up ``nan``, ``inf`` and ``1e-05``, which version 1 wrote too.
_PERCENT = r"([-+\d.einfa]+%)"
_NUMBER = r"([-+\d.einfa]+)"
_NAME = r"(?:the total|layer (.*?)(?: \(number (\d+) of that name\))?)"

_WARM_UP: tuple[Rule[WarmUpEnd], ...] = (
    ("steady", lambda _: WarmUpEnd(WarmUpReason.STEADY)),
    (
        rf"not steady: {_NUMBER} ms and (\d+) iterations are needed",
        lambda m: WarmUpEnd(WarmUpReason.TOO_SHORT, least_ms=float(m[1]), iterations=int(m[2])),
    ),
    (
        r"not steady: two windows of (\d+) iterations are needed( after the layers changed)?",
        lambda m: WarmUpEnd(
            WarmUpReason.TOO_FEW, iterations=int(m[1]), have_layers_changed=m[2] is not None
        ),
    ),
    (
        rf"not steady: iterations still changed by {_PERCENT}",
        lambda m: WarmUpEnd(WarmUpReason.TIMES_CHANGE, change=part(m[1])),
    ),
    (
        rf"not steady: the clock still changed by {_PERCENT}",
        lambda m: WarmUpEnd(WarmUpReason.CLOCK_CHANGES, change=part(m[1])),
    ),
)


def warm_up_of(text: str) -> WarmUpEnd:
    """Returns how a warm-up ended."""
    known = first_match(_WARM_UP, text)
    return known or WarmUpEnd(WarmUpReason.OTHER, note=text)


def _named(reason: StopReason, match: re.Match[str], *figures: float) -> Stop:
    """Of the total, or of the layer that a pattern names first."""
    return Stop(reason, layer=match[1] or "", which=int(match[2] or 0), figures=figures)


def _jumps(match: re.Match[str]) -> Stop:
    return Stop(StopReason.JUMPS, figures=tuple(map(float, match[1].split(" and "))))


_REASONS: tuple[Rule[Stop], ...] = (
    (
        rf"the total is within {_PERCENT}",
        lambda m: Stop(StopReason.CONVERGED, figures=(part(m[1]),)),
    ),
    (
        r"(\d+) batches of iterations, (\d+) are needed",
        lambda m: Stop(StopReason.TOO_FEW_BATCHES, figures=(float(m[1]), float(m[2]))),
    ),
    (
        rf"{_NUMBER} s are needed",
        lambda m: Stop(StopReason.TOO_SHORT, figures=(float(m[1]),)),
    ),
    (
        rf"{_NAME} is not known, as a time is not a number",
        lambda m: _named(StopReason.NOT_A_NUMBER, m),
    ),
    (
        rf"{_NAME} takes {_NUMBER} ms, which no work does",
        lambda m: _named(StopReason.NOT_POSITIVE, m, float(m[3])),
    ),
    (
        rf"{_NAME} is within {_PERCENT}, wanted {_PERCENT}",
        lambda m: _named(StopReason.TOO_WIDE, m, part(m[3]), part(m[4])),
    ),
    (r"the total jumps between (.*) ms", _jumps),
    (
        r"(\d+) of (\d+) batches of the total lie apart from the others",
        lambda m: Stop(StopReason.STRAYS, figures=(float(m[1]), float(m[2]))),
    ),
    (
        rf"the total drifts, so far by {_PERCENT}",
        lambda m: Stop(StopReason.DRIFTS, figures=(part(m[1]),)),
    ),
)


def stop_of(text: str) -> Stop:
    """Returns why a run ended."""
    match = _STOP.fullmatch(text)
    known = first_match(_REASONS, match[2]) if match else None
    if match is None or known is None:
        return Stop(StopReason.OTHER, note=text)
    return replace(known, seconds=float(match[1]))
