"""The outcome of a comparison of precisions, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from trtcore.compare.comparison import GATED_TIME, GPU_TIME, LATENCY
from trtcore.compare.precisions.comparison import PrecisionRow, RelativeTime
from trtcore.compare.ratios import interval_text, ratio_text
from trtcore.result.records.profile import Profile

# The time the sentence is about: that of the GPU, without launch overhead where it was measured.
_PREFERRED = (GATED_TIME, GPU_TIME, LATENCY)
# Of the layer time. Below 1 % reformats are no reason to choose another precision or format.
_LEAST_REFORMATS = 0.01


def verdict(
    profiles: Sequence[Profile],
    totals: Sequence[PrecisionRow],
    reformats: PrecisionRow,
    layers: PrecisionRow,
) -> str:
    """Returns which precision is the fastest, by how much, at what error and at what reformats.

    Args:
        profiles: one for each precision, the first is what the others are compared with.
        totals: the whole network.
        reformats: reformats, casts and copies.
        layers: the time over all layers.
    """
    names = [profile.precision for profile in profiles]
    total = _headline(totals, layers)
    best = _fastest(total)
    latency = next((row for row in totals if row.name == LATENCY and row is not total), None)
    parts = [
        f"{names[i]} takes {_ratio(total.times[i], names[0] if i == 1 else '')}"
        + (f", latency {_factor(latency.times[i])}" if latency else "")
        + _error(profiles[i])
        + _reformats(reformats.times[i], layers.times[i])
        for i in range(1, len(names))
    ]
    return f"{_opening(names, total, best)}: {'; '.join(parts)}."


def _headline(totals: Sequence[PrecisionRow], layers: PrecisionRow) -> PrecisionRow:
    by_name = {row.name: row for row in totals}
    return next((by_name[name] for name in _PREFERRED if name in by_name), layers)


def _fastest(total: PrecisionRow) -> int:
    """The place of the fastest; 0 unless another one is faster, and not by chance."""
    sure = [
        i
        for i, time in enumerate(total.times)
        if i == 0 or (_is_faster(time) and not time.is_noise)
    ]
    return min(sure, key=lambda i: total.times[i].median_ms)


def _is_faster(time: RelativeTime) -> bool:
    return time.ratio is not None and time.ratio < 1


def _opening(names: Sequence[str], total: PrecisionRow, best: int) -> str:
    ms = total.times[best].median_ms
    if best:
        return f"{names[best]} is the fastest with {ms:.4f} ms ({total.name})"
    return f"no precision is significantly faster than {names[0]}, {ms:.4f} ms ({total.name})"


def _ratio(time: RelativeTime, base: str) -> str:
    that = f" the time of {base}" if base else ""
    if time.interval is None:
        return f"{_factor(time)}{that}"
    chance = ", may be chance" if time.is_noise else ""
    return f"{_factor(time)}{that} (95 % interval {interval_text(time.interval)}{chance})"


def _factor(time: RelativeTime) -> str:
    return "an unknown part of" if time.ratio is None else f"{ratio_text(time.ratio)}x"


def _error(profile: Profile) -> str:
    if profile.accuracy is None:
        return ""
    if any(not output.is_comparable for output in profile.accuracy.outputs):
        return ", NaN or infinite outputs"
    if isnan(profile.accuracy.relative_l2):
        return ", outputs not judged"
    return f", relative L2 error {profile.accuracy.relative_l2:.1e}"


def _reformats(reformats: RelativeTime, layers: RelativeTime) -> str:
    share = reformats.median_ms / layers.median_ms if layers.median_ms else 0.0
    return f", {share:.1%} of its layer time in reformats" if share >= _LEAST_REFORMATS else ""
