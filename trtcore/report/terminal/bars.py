"""A bar for each row of a table, as long as its time and coloured by its kind of work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from trtcore.report.content.rows.hierarchy import names_at
from trtcore.report.content.rows.kinds import kind_colour
from trtcore.report.content.rows.rows import Row
from trtcore.result.analysis.analysis import Analysis

if TYPE_CHECKING:
    from rich.text import Text

BAR_WIDTH = 12
"""Columns of the longest bar: with the eighths of a block, steps of one percent of it."""

# Left parts of a column, in eighths.
_PARTS = " ▏▎▍▌▋▊▉"
_WHOLE = "█"


def row_bars(
    analysis: Analysis, rows: Sequence[Row], *, is_ascii: bool = False
) -> Callable[[Row], Text]:
    """Returns a function from a row to its bar; the longest row has the whole width.

    Args:
        analysis: where the rows come from.
        rows: all that are shown; a sum of further rows has no bar.
        is_ascii: draw with ``#``, for terminals without Unicode.
    """
    from rich.text import Text

    kinds = names_at(analysis, "type")
    longest = max((row.share for row in rows if row.layers and isfinite(row.share)), default=0.0)

    def bar(row: Row) -> Text:
        if not row.layers or not isfinite(row.share) or longest <= 0:
            return Text("")
        main = max(row.layers, key=lambda i: analysis.rows[i].median_ms)
        part = max(row.share, 0.0) / longest
        return Text(_bar(part, is_ascii), style=kind_colour(kinds[main]).ansi)

    return bar


def _bar(part: float, is_ascii: bool) -> str:
    if is_ascii:
        return "#" * round(part * BAR_WIDTH)
    whole, eighths = divmod(round(part * BAR_WIDTH * 8), 8)
    return (_WHOLE * whole + _PARTS[eighths]).rstrip()
