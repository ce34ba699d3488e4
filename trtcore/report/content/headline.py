"""The first lines of a report: one sentence with the outcome, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan
from typing import NamedTuple

from trtcore.report.content.rows.concentration import concentrate, concentration_text
from trtcore.report.content.rows.labels import row_labels
from trtcore.report.content.times.span_parts import rounded
from trtcore.report.content.warnings import profile_warnings
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.warning_kinds import WarningKind

GOOD, WARN, UNKNOWN = "good", "warning", "unknown"

# Which warnings are about what; the others are in the count only.
_OF_SUM = {WarningKind.NOT_RECONCILED, WarningKind.SUM_DIFFERS, WarningKind.BELOW_ZERO}
_OF_CLOCKS = {WarningKind.CLOCK_UNSTABLE, WarningKind.THROTTLED}
_OF_TIMES = {
    WarningKind.UNSTEADY,
    WarningKind.SERIES,
    WarningKind.WARM_UP_NOT_STEADY,
    WarningKind.NOT_CONVERGED,
    WarningKind.INTERRUPTED,
    WarningKind.FAILED,
}


class Trust(NamedTuple):
    """One thing that the figures of a report depend on.

    Attributes:
        label: what it is about.
        text: how it is.
        state: ``good``, ``warning``, or ``unknown`` where it was not measured.
    """

    label: str
    text: str
    state: str


def verdict_text(analysis: Analysis) -> str:
    """Returns what one inference takes, where, and which layers hold the time, in sentences."""
    return " ".join(filter(None, (_takes(analysis), _longest(analysis), _half(analysis))))


def setting_text(analysis: Analysis) -> str:
    """Returns such as ``in fp16 at batch 4 on NVIDIA H200``, of what is known."""
    profile = analysis.profile
    device = profile.environment.device or profile.environment.cpu
    parts = (
        f"in {profile.precision}" if profile.precision else "",
        f"at batch {profile.batch}" if profile.batch else "",
        f"on {device}" if device else "",
    )
    return " ".join(filter(None, parts))


def trust_strip(analysis: Analysis) -> tuple[Trust, ...]:
    """Returns the unexplained part, clocks, steadiness, iterations and number of warnings."""
    kinds = {warning.kind for warning in analysis.warnings}
    lines = profile_warnings(analysis)
    count = len(lines)
    warnings = f"{count} warning{'' if count == 1 else 's'}" if count else "none"
    return (
        _unexplained(analysis, bool(kinds & _OF_SUM)),
        _clocks(analysis, bool(kinds & _OF_CLOCKS)),
        _steadiness(analysis, bool(kinds & _OF_TIMES)),
        Trust("Iterations", _iterations(analysis), GOOD if _measured(analysis) else UNKNOWN),
        Trust("Warnings", warnings, WARN if count else GOOD),
    )


def rate_text(rate: float) -> str:
    """Items per second: whole ones of many, three digits of few."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def _takes(analysis: Analysis) -> str:
    name, where = analysis.profile.model.name, setting_text(analysis)
    subject = f"{name} {where}".strip()
    wall = analysis.latency.wall
    if wall is None:
        total = sum(row.own_ms for row in analysis.rows)
        if not analysis.rows or isnan(total):
            return f"{subject}: nothing was timed."
        return f"The layers of {subject} take {total:.4g} ms; the latency was not measured."
    rate = analysis.latency.items_per_s
    # Of the mean, as a slow iteration costs throughput: on an unsteady run not 1 / median.
    items = "" if isnan(rate) else f"; on average {rate_text(rate)} items per second"
    return f"{subject} takes {wall.median_ms:.4g} ms (median){items}."


def _longest(analysis: Analysis) -> str:
    positions = concentrate(analysis).positions[:1]
    if not positions:
        return ""
    (label,) = row_labels(analysis, positions)
    share = f"{100 * analysis.rows[positions[0]].share:.1f} %"
    return f"The longest layer is {label} with {share} of the layer time."


def _half(analysis: Analysis) -> str:
    text = concentration_text(analysis)
    return f"{text}." if text else ""


def _unexplained(analysis: Analysis, is_doubtful: bool) -> Trust:
    result = analysis.reconciliation
    if result is None:
        return Trust("Unexplained", "not known without gated passes", UNKNOWN)
    known = result.are_streams_known
    ms = result.unexplained_ms if known else result.remainder_ms
    share = f"{100 * rounded(ms / result.span_ms, 3):+.1f} %" if result.span_ms else "no share"
    words = f"{share} of {result.span_ms:.4g} ms" + ("" if known else ", with overlap")
    return _judged("Unexplained", words, is_doubtful)


def _clocks(analysis: Analysis, is_doubtful: bool) -> Trust:
    profile = analysis.profile
    clocks = profile.environment.clocks
    if profile.timed_by.on_cpu or not clocks.sm_mhz_after:
        return Trust("Clocks", "not read", WARN if is_doubtful else UNKNOWN)
    low, high = clocks.sm_mhz_min or clocks.sm_mhz_after, clocks.sm_mhz_max or clocks.sm_mhz_after
    mhz = f"{low} MHz" if low == high else f"{low} to {high} MHz"
    heat = f", {clocks.temperature_c} C" if clocks.temperature_c else ""
    throttled = ", throttled" if clocks.throttle_reasons else ""
    return _judged("Clocks", f"{mhz}{heat}{throttled}", is_doubtful)


def _steadiness(analysis: Analysis, is_doubtful: bool) -> Trust:
    wall = analysis.latency.wall
    if wall is None or isnan(wall.spread):
        return Trust("Steadiness", "too few times to tell", WARN if is_doubtful else UNKNOWN)
    words = f"quartiles {100 * wall.spread:.1f} % of the median apart"
    return _judged("Steadiness", words, is_doubtful)


def _judged(label: str, words: str, is_doubtful: bool) -> Trust:
    # The figure here need not be the one that the warning is about.
    if is_doubtful:
        return Trust(label, f"{words}; see the warnings", WARN)
    return Trust(label, words, GOOD)


def _measured(analysis: Analysis) -> bool:
    return analysis.profile.counts.measured > 0


def _iterations(analysis: Analysis) -> str:
    counts, wall = analysis.profile.counts, analysis.latency.wall
    return _joined((f"{counts.measured} profiled", f"{wall.count} un-profiled" if wall else ""))


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(filter(None, parts))
