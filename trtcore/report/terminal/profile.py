"""The report in a terminal: one row per layer, then latency, precision, method and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trtcore.report.content.facts.cost import cost_facts
from trtcore.report.content.facts.facts import Fact, io_lines, place_facts, timing_facts
from trtcore.report.content.facts.findings import finding_facts
from trtcore.report.content.facts.precision import precision_facts
from trtcore.report.content.facts.quantization import quantization_facts
from trtcore.report.content.facts.resources import resource_facts
from trtcore.report.content.printable import printable
from trtcore.report.content.rows.rows import View, make_rows
from trtcore.report.content.times.kernels import kernel_facts
from trtcore.report.content.times.reconciliation import reconciliation_facts
from trtcore.report.content.warnings import profile_warnings
from trtcore.report.terminal.bars import row_bars
from trtcore.report.terminal.kernels import kernel_table
from trtcore.report.terminal.layout import PLAIN_WIDTH, plain_text
from trtcore.report.terminal.tables import fact_table, footnotes, row_table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.profile import Profile

if TYPE_CHECKING:
    from rich.console import Console


def render_table(
    profile: Profile | Analysis,
    *,
    sort: str = "order",
    top: int | None = None,
    group_by: str = "layer",
    full_names: bool = False,
    cost: bool = False,
    findings: bool = False,
    width: int | None = None,
) -> str:
    """Returns the whole report as plain text.

    Args:
        profile: the profile, or its analysis if that exists already.
        sort: rows in ``order`` of execution, or by ``time``, longest first.
        top: only the longest so many rows; the rest becomes one line.
        group_by: a row per ``layer``, ``node`` (nodes that belong together), ``block`` (at a depth:
            ``block:3``) or ``type``.
        full_names: all nodes of a row instead of a short name, however long the lines are.
        cost: with the part of the device's peak that each row reaches.
        findings: all findings, not the first three.
        width: columns to keep within; None for 120, or with full names for as many as it takes.

    Raises:
        OptionError: an unknown order or grouping, or fewer than one row.
    """
    view = View(sort, top, group_by, full_names, cost, findings)
    widest = width or (None if full_names else PLAIN_WIDTH)
    return plain_text(lambda console: _print(profile, console, view, width), widest)


def print_table(
    profile: Profile | Analysis,
    console: Console,
    *,
    sort: str = "order",
    top: int | None = None,
    group_by: str = "layer",
    full_names: bool = False,
    cost: bool = False,
    findings: bool = False,
) -> None:
    """Prints the report: fitted to a terminal, or as plain text elsewhere.

    Raises:
        OptionError: an unknown order or grouping, or fewer than one row.
    """
    view = View(sort, top, group_by, full_names, cost, findings)
    if console.is_terminal:
        _print(profile, console, view, console.width)
    else:
        text = render_table(profile, **vars(view))
        # `out`, not `print`: no wrapping at the width that rich assumes of a pipe.
        console.out(text, highlight=False)


def _print(result: Profile | Analysis, console: Console, view: View, width: int | None) -> None:
    analysis = Analysis.of(result)
    # Names come from files: what controls a terminal is escaped before anything is printed.
    profile = printable(analysis.profile)
    analysis = analysis.reused_for(profile)
    widest = width or (None if view.full_names else PLAIN_WIDTH)
    # markup off everywhere: rich would take the brackets of `conv1 [avgpool]` for a style.
    for line in io_lines(profile.io):
        console.print(line, markup=False, highlight=False)
    if profile.io:
        console.print()
    rows = make_rows(analysis, view)
    # A terminal only: in a file or a pipe bars are noise to whatever reads the text.
    is_ascii = not console.encoding.startswith("utf")
    bar = row_bars(analysis, rows.shown, is_ascii=is_ascii) if console.is_terminal else None
    console.print(row_table(profile, rows, view, widest, bar))
    for line in footnotes(analysis, rows, view, widest):
        console.print(line, style="dim", markup=False, highlight=False)
    _print_kernels(analysis, console, view, width)
    blocks: tuple[Sequence[tuple[str, ...]], ...] = (
        reconciliation_facts(analysis),
        (*timing_facts(analysis), *resource_facts(analysis)),
        (*precision_facts(profile), *quantization_facts(analysis)),
        cost_facts(analysis),
        place_facts(analysis),
        finding_facts(analysis, all_of_them=view.findings),
        _warnings(analysis),
    )
    for facts in filter(None, blocks):
        console.print()
        console.print(fact_table(facts, width))


def _print_kernels(analysis: Analysis, console: Console, view: View, width: int | None) -> None:
    widest = width or (None if view.full_names else PLAIN_WIDTH)
    table, facts = kernel_table(analysis, view, widest), kernel_facts(analysis)
    for part in (table, fact_table(facts, width) if facts else None):
        if part is not None:
            console.print()
            console.print(part)


def _warnings(analysis: Analysis) -> list[Fact]:
    notes = [("Note", line) for line in analysis.profile.model.notes]
    return [*notes, *(("Warning", line) for line in profile_warnings(analysis))]
