"""The rows of a comparison as texts, for every format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan

from trtcore.compare.comparison import (
    APPEARED,
    ELIMINATED,
    REFUSED,
    SAME,
    VANISHED,
    Change,
    Comparison,
)
from trtcore.compare.profiles import SHARED
from trtcore.compare.ratios import interval_text, percent_text, ratio_text
from trtcore.report.content.facts.method import method_text
from trtcore.result.records.profile import Profile

INCONCLUSIVE = "inconclusive"
"""Mark of a row whose change may be time of layers that map to no node."""

HEADINGS = ("base ms", "new ms", "change ms", "ratio", "95 % interval")
BASE_NEW = ((VANISHED, "Only in base"), (APPEARED, "Only in new"))
BEFORE_AFTER = (
    (ELIMINATED, "Eliminated"),
    (VANISHED, "Only before"),
    (APPEARED, "Only after"),
)


def mark(row: Change, *, is_short: bool = False) -> str:
    """Why a row's ratio is not taken for a change; empty if it is."""
    # First: without attribution there is no interval either, and `is_noise` is always set.
    if not row.is_conclusive:
        return INCONCLUSIVE if is_short else f"{INCONCLUSIVE} (attribution)"
    return "noise" if row.is_noise else ""


def figures(row: Change, *, is_short: bool = False) -> tuple[str, ...]:
    """The cells under `HEADINGS`, with short marks where columns are few."""
    interval = (
        "" if isnan(row.interval[0]) or not row.is_conclusive else interval_text(row.interval)
    )
    interval = " ".join(filter(None, (interval, mark(row, is_short=is_short))))
    if not isnan(row.relative_ratio):
        interval += f", {ratio_text(row.relative_ratio)}x relative to all other layers"
    return (
        in_ms(row.base_ms),
        in_ms(row.new_ms),
        f"{row.difference_ms:+.4f}",
        "-" if isnan(row.ratio) else f"{ratio_text(row.ratio)}x",
        interval,
    )


def headline(comparison: Comparison, base: str = "base") -> str:
    """What the new side takes of the base's time, in a sentence; of what both have timed.

    Args:
        comparison: of two profiles.
        base: what the base is called where both were timed by the same.
    """
    total, gated = comparison.total, comparison.gated
    subject, they = _subject(comparison)
    own, other = comparison.base.backend, comparison.new.backend
    where = f"in {base}" if own == other else f"with {own}"
    text = f"{subject} {percent_text(total.ratio)} of what {they} {where}: {_of(total)}."
    if gated is None:
        return text
    hidden = "With the launch overhead hidden (gated)"
    return f"{text} {hidden} it is {percent_text(gated.ratio)}: {_of(gated)}."


def _subject(comparison: Comparison) -> tuple[str, str]:
    """What takes the new time, and what took the base's."""
    if comparison.total.name == SHARED:
        return "The nodes that both have take", "they take"
    before, after = comparison.base.batch, comparison.new.batch
    if before and after and before != after:
        return f"One forward pass of batch {after} takes", f"one of batch {before} takes"
    return "One forward pass takes", "it takes"


def _of(total: Change) -> str:
    chance = "; the difference may be chance" if total.is_noise else ""
    return f"{in_ms(total.new_ms)} of {in_ms(total.base_ms)} ms{chance}"


def totals(comparison: Comparison) -> tuple[Change, ...]:
    """The time that is in no row, if there is any, and the totals that there are."""
    rest, layers, total = comparison.rest, comparison.layers, comparison.total
    sums = (total,) if layers is total else (layers, total)
    gated = () if comparison.gated is None else (comparison.gated,)
    return (*([rest] if rest.base_ms or rest.new_ms else []), *sums, *gated)


def cut(rows: Sequence[Change], top: int | None) -> list[Change]:
    """The first rows, all of them for None, and one that sums up the others."""
    shown, others = list(rows[:top]), rows[len(rows[:top]) :]
    if others:
        base_ms, new_ms = (
            sum(getattr(row, f"{side}_ms") for row in others) for side in ("base", "new")
        )
        # A sum without an interval: medians of the rows do not give one for their sum.
        shown.append(Change(further(len(others)), base_ms, new_ms))
    return shown


def largest(comparison: Comparison, most: int) -> list[Change]:
    """The rows with the largest changes that are not taken for chance, at most so many."""
    rows = [row for row in comparison.rows if row.kind in {SAME, REFUSED} and not mark(row)]
    return [row for row in rows if row.is_noise is not None][:most]


def further(count: int) -> str:
    """Label of the rows that are not shown."""
    return f"{count} further row{'' if count == 1 else 's'}"


def one_sided(rows: Sequence[Change], labels: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each kind of row that occurs, with their time and names.

    Args:
        rows: of any kind.
        labels: each kind, and the label of its line.
    """
    lines = []
    for kind, label in labels:
        alike = [row for row in rows if row.kind == kind]
        if alike:
            # One of the two is 0 in such a row, so that the sum is the side that has it.
            time = sum(row.base_ms + row.new_ms for row in alike)
            lines.append(f"{label}, {in_ms(time)} ms: {', '.join(row.name for row in alike)}")
    return lines


def refused(comparison: Comparison) -> list[Change]:
    """Rows that two engines fuse differently; against an un-fused network every row is one."""
    if comparison.base.timed_by.is_unfused or comparison.new.timed_by.is_unfused:
        return []
    return [row for row in comparison.rows if row.kind == REFUSED]


def side(profile: Profile, file: str) -> str:
    """Model, backend, precision, device and method of a profile, in one line."""
    parts = (
        profile.model.name,
        profile.backend,
        profile.precision,
        f"batch {profile.batch}" if profile.batch else "",
        profile.environment.device,
        profile.environment.runtime,
    )
    text = f"{', '.join(filter(None, parts))} ({method_text(profile)})"
    return f"{file}: {text}" if file else text


def in_ms(value: float) -> str:
    """A time in ms."""
    return f"{value:.4f}"
