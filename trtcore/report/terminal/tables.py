"""The tables of a report: rows with their columns and marks, and facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from math import isnan
from typing import TYPE_CHECKING

from trtcore.report.content.rows.labels import shorten
from trtcore.report.content.rows.rows import Row, Rows, View
from trtcore.report.terminal.bars import BAR_WIDTH
from trtcore.report.terminal.layout import LEAST_TEXT, figure_table, room_beside, text_room
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.reconciliation.reconcile import RESOLUTION_MS
from trtcore.result.analysis.summary import profiled_iterations
from trtcore.result.records.profile import Profile
from trtcore.stats.intervals import SAMPLES_NEEDED

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


BELOW_RESOLUTION = "~"
"""Mark of a corrected time, and of its share, below the timer resolution."""

# Columns between two columns, and of a figure such as 0.0123.
_GAP = 2
_FIGURE = 6
# Columns dropped in this order until names have room; median and corrected time stay.
_DISPENSABLE = ("min ms", "p95 ms", "reformat ms", "share")

Column = tuple[str, Callable[[Row], str]]


def row_table(
    profile: Profile,
    rows: Rows,
    view: View,
    width: int | None,
    bar: Callable[[Row], Text] | None = None,
) -> Table:
    """Returns the rows as a table; long names are folded, never cut.

    Where that leaves names no room, it has fewer columns and says which are missing.

    Args:
        profile: where the rows come from.
        rows: what to show.
        view: how the rows were chosen.
        width: columns to keep within; None for names in full.
        bar: of a row, for a terminal; left out where names would be folded for it.
    """
    from rich.text import Text

    # Three decimals on a CPU: ONNX Runtime's profiler counts whole microseconds.
    wanted = _columns(rows, view, 3 if profile.timed_by.on_cpu else 4)
    columns = _fitting(wanted, width)
    room = text_room(_taken(columns), width)
    if bar is not None and not _has_room_for_bars(rows, _taken(columns), width):
        bar = None
    missing = (column[0] for column in wanted if column not in columns)
    table = figure_table(view.level.capitalize(), (heading for heading, _ in columns), missing)
    if bar is not None:
        table.add_column("", no_wrap=True, width=BAR_WIDTH)
    for row in rows.shown:
        cells = [cell(row) for _, cell in columns]
        drawn = [bar(row)] if bar is not None else []
        table.add_row(Text(shorten(row.label, room)), *cells, *drawn)
    for other, style in ((rows.markers, "dim"), (rows.total, "bold")):
        if other:
            table.add_row(other.label, *(cell(other) for _, cell in columns), style=style)
    return table


def row_cells(
    profile: Profile, rows: Rows, view: View
) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Returns the headings of all columns, and the name and figures of each row and the totals."""
    columns = _columns(rows, view, 3 if profile.timed_by.on_cpu else 4)
    every = (*rows.shown, rows.markers, rows.total)
    cells = [(row.label, [cell(row) for _, cell in columns]) for row in every if row is not None]
    return [heading for heading, _ in columns], cells


def footnotes(
    analysis: Analysis, rows: Rows, view: View, width: int | None = None
) -> Iterator[str]:
    """Yields the basis of the figures, and the meaning of marks and of columns that are shown."""
    shown = {heading for heading, _ in _fitting(_columns(rows, view, 4), width)}
    yield _measured(profiled_iterations(analysis.profile), rows, shown)
    are_marked = any(row.is_below_resolution for row in rows.shown)
    # Kernel times stand beside each layer, whatever the rows here are.
    beside = () if analysis.kernels is None else analysis.rows
    if are_marked or any(row.is_below_resolution for row in beside):
        # A group is marked only if each of its layers is: a sum of many can be long.
        of_groups = are_marked and view.level != "layer"
        which = "Corrected times of all layers" if of_groups else "Corrected time"
        yield (
            f"{BELOW_RESOLUTION} {which} below {RESOLUTION_MS} ms: below timer resolution; "
            "indicative only."
        )
    if "of peak" in shown:
        yield (
            "of peak: time that the work would take at the peaks, as a part of the corrected time; "
            "above 100% where data came from a cache."
        )
    if "reformat ms" in shown:
        yield "reformat ms: time in reformat, cast and copy layers (included in median)."


def _measured(count: int, rows: Rows, shown: Set[str]) -> str:
    needed = SAMPLES_NEEDED[95]
    # A single figure comes from another tool's file, to which no iterations can be added.
    is_short = "p95 ms" in shown and 1 < count < needed
    basis = "One figure per layer" if count == 1 else f"Medians of {count} profiled iterations"
    of = "these" if count == 1 else "the medians"
    if "share" not in shown:
        totals = f"the total is of {of}"
    elif isnan(rows.total.corrected_ms):
        totals = f"the total and the shares are of {of}"
    else:
        totals = f"the total is of {of}, the shares are of the corrected times"
    return f"{basis}; {totals}.{f' A p95 needs {needed} iterations.' if is_short else ''}"


def corrected_text(ms: float, is_below_resolution: bool, digits: int = 4) -> str:
    """Returns a corrected time with its mark, if it has one."""
    return f"{BELOW_RESOLUTION if is_below_resolution else ''}{_ms(ms, digits)}"


def _columns(rows: Rows, view: View, digits: int) -> list[Column]:
    columns: list[Column] = [("median ms", lambda row: _ms(row.median_ms, digits))]
    if rows.total.reformat_ms > 0:
        columns.append(("reformat ms", lambda row: _ms(row.reformat_ms or None, digits)))
    if not isnan(rows.total.corrected_ms):
        columns.append(
            (
                "corrected",
                lambda row: corrected_text(row.corrected_ms, row.is_below_resolution, digits),
            )
        )
    columns.append(("share", _share))
    if view.cost:
        columns += [("of peak", _of_peak), ("bound by", lambda row: row.bound)]
    if view.level == "layer":
        columns.append(("p95 ms", lambda row: _ms(row.p95_ms, digits)))
        columns.append(("min ms", lambda row: _ms(row.min_ms, digits)))
    return columns


def _fitting(columns: list[Column], width: int | None) -> list[Column]:
    """The columns that leave names room, as far as there are some to drop."""
    left = columns
    for heading in _DISPENSABLE:
        if room_beside(_taken(left), width) < LEAST_TEXT:
            left = [column for column in left if column[0] != heading]
    return left


def _has_room_for_bars(rows: Rows, taken: int, width: int | None) -> bool:
    room = room_beside(taken + BAR_WIDTH + _GAP, width)
    return all(len(shorten(row.label, room)) <= room for row in rows.shown)


def _taken(columns: list[Column]) -> int:
    return sum(max(len(heading), _FIGURE) + _GAP for heading, _ in columns) + 1


def _share(row: Row) -> str:
    if isnan(row.share):
        return "-"
    return f"{BELOW_RESOLUTION if row.is_below_resolution else ''}{row.share:.1%}"


def _of_peak(row: Row) -> str:
    if isnan(row.share_of_peak):
        return "-"
    return f"{BELOW_RESOLUTION if row.is_below_resolution else ''}{row.share_of_peak:.0%}"


def _ms(value: float | None, digits: int) -> str:
    if value is None:
        return ""
    return "-" if isnan(value) else f"{value:.{digits}f}"


# As wide as the longest label that most reports have, so that their texts begin in one column; and
# a width at which a sentence still reads well.
_LABEL_WIDTH = 12
_PLAIN_WIDTH = 100


def fact_table(facts: Sequence[tuple[str, ...]], width: int | None) -> Table:
    """Returns facts as a table: a label, perhaps figures, and a text that is folded.

    Args:
        facts: at least one, all with as many parts.
        width: columns to keep within; None for 100.
    """
    from rich.table import Table
    from rich.text import Text

    *narrow, _ = zip(*facts, strict=True)
    taken = sum(max(map(len, cells)) + _GAP for cells in narrow)
    room = text_room(max(taken, _LABEL_WIDTH), width or _PLAIN_WIDTH)
    table = Table.grid(padding=(0, _GAP))
    table.add_column(no_wrap=True, style="bold")
    for _ in narrow[1:]:
        table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold", max_width=room)
    for *cells, text in facts:
        table.add_row(*cells, Text(text))
    return table
