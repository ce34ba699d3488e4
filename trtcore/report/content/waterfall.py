"""From one total to the other: which rows the change came from, and that nothing is left out."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from trtcore.compare.comparison import Change, Comparison
from trtcore.report.content.comparison_rows import further
from trtcore.report.content.rows.labels import shorten

# A bar of 24 shows 4 % steps; with a name of 60, as long as short names are, a figure of 12 and the
# margins, a line has 101 columns.
_NAME_WIDTH = 60
_BAR_WIDTH = 24
_FIGURE_WIDTH = 12
_MARGINS = 5
_LEAST_ROOM = 20  # fewer would break most words
_MOST = 10_000  # stands for no limit
# A whole bar is at least this part of the base, so that a change of nothing looks like nothing.
_LEAST_SCALE = 0.01
# Half of the last digit shown: less reads 0.0000, beside which a bar would look wrong.
_SHOWN_MS = 0.00005


def waterfall_lines(
    comparison: Comparison, steps: int = 10, *, width: int | None = None
) -> list[str]:
    """Returns one line per step from the time over all layers before to that after.

    Args:
        comparison: the comparison.
        steps: rows to show; what the others change is one line.
        width: columns to keep within, from 50 on; None for names in full.
    """
    if not comparison.rows:
        return []  # whole inferences, of which there is only the total
    shown, others = comparison.rows[:steps], comparison.rows[steps:]
    changes = [(_name(row, width), row.difference_ms) for row in shown]
    if others:
        changes.append((further(len(others)), _sum(others)))
    # The rest counts too: without it the steps would not lead from one total to the other.
    if comparison.rest.base_ms or comparison.rest.new_ms:
        changes.append((comparison.rest.name, comparison.rest.difference_ms))
    layers = comparison.layers
    least = layers.base_ms * _LEAST_SCALE
    scale = max([least, *(abs(ms) for _, ms in changes)])
    figures = [
        ("base", f"{layers.base_ms:.4f}", ""),
        *((name, f"{ms:+.4f}", _bar(ms, scale)) for name, ms in changes),
        ("new", f"{layers.new_ms:.4f}", ""),
    ]
    return [
        "Where the change of the time over all layers came from, in ms",
        *(line for step in figures for line in _lines(*step, width)),
    ]


def _name(row: Change, width: int | None) -> str:
    name = row.name if width is None else shorten(row.name, _room(width))
    return name if row.kind == "same" else f"{name} ({row.kind})"


def _room(width: int | None) -> int:
    """Columns of the names: what the others leave of a narrow terminal."""
    left = (width or _MOST) - _FIGURE_WIDTH - _BAR_WIDTH - _MARGINS
    return max(min(left, _NAME_WIDTH), _LEAST_ROOM)


def _lines(name: str, figure: str, bar: str, width: int | None) -> list[str]:
    """A step; a name that is wider than its column goes on in the next line."""
    room = _room(width)
    parts = [name] if width is None else textwrap.wrap(name, room, break_on_hyphens=False)
    first = f"  {parts[0]:<{room}} {figure:>{_FIGURE_WIDTH}}  {bar}".rstrip()
    return [first, *(f"    {part}" for part in parts[1:])]


def _bar(ms: float, scale: float) -> str:
    """A bar of the change's sign; none where the figure beside it reads 0."""
    length = round(abs(ms) / scale * _BAR_WIDTH) if abs(ms) >= _SHOWN_MS else 0
    return ("+" if ms > 0 else "-") * length


def _sum(rows: Sequence[Change]) -> float:
    return sum(row.difference_ms for row in rows)
