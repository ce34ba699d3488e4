"""The report in a terminal: one row per layer, then what the figures are worth."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trtcore.report.content.facts import Fact, io_lines, place_facts, timing_facts
from trtcore.report.content.kernels import kernel_facts, kernel_table
from trtcore.report.content.precision import precision_facts
from trtcore.report.content.printable import printable
from trtcore.report.content.reconciliation import reconciliation_facts
from trtcore.report.content.rows import View, make_rows
from trtcore.report.content.warnings import profile_warnings
from trtcore.report.terminal.tables import fact_table, footnotes, row_table
from trtcore.result.records import Profile

if TYPE_CHECKING:
    from rich.console import Console

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
    profile = printable(profile)
    for line in io_lines(profile.io):
        console.print(line, markup=False, highlight=False)
    if profile.io:
        console.print()
    rows = make_rows(profile, view)
    console.print(row_table(profile, rows, view, width))
    for line in footnotes(profile, rows, view, width):
        console.print(line, style="dim", markup=False, highlight=False)
    _print_kernels(profile, console, view, width)
    blocks: tuple[Sequence[tuple[str, ...]], ...] = (
        reconciliation_facts(profile),
        timing_facts(profile),
        precision_facts(profile),
        place_facts(profile),
        _warnings(profile),
    )
    for facts in filter(None, blocks):
        console.print()
        console.print(fact_table(facts, width))


def _print_kernels(profile: Profile, console: Console, view: View, width: int | None) -> None:
    table, facts = kernel_table(profile, view, width), kernel_facts(profile)
    for part in (table, fact_table(facts, width) if facts else None):
        if part is not None:
            console.print()
            console.print(part)


def _warnings(profile: Profile) -> list[Fact]:
    notes = [("Note", line) for line in profile.model.notes]
    return [*notes, *(("Warning", line) for line in profile_warnings(profile))]
