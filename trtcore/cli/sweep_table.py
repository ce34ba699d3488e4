"""The table of a sweep on the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trtcore.report.content.printable import printable_text
from trtcore.report.terminal.layout import PLAIN_WIDTH, figure_table, plain_text, wrapped
from trtcore.sweeps.store import Record
from trtcore.sweeps.sweep import option_words
from trtcore.sweeps.table import Figure, ModelTable, Row, SweepTable

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = {
    "latency_ms": "latency ms",
    "items_per_s": "items/s",
    "energy_mj_per_item": "mJ/item",
    "memory_bytes": "memory MiB",
    "error": "error",
}
_FORMS: Mapping[str, str] = {
    "latency_ms": ".3f",
    "items_per_s": ".1f",
    "energy_mj_per_item": ".2f",
    "memory_bytes": ".1f",
    "error": ".2e",
}
_MIB = 1 << 20
_SLOW = 10
NOTE = (
    "* best, or not told apart from the best by the 95 % intervals of both. front: no other cell "
    "is as good in everything and better in something of latency, items/s and error."
)
WITHOUT_INTERVALS = (
    "A latency without ± has no interval, as it has too few iterations: it is told apart from none."
)


def sweep_text(table: SweepTable, width: int | None = None) -> str:
    """Returns a table per model, and why cells have no result.

    Args:
        table: of the sweep.
        width: columns to keep within; None for no limit.
    """
    if not table.models:
        return "No cell has ended yet."
    parts = [_model_text(one, width) for one in table.models]
    notes = wrapped((*table_notes(table.models), _results(table)), width or PLAIN_WIDTH)
    return "\n\n".join([*parts, "\n".join(map(printable_text, notes))])


def table_notes(models: Sequence[ModelTable]) -> tuple[str, ...]:
    """What the marks in the tables mean, and what is missing in them."""
    latencies = [row.figures.get("latency_ms") for table in models for row in table.rows]
    is_open = any(one is not None and not math.isfinite(one.high) for one in latencies)
    return (NOTE, WITHOUT_INTERVALS) if is_open else (NOTE,)


def _results(table: SweepTable) -> str:
    return f"Results: {table.folder}/RESULT.json"


def _model_text(table: ModelTable, width: int | None) -> str:
    records = [*(row.record for row in table.rows), *table.failed]
    shared = shared_options([record.options for record in records])
    title = f"{table.model} on {table.device}, {table.runtime}"
    heads = [title, *([f"All cells: {option_words(shared)}"] if shared else [])]
    lines = [*map(printable_text, wrapped(heads, width))]
    if table.rows:
        lines.append(plain_text(lambda console: console.print(_rows(table, shared)), width))
    failures = (_failure(record, shared) for record in table.failed)
    return "\n".join([*lines, *map(printable_text, wrapped(failures, width))])


def _rows(table: ModelTable, shared: Mapping[str, Any]) -> Table:
    names = [name for name in HEADINGS if any(name in row.figures for row in table.rows)]
    from rich.text import Text

    printed = figure_table("cell", [*(HEADINGS[name] for name in names), "front", "result"])
    for row in table.rows:
        printed.add_row(*map(Text, _texts(row, names, shared)))
    return printed


def _texts(row: Row, names: list[str], shared: Mapping[str, Any]) -> Iterator[str]:
    yield printable_text(cell_words(row, shared))
    for name in names:
        mark = "*" if name in row.best else " "
        yield figure_text(name, row.figures.get(name)) + mark
    yield "front" if row.on_front else ""
    yield row.record.key


def cell_words(row: Row, shared: Mapping[str, Any]) -> str:
    """The options that not all cells have, and the precision if another one was timed."""
    asked = row.record.options.get("precision")
    words = option_words(other_options(row.record, shared))
    is_other = asked is not None and row.precision and asked != row.precision
    return f"{words} (timed in {row.precision})" if is_other else words


def other_options(record: Record, shared: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a cell that not all cells share."""
    return {name: one for name, one in record.options.items() if name not in shared}


def shared_options(options: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The options that all of several cells have, with the same values."""
    if len(options) < 2:
        return {}
    first, *others = options
    return {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in others)
    }


def figure_text(name: str, figure: Figure | None) -> str:
    """A figure as the table has it, the latency with its interval; ``-`` if it is not known."""
    if figure is None:
        return "-"
    value = figure.value / _MIB if name == "memory_bytes" else figure.value
    # Of a slow network the second decimal is a whole per cent.
    is_slow = name == "items_per_s" and value < _SLOW
    text = format(value, ".2f" if is_slow else _FORMS[name])
    if name != "latency_ms" or not math.isfinite(figure.high):
        return text
    # The wider side: the interval of a median is rarely symmetric.
    return f"{text} ±{max(figure.high - value, value - figure.low):.3f}"


def _failure(record: Record, shared: Mapping[str, Any]) -> str:
    last = f"; TensorRT's last line: {record.last_line}" if record.last_line else ""
    words = option_words(other_options(record, shared))
    return f"{record.state.value}: {words}: {record.message}{last}"
