"""The layout of tables, and their rendering as plain text."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

LEAST_TEXT = 20
"""Columns a name gets at least: `inception_3a/3x3` has 16, and fewer fold most names twice."""

PLAIN_WIDTH = 120
"""Columns of a report without a terminal: what editors and CI logs show without wrapping."""

# Stands for no limit, where rich wants a number: wider than any line of a report.
_UNLIMITED = 10_000
_INDENT = "    "


def plain_text(show: Callable[[Console], None], width: int | None = None) -> str:
    """Returns what is printed, without colours and without blanks at the ends of lines.

    Args:
        show: prints on the console that it is given.
        width: columns to keep within; None for names in full.
    """
    from rich.console import Console

    text = io.StringIO()
    # No colours and no terminal: escape codes would end up in files and pull requests.
    console = Console(file=text, width=width or _UNLIMITED, color_system=None, force_terminal=False)
    show(console)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().split("\n"))


def wrapped(lines: Iterable[str], width: int | None) -> list[str]:
    """Returns lines that keep within a width, the later parts of each indented.

    Only what is wider than a whole line is broken: parts of a name could not be searched for.

    Args:
        lines: of text.
        width: columns to keep within; None for no limit.
    """
    wrapper = textwrap.TextWrapper(
        width or _UNLIMITED, subsequent_indent=_INDENT, break_on_hyphens=False
    )
    return [part for line in lines for part in wrapper.wrap(line)]


def room_beside(taken: int, width: int | None) -> int:
    """Returns how many columns are left, below zero if there are too few.

    Args:
        taken: columns in use.
        width: of the whole; None for no limit.
    """
    return (width or _UNLIMITED) - taken


def text_room(taken: int, width: int | None) -> int:
    """Returns how many columns are left for a name, never less than `LEAST_TEXT`."""
    return max(room_beside(taken, width), LEAST_TEXT)


def figure_table(first: str, headings: Iterable[str], missing: Iterable[str] = ()) -> Table:
    """Returns an empty table of names and figures; long names are folded, never cut.

    Args:
        first: heading of the names.
        headings: of the figures.
        missing: headings without room, which the caption lists.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    if left_out := ", ".join(missing):
        table.caption = f"No room for {left_out}."
    table.add_column(first, overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
