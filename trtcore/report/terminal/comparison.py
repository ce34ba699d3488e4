"""A comparison for a terminal, and the before/after table of `--baseline`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any

from trtcore.compare.comparison import APPEARED, REFUSED, SAME, VANISHED, Change, Comparison
from trtcore.report.content.comparison_names import with_short_names
from trtcore.report.content.comparison_rows import (
    BASE_NEW,
    BEFORE_AFTER,
    HEADINGS,
    cut,
    figures,
    headline,
    in_ms,
    mark,
    one_sided,
    refused,
    side,
    totals,
)
from trtcore.report.content.printable import printable
from trtcore.report.content.rows.labels import shorten
from trtcore.report.content.warnings import comparison_notes
from trtcore.report.content.waterfall import waterfall_lines
from trtcore.report.terminal.layout import (
    PLAIN_WIDTH,
    figure_table,
    plain_text,
    room_beside,
    text_room,
    wrapped,
)

_FIGURES_WIDTH = 64
# Of the columns under HEADINGS with their gaps; of a ratio with a mark but without an interval.
_WIDTHS = (10, 10, 11, 9, 24)
_MARKED_RATIO = 22
_RATIO, _INTERVAL = 3, 4
_GAP = 2
# Columns dropped in this order until names have room: interval, change, base.
_LEAST_ROOM = 16
_DISPENSABLE = (_INTERVAL, 2, 0)


def render_comparison(
    comparison: Comparison,
    *,
    top: int | None = None,
    width: int | None = None,
    files: tuple[str, str] = ("", ""),
    full_names: bool = False,
) -> str:
    """Returns a comparison as plain text.

    Rows that both sides have come first, by how much they contribute to the change; then where
    the change came from, and what only one side has.

    Args:
        comparison: the comparison.
        top: only so many rows, and so many re-fused groups; the rest of each becomes one line.
        width: columns to keep within; None for 120, or with full names for as many as it takes.
        files: where base and new came from.
        full_names: all nodes of a row instead of a short name, however long the lines are.
    """
    # Names come from files; escaped once here, so that no line below has to think of it.
    comparison, files = printable(comparison), printable(files)
    comparison = comparison if full_names else with_short_names(comparison)
    widest = width or (None if full_names else PLAIN_WIDTH)
    shared = [row for row in comparison.rows if row.kind not in {APPEARED, VANISHED}]
    table = _table([*cut(shared, top), *totals(comparison)], widest, is_short=width is not None)
    blocks = [
        wrapped(_sides(comparison, ("Base:", "New:"), files), widest),
        [plain_text(lambda console: console.print(table), widest)],
        waterfall_lines(comparison, width=widest),
        *(wrapped(lines, widest) for lines in _lists(comparison, top)),
        wrapped((f"Note: {note}" for note in comparison_notes(comparison)), widest),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def render_baseline(
    comparison: Comparison,
    *,
    width: int | None = None,
    base_file: str = "",
    full_names: bool = False,
) -> str:
    """Returns the before/after table: every layer group, its times and its speed-up.

    Args:
        comparison: with the un-optimised network as its base.
        width: columns to keep within; None for 120, or with full names for as many as it takes.
        base_file: where the base came from, if from a file.
        full_names: all nodes of a row instead of a short name, however long the lines are.
    """
    comparison, base_file = printable(comparison), printable(base_file)
    comparison = comparison if full_names else with_short_names(comparison)
    widest = width or (None if full_names else PLAIN_WIDTH)
    both = [row for row in comparison.rows if row.kind in {SAME, REFUSED}]
    table = figure_table("Layer group", ("before ms", "after ms", "speed-up"))
    for row in (*sorted(both, key=lambda row: row.order), comparison.total):
        speed_up = "-" if isnan(row.speed_up) else f"{row.speed_up:.1f}x"
        table.add_row(_label(row.name, widest), in_ms(row.base_ms), in_ms(row.new_ms), speed_up)
    lines = [*one_sided(comparison.rows, BEFORE_AFTER), headline(comparison)]
    blocks = [
        wrapped(_sides(comparison, ("Before:", "After:"), (base_file, "")), widest),
        [plain_text(lambda console: console.print(table), widest), *wrapped(lines, widest)],
        wrapped((f"Note: {note}" for note in comparison_notes(comparison)), widest),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _lists(comparison: Comparison, top: int | None) -> list[list[str]]:
    rows = refused(comparison)
    blocks = [
        [f"Re-fused: {row.name}", *(f"  base {name}" for name in row.base_layers)]
        + [f"  new  {name}" for name in row.new_layers]
        for row in rows[:top]
    ]
    hidden = len(rows) - len(blocks)
    more = [f"Re-fused: {hidden} more group{'' if hidden == 1 else 's'}"] if hidden else []
    return [*blocks, more, one_sided(comparison.rows, BASE_NEW)]


def _sides(comparison: Comparison, labels: tuple[str, str], files: tuple[str, str]) -> list[str]:
    width = max(map(len, labels))
    profiles = (comparison.base, comparison.new)
    return [
        f"{label:<{width}} {side(profile, file)}"
        for label, profile, file in zip(labels, profiles, files, strict=True)
    ]


def _table(rows: Sequence[Change], width: int | None, *, is_short: bool) -> Any:
    """The rows with as many columns as leave names room; short marks where columns are few."""
    cells = [figures(row, is_short=is_short) for row in rows]
    kept, taken = _fitting(width, max(len(row[_INTERVAL]) for row in cells) + _GAP)
    missing = (heading for i, heading in enumerate(HEADINGS) if i not in kept)
    table = figure_table("Nodes", (HEADINGS[i] for i in kept), missing)
    for row, texts in zip(rows, cells, strict=True):
        table.add_row(_label(row.name, width, taken), *_cells(row, texts, kept))
    return table


def _fitting(width: int | None, interval_width: int) -> tuple[list[int], int]:
    """Which columns leave names room, and how wide they are."""
    widths = dict(enumerate(_WIDTHS))
    widths[_INTERVAL] = max(widths[_INTERVAL], interval_width)
    for i in _DISPENSABLE:
        if room_beside(sum(widths.values()), width) < _LEAST_ROOM:
            del widths[i]
            widths[_RATIO] = _MARKED_RATIO  # the first to go is the interval, which held the mark
    return list(widths), sum(widths.values())


def _cells(row: Change, texts: Iterable[str], kept: Sequence[int]) -> list[str]:
    cells = list(texts)
    # The mark must stay: without it a ratio would be taken for a change.
    if _INTERVAL not in kept:
        cells[_RATIO] = f"{cells[_RATIO]} {mark(row, is_short=True)}".rstrip()
    return [cells[i] for i in kept]


def _label(name: str, width: int | None, taken: int = _FIGURES_WIDTH) -> Any:
    from rich.text import Text

    return Text(shorten(name, text_room(taken, width)))
