"""A comparison for a terminal, and the before/after table of `--baseline`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any

from trtcore.compare.comparison import APPEARED, REFUSED, SAME, VANISHED, Change, Comparison
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
from trtcore.report.terminal.layout import figure_table, plain_text, room_beside, text_room

_FIGURES_WIDTH = 64
# Of the columns under HEADINGS with their gaps; of a ratio with a mark but without an interval.
_WIDTHS = (10, 10, 11, 9, 24)
_MARKED_RATIO = 22
_RATIO, _INTERVAL = 3, 4
# Columns dropped in this order until names have room: interval, change, base.
_LEAST_ROOM = 16
_DISPENSABLE = (_INTERVAL, 2, 0)
# Of the lists of names below the table: what still reads as lines of text.
_TEXT_WIDTH = 100


def render_comparison(
    comparison: Comparison,
    *,
    top: int | None = None,
    width: int | None = None,
    files: tuple[str, str] = ("", ""),
) -> str:
    """Returns a comparison as plain text.

    Rows that both sides have come first, by how much they contribute to the change; then where
    the change came from, and what only one side has.

    Args:
        comparison: the comparison.
        top: only so many rows; the rest becomes one line.
        width: columns to keep within; None for names in full.
        files: where base and new came from.
    """
    # Names come from files; escaped once here, so that no line below has to think of it.
    comparison, files = printable(comparison), printable(files)
    shared = [row for row in comparison.rows if row.kind not in {APPEARED, VANISHED}]
    kept, taken = _fitting(width)
    missing = (heading for i, heading in enumerate(HEADINGS) if i not in kept)
    table = figure_table("Nodes", (HEADINGS[i] for i in kept), missing)
    for row in (*cut(shared, top), *totals(comparison)):
        table.add_row(_label(row.name, width, taken), *_cells(row, kept, width))
    blocks = [
        _sides(comparison, ("Base:", "New:"), files),
        [plain_text(lambda console: console.print(table), width)],
        waterfall_lines(comparison),
        *_lists(comparison),
        [f"Note: {note}" for note in comparison_notes(comparison)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def render_baseline(
    comparison: Comparison, *, width: int | None = None, base_file: str = ""
) -> str:
    """Returns the before/after table: every layer group, its times and its speed-up.

    Args:
        comparison: with the un-optimised network as its base.
        width: columns to keep within; None for names in full.
        base_file: where the base came from, if from a file.
    """
    comparison, base_file = printable(comparison), printable(base_file)
    both = [row for row in comparison.rows if row.kind in {SAME, REFUSED}]
    table = figure_table("Layer group", ("before ms", "after ms", "speed-up"))
    for row in (*sorted(both, key=lambda row: row.order), comparison.total):
        speed_up = "-" if isnan(row.speed_up) else f"{row.speed_up:.1f}x"
        table.add_row(_label(row.name, width), in_ms(row.base_ms), in_ms(row.new_ms), speed_up)
    lists = _wrapped(one_sided(comparison.rows, BEFORE_AFTER))
    blocks = [
        _sides(comparison, ("Before:", "After:"), (base_file, "")),
        [plain_text(lambda console: console.print(table), width), *lists, headline(comparison)],
        [f"Note: {note}" for note in comparison_notes(comparison)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _lists(comparison: Comparison) -> list[list[str]]:
    blocks = [
        [f"Re-fused: {row.name}", *(f"  base {name}" for name in row.base_layers)]
        + [f"  new  {name}" for name in row.new_layers]
        for row in refused(comparison)
    ]
    return [*blocks, _wrapped(one_sided(comparison.rows, BASE_NEW))]


def _wrapped(lines: Iterable[str]) -> list[str]:
    # A name broken in two could no longer be searched for.
    wrapper = textwrap.TextWrapper(
        _TEXT_WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return [part for line in lines for part in wrapper.wrap(line)]


def _sides(comparison: Comparison, labels: tuple[str, str], files: tuple[str, str]) -> list[str]:
    width = max(map(len, labels))
    profiles = (comparison.base, comparison.new)
    return [
        f"{label:<{width}} {side(profile, file)}"
        for label, profile, file in zip(labels, profiles, files, strict=True)
    ]


def _fitting(width: int | None) -> tuple[list[int], int]:
    """Which columns leave names room, and how wide they are."""
    widths = dict(enumerate(_WIDTHS))
    for i in _DISPENSABLE:
        if room_beside(sum(widths.values()), width) < _LEAST_ROOM:
            del widths[i]
            widths[_RATIO] = _MARKED_RATIO  # the first to go is the interval, which held the mark
    return list(widths), sum(widths.values())


def _cells(row: Change, kept: Sequence[int], width: int | None) -> list[str]:
    cells = list(figures(row, is_short=width is not None))
    # The mark must stay: without it a ratio would be taken for a change.
    if _INTERVAL not in kept:
        cells[_RATIO] = f"{cells[_RATIO]} {mark(row, is_short=True)}".rstrip()
    return [cells[i] for i in kept]


def _label(name: str, width: int | None, taken: int = _FIGURES_WIDTH) -> Any:
    from rich.text import Text

    return Text(shorten(name, text_room(taken, width)))
