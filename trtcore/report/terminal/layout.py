"""How tables are laid out in columns, and how what a terminal would show becomes plain text."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

LEAST_TEXT = 20
"""Columns that a name has at least: fewer would make stacks of letters of it."""

PLAIN_WIDTH = 120
"""Columns of a report that no terminal shows: what fits the editors and logs it is read in."""

# Stands for no limit, where rich wants a number: wider than any line of a report.
_UNLIMITED = 10_000


def plain_text(show: Callable[[Console], None], width: int | None = None) -> str:
    """Returns what is printed, without colours and without blanks at the ends of lines.

    Args:
        show: prints on the console that it is given.
        width: columns to keep within; None for names in full.
    """
    from rich.console import Console

    text = io.StringIO()
    console = Console(file=text, width=width or _UNLIMITED, color_system=None, force_terminal=False)
    show(console)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().split("\n"))


def room_beside(taken: int, width: int | None) -> int:
    """Returns how many columns are left beside some; it can be below zero.

    Args:
        taken: columns.
        width: of the whole; None for as many as it takes.
    """
    return (width or _UNLIMITED) - taken


def text_room(taken: int, width: int | None) -> int:
    """Returns how many columns a name gets beside some, which is never less than `LEAST_TEXT`."""
    return max(room_beside(taken, width), LEAST_TEXT)


def figure_table(first: str, headings: Iterable[str], missing: Iterable[str] = ()) -> Table:
    """Returns an empty table of names and figures; long names are folded, never cut.

    Args:
        first: heading of the names.
        headings: of the figures.
        missing: what there is no room for, which the caption says.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    if left_out := ", ".join(missing):
        table.caption = f"No room for {left_out}."
    table.add_column(first, overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
