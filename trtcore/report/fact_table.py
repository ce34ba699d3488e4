"""Labels and texts side by side, as they stand under every table in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

_GAP = 2
_LABEL_WIDTH = 12
_LEAST_TEXT = 20
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
    room = max((width or _PLAIN_WIDTH) - max(taken, _LABEL_WIDTH), _LEAST_TEXT)
    table = Table.grid(padding=(0, _GAP))
    table.add_column(no_wrap=True, style="bold")
    for _ in narrow[1:]:
        table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold", max_width=room)
    for *cells, text in facts:
        table.add_row(*cells, Text(text))
    return table
