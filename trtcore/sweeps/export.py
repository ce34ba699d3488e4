"""The table of a sweep as CSV: a line per cell, those without a result too."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from trtcore.sweeps.store import Record
from trtcore.sweeps.table import FIGURES, ModelTable, Row, SweepTable, table_data

_BOUNDS = ("latency_ms", "items_per_s")
"""Figures that have an interval; the others do not scatter."""

COLUMNS = (
    "model",
    "device",
    "runtime",
    "key",
    "options",
    "precision",
    "batch",
    "state",
    *(
        column
        for name in FIGURES
        for column in ((name, f"{name}_low", f"{name}_high") if name in _BOUNDS else (name,))
    ),
    "best",
    "on_front",
    "message",
)
"""``options`` is JSON, ``best`` lists figures, and unknown figures are left empty."""


def render_csv(table: SweepTable) -> str:
    """Returns a header and one line per cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in table.models:
        writer.writerows(_line(one, row.record, row) for row in one.rows)
        writer.writerows(_line(one, record, None) for record in one.failed)
    return text.getvalue()


def render_json(table: SweepTable) -> str:
    """Returns the whole table as JSON text."""
    return json.dumps(table_data(table), indent=1) + "\n"


def _line(table: ModelTable, record: Record, row: Row | None) -> list[object]:
    options = json.dumps(dict(record.options), sort_keys=True)
    precision, batch = (row.precision, row.batch) if row else ("", "")
    return [
        table.model,
        table.device,
        table.runtime,
        record.key,
        options,
        precision,
        batch,
        record.state.value,
        *_figures(row),
        " ".join(row.best) if row else "",
        int(row.on_front) if row else "",
        record.message,
    ]


def _figures(row: Row | None) -> Iterator[object]:
    for name in FIGURES:
        figure = row.figures.get(name) if row else None
        yield "" if figure is None else figure.value
        if name in _BOUNDS:
            yield "" if figure is None else figure.low
            yield "" if figure is None else figure.high
