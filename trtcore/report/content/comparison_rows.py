"""The rows of a comparison in words: what every form of it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan

from trtcore.compare.comparison import APPEARED, ELIMINATED, REFUSED, VANISHED, Change, Comparison
from trtcore.result.records import Profile

HEADINGS = ("base ms", "new ms", "change ms", "ratio", "95 % interval")
BASE_NEW = ((VANISHED, "Only in base"), (APPEARED, "Only in new"))
BEFORE_AFTER = (
    (ELIMINATED, "Costs nothing any more"),
    (VANISHED, "Only before"),
    (APPEARED, "Only after"),
)


def mark(row: Change) -> str:
    """What keeps a row's ratio from being taken for a change; empty if nothing does."""
    if not row.is_claimed:
        return "unclaimed"
    return "noise" if row.is_noise else ""


def figures(row: Change) -> tuple[str, ...]:
    """What stands under `HEADINGS`."""
    low, high = row.interval
    interval = "" if isnan(low) or not row.is_claimed else f"{low:.3f} to {high:.3f}"
    interval = " ".join(filter(None, (interval, mark(row))))
    if not isnan(row.against_rest):
        interval += f", {row.against_rest:.3f}x against the rest"
    return (
        in_ms(row.base_ms),
        in_ms(row.new_ms),
        f"{row.difference_ms:+.4f}",
        "-" if isnan(row.ratio) else f"{row.ratio:.3f}x",
        interval,
    )


def totals(comparison: Comparison) -> tuple[Change, ...]:
    """What no row tells, if there is any, and both totals."""
    rest = comparison.rest
    return (*([rest] if rest.base_ms or rest.new_ms else []), comparison.layers, comparison.total)


def cut(rows: Sequence[Change], top: int | None) -> list[Change]:
    """The first rows, all of them for None, and one that sums up the others."""
    shown, others = list(rows[:top]), rows[len(rows[:top]) :]
    if others:
        base_ms, new_ms = (
            sum(getattr(row, f"{side}_ms") for row in others) for side in ("base", "new")
        )
        shown.append(Change(further(len(others)), base_ms, new_ms))
    return shown


def further(count: int) -> str:
    """What so many rows that are not shown are called."""
    return f"{count} further row{'' if count == 1 else 's'}"


def one_sided(rows: Sequence[Change], words: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each kind of row that is there, with their time and names.

    Args:
        rows: of any kind.
        words: each kind, and what its line begins with.
    """
    lines = []
    for kind, word in words:
        found = [row for row in rows if row.kind == kind]
        if found:
            time = sum(row.base_ms + row.new_ms for row in found)
            lines.append(f"{word}, {in_ms(time)} ms: {', '.join(row.name for row in found)}")
    return lines


def refused(comparison: Comparison) -> list[Change]:
    """Rows that two engines fuse differently; against an un-fused network every row is one."""
    if comparison.base.timed_by.is_unfused or comparison.new.timed_by.is_unfused:
        return []
    return [row for row in comparison.rows if row.kind == REFUSED]


def side(profile: Profile, file: str) -> str:
    """What a profile is of, and how it was measured."""
    parts = (
        profile.model.name,
        profile.backend,
        profile.precision,
        f"batch {profile.batch}" if profile.batch else "",
        profile.environment.device,
        profile.environment.runtime,
    )
    what = f"{', '.join(filter(None, parts))} ({profile.method})"
    return f"{file}: {what}" if file else what


def in_ms(value: float) -> str:
    """A time in ms."""
    return f"{value:.4f}"
