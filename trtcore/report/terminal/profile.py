"""The report in a terminal: one row per layer, then what the figures are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trtcore.report.content.facts import Fact, io_lines, place_facts, timing_facts
from trtcore.report.content.kernels import kernel_facts
from trtcore.report.content.precision import precision_facts
from trtcore.report.content.printable import printable
from trtcore.report.content.reconciliation import reconciliation_facts
from trtcore.report.content.rows import View, make_rows
from trtcore.report.content.warnings import profile_warnings
from trtcore.report.terminal.kernels import kernel_table
from trtcore.report.terminal.layout import plain_text
from trtcore.report.terminal.tables import fact_table, footnotes, row_table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records import Profile

if TYPE_CHECKING:
    from rich.console import Console


def render_table(
    profile: Profile | Analysis,
    *,
    sort: str = "order",
    top: int | None = None,
    group_by: str = "layer",
    width: int | None = None,
) -> str:
    """Returns the whole report as plain text.

    Args:
        profile: the profile, or its analysis where it is there already.
        sort: rows in ``order`` of execution, or by ``time``, longest first.
        top: only the longest so many rows; the rest becomes one line.
        group_by: a row per ``layer``, ``node`` (nodes that belong together), ``block`` or ``type``.
        width: columns to keep within; None for names in full, however long.

    Raises:
        OptionError: an unknown order or grouping, or fewer than one row.
    """
    view = View(sort, top, group_by)
    return plain_text(lambda console: _print(profile, console, view, width), width)


def print_table(
    profile: Profile | Analysis,
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


def _print(given: Profile | Analysis, console: Console, view: View, width: int | None) -> None:
    analysis = Analysis.of(given)
    profile = printable(analysis.profile)
    analysis = analysis.reused_for(profile)
    for line in io_lines(profile.io):
        console.print(line, markup=False, highlight=False)
    if profile.io:
        console.print()
    rows = make_rows(analysis, view)
    console.print(row_table(profile, rows, view, width))
    for line in footnotes(analysis, rows, view, width):
        console.print(line, style="dim", markup=False, highlight=False)
    _print_kernels(analysis, console, view, width)
    blocks: tuple[Sequence[tuple[str, ...]], ...] = (
        reconciliation_facts(analysis),
        timing_facts(analysis),
        precision_facts(profile),
        place_facts(analysis),
        _warnings(analysis),
    )
    for facts in filter(None, blocks):
        console.print()
        console.print(fact_table(facts, width))


def _print_kernels(analysis: Analysis, console: Console, view: View, width: int | None) -> None:
    table, facts = kernel_table(analysis, view, width), kernel_facts(analysis)
    for part in (table, fact_table(facts, width) if facts else None):
        if part is not None:
            console.print()
            console.print(part)


def _warnings(analysis: Analysis) -> list[Fact]:
    notes = [("Note", line) for line in analysis.profile.model.notes]
    return [*notes, *(("Warning", line) for line in profile_warnings(analysis))]
