"""The report in a terminal: one row per layer, then what the figures are worth."""

from __future__ import annotations

import io
from math import isnan
from typing import TYPE_CHECKING

from trtcore.diagnosis import diagnose
from trtcore.report.fact_table import fact_table
from trtcore.report.facts import io_lines, place_facts, reconciliation_facts, timing_facts
from trtcore.report.kernels import kernel_facts, kernel_table
from trtcore.report.labels import shorten
from trtcore.report.precision import precision_facts
from trtcore.report.rows import Row, View, make_rows
from trtcore.result import Profile
from trtcore.statistics import SAMPLES_NEEDED, profiled_iterations

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_FIGURES_WIDTH = 36
_CORRECTED_WIDTH = 11
_LEAST_TEXT = 20
_UNLIMITED = 10_000


def render_table(
    profile: Profile,
    *,
    sort: str = "order",
    top: int | None = None,
    group_by: str = "layer",
    width: int | None = None,
) -> str:
    """Returns the whole report as plain text.

    Args:
        profile: the profile.
        sort: rows in ``order`` of execution, or by ``time``, longest first.
        top: only the longest so many rows; the rest becomes one line.
        group_by: a row per ``layer``, ``node`` (nodes that belong together), ``block`` or ``type``.
        width: columns to keep within; None for names in full, however long.

    Raises:
        OptionError: an unknown order or grouping, or fewer than one row.
    """
    from rich.console import Console

    text = io.StringIO()
    console = Console(file=text, width=width or _UNLIMITED, color_system=None, force_terminal=False)
    _print(profile, console, View(sort, top, group_by), width)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().split("\n"))


def print_table(
    profile: Profile,
    console: Console,
    *,
    sort: str = "order",
    top: int | None = None,
    group_by: str = "layer",
) -> None:
    """Prints the report: fitted to a terminal, or as plain text with names in full elsewhere.

    Raises:
        OptionError: an unknown order or grouping, or fewer than one row.
    """
    if console.is_terminal:
        _print(profile, console, View(sort, top, group_by), console.width)
    else:
        text = render_table(profile, sort=sort, top=top, group_by=group_by)
        console.out(text, highlight=False)


def _print(profile: Profile, console: Console, view: View, width: int | None) -> None:
    for line in io_lines(profile.io):
        console.print(line, markup=False, highlight=False)
    if profile.io:
        console.print()
    console.print(_row_table(profile, view, width))
    console.print(_footnote(profile), style="dim", markup=False, highlight=False)
    _print_kernels(profile, console, view, width)
    for facts in (
        reconciliation_facts(profile),
        timing_facts(profile),
        precision_facts(profile),
        place_facts(profile),
    ):
        if facts:
            console.print()
            console.print(fact_table(facts, width))
    _print_warnings(profile, console, width)


def _print_kernels(profile: Profile, console: Console, view: View, width: int | None) -> None:
    table, facts = kernel_table(profile, view, width), kernel_facts(profile)
    for part in (table, fact_table(facts, width) if facts else None):
        if part is not None:
            console.print()
            console.print(part)


def _row_table(profile: Profile, view: View, width: int | None) -> Table:
    from rich.table import Table
    from rich.text import Text

    rows = make_rows(profile, view)
    has_corrected = not isnan(rows.total.corrected_ms)
    digits = 3 if profile.backend == "onnxruntime" else 4
    figures = _FIGURES_WIDTH + (_CORRECTED_WIDTH if has_corrected else 0)
    room = max((width or _UNLIMITED) - figures, _LEAST_TEXT)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(view.group_by.capitalize(), overflow="fold")
    corrected = ("corrected",) if has_corrected else ()
    for heading in ("median ms", *corrected, "share", "p95 ms", "min ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows.shown:
        table.add_row(Text(shorten(row.label, room)), *_figures(row, digits, has_corrected))
    if rows.markers:
        table.add_row(
            rows.markers.label, *_figures(rows.markers, digits, has_corrected), style="dim"
        )
    table.add_row(rows.total.label, *_figures(rows.total, digits, has_corrected), style="bold")
    return table


def _figures(row: Row, digits: int, has_corrected: bool) -> tuple[str, ...]:
    share = "-" if isnan(row.share) else f"{row.share:.1%}"
    corrected = (_ms(row.corrected_ms, digits),) if has_corrected else ()
    median, p95, least = (_ms(value, digits) for value in (row.median_ms, row.p95_ms, row.min_ms))
    return median, *corrected, share, p95, least


def _ms(value: float | None, digits: int) -> str:
    if value is None:
        return ""
    return "-" if isnan(value) else f"{value:.{digits}f}"


def _footnote(profile: Profile) -> str:
    count = profiled_iterations(profile)
    if count == 1:
        return "One figure per layer; the total and the shares are of these."
    words = f"Medians of {count} profiled iterations; the total and the shares are of the medians."
    needed = SAMPLES_NEEDED[95]
    return words if count >= needed else f"{words} A p95 needs {needed} iterations."


def _print_warnings(profile: Profile, console: Console, width: int | None) -> None:
    facts = [("Note", line) for line in profile.model.notes]
    facts += [("Warning", line) for line in dict.fromkeys((*profile.warnings, *diagnose(profile)))]
    if facts:
        console.print()
        console.print(fact_table(facts, width))
