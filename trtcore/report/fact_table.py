"""Labels and texts side by side, as they stand under every table in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trtcore.report.facts import Fact

if TYPE_CHECKING:
    from rich.table import Table

_LABEL_WIDTH = 12
_LEAST_TEXT = 20
_PLAIN_WIDTH = 100


def fact_table(facts: Sequence[Fact], width: int | None) -> Table:
    """Returns facts as a table of two columns.

    Args:
        facts: at least one label with its text.
        width: columns to keep within; None for 100.
    """
    from rich.table import Table
    from rich.text import Text

    labels = max(_LABEL_WIDTH, *(len(label) + 2 for label, _ in facts))
    room = max((width or _PLAIN_WIDTH) - labels, _LEAST_TEXT)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold", max_width=room)
    for label, text in facts:
        table.add_row(label, Text(text))
    return table
