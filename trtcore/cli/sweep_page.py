"""The page of a sweep, and beside it a report for each cell."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import quote

from trtcore.cli.sweep_table import (
    HEADINGS,
    cell_words,
    figure_text,
    other_options,
    shared_options,
    table_notes,
)
from trtcore.errors import WriteError
from trtcore.report.html.drawn import DrawnSection, LinkedRow, LinkedTable, Picture, render_drawn
from trtcore.report.html.page import render_html
from trtcore.result.saved import load_profile
from trtcore.sweeps.store import Store
from trtcore.sweeps.sweep import failure_text, option_words
from trtcore.sweeps.table import Figure, ModelTable, Row, SweepTable
from trtcore.system.files import write_file

MOST_REPORTS = 60
"""Each has plotly inside, nearly 5 MB, as a file on disk may load no script: 60 are 300 MB."""

_PICTURES = (
    Picture(
        "heat",
        "Figures by batch and options; the table below has the same",
        "A column for each batch; the stronger the colour, the larger the figure. * best, or not "
        "told apart from it. A click opens the cell's own report.",
    ),
    Picture(
        "lines",
        "Figures over the batch, a line for each combination of the other options",
        "The same over the batch, with 95 % intervals where they are known.",
    ),
    Picture(
        "front",
        "Latency against throughput of all cells",
        "Further down and further right is better. A full marker is on the front: no other cell is "
        "as good in everything and better in something.",
    ),
)


def write_sweep_page(path: str, table: SweepTable) -> None:
    """Writes the page of a sweep, and the reports of its cells into a folder beside it.

    Raises:
        OptionError: the extra ``report`` is not installed.
        ResultError: a saved result cannot be read.
        WriteError: a file cannot be written.
    """
    page = Path(path)
    folder = page.with_name(f"{page.stem}-cells")
    reported = reported_cells(table)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise WriteError(f"{folder}: is no folder for reports ({error.strerror})") from None
    store = Store(table.folder)
    for key, name in reported.items():
        text = render_html(load_profile(store.result_path(key)), names=(name,))
        write_file(folder / f"{key}.html", text.encode(errors="backslashreplace"))
    links = {key: f"{quote(folder.name)}/{key}.html" for key in reported}
    text = render_sweep(table, links, (("This page", shlex.join(["trtcore", *sys.argv[1:]])),))
    write_file(page, text.encode(errors="backslashreplace"))


def reported_cells(table: SweepTable) -> dict[str, str]:
    """The cells that get a report of their own, by key, and what each is called.

    These are all, or of many the best and those on the front.
    """
    rows = [(one, row) for one in table.models for row in one.rows]
    if len(rows) > MOST_REPORTS:
        rows = [pair for pair in rows if pair[1].on_front or pair[1].best][:MOST_REPORTS]
    return {
        row.record.key: f"{Path(one.model).name}, {option_words(row.record.options)}"
        for one, row in rows
    }


def render_sweep(
    table: SweepTable, links: Mapping[str, str], commands: Sequence[tuple[str, str]] = ()
) -> str:
    """Returns the page.

    Args:
        table: of the sweep.
        links: addresses of the cells' reports, by key.
        commands: labels and command lines to copy.
    """
    names = ", ".join(dict.fromkeys(Path(one.model).name for one in table.models))
    sections = [_section(one, links) for one in table.models]
    return render_drawn(f"Sweep of {names or 'no cell yet'}", sections, commands=commands)


def _section(table: ModelTable, links: Mapping[str, str]) -> DrawnSection:
    records = [*(row.record for row in table.rows), *table.failed]
    common = shared_options([record.options for record in records])
    names = [name for name in HEADINGS if any(name in row.figures for row in table.rows)]
    cells = [_cell(row, common, names, links.get(row.record.key, "")) for row in table.rows]
    facts = [("Device", table.device), ("Runtime", table.runtime)]
    return DrawnSection(
        title=f"{Path(table.model).name} on {table.device}",
        verdict=_verdict(table, common),
        facts=(*facts, *((("All cells", option_words(common)),) if common else ())),
        choices=tuple(HEADINGS[name] for name in names),
        pictures=_PICTURES,
        table=_table(table, common, names, links),
        notes=(*table_notes([table]), *_failures(table), *_without_report(table, links)),
        data={
            "figures": [{"name": name, "label": HEADINGS[name]} for name in names],
            "cells": cells,
            "hasError": "error" in names,
        },
    )


def _table(
    table: ModelTable, common: Mapping[str, Any], names: Sequence[str], links: Mapping[str, str]
) -> LinkedTable:
    rows = tuple(
        LinkedRow(
            cell_words(row, common),
            links.get(row.record.key, ""),
            (
                *(
                    figure_text(name, row.figures.get(name)) + " *" * (name in row.best)
                    for name in names
                ),
                "front" if row.on_front else "",
                row.record.key,
            ),
        )
        for row in table.rows
    )
    headings = ("cell", *(HEADINGS[name] for name in names), "front", "result")
    return LinkedTable(f"Cells of {Path(table.model).name}, lowest latency first", headings, rows)


def _cell(row: Row, common: Mapping[str, Any], names: Sequence[str], link: str) -> dict[str, Any]:
    options = other_options(row.record, common)
    # The batch is an axis of its own.
    others = {name: value for name, value in options.items() if name != "batch"}
    series = option_words(others) if others else (row.precision or "all cells")
    words = cell_words(row, common)
    return {
        "batch": row.batch,
        "series": series,
        "words": words,
        "short": " ".join(str(value) for value in options.values()) or row.precision,
        "values": {n: _value(n, row.figures[n]) for n in names if n in row.figures},
        "best": list(row.best),
        "front": row.on_front,
        "link": link,
    }


def _value(name: str, figure: Figure) -> dict[str, Any]:
    scale = 1 / (1 << 20) if name == "memory_bytes" else 1.0
    ends = {"value": figure.value}
    if isfinite(figure.low) and isfinite(figure.high):
        # Else there is no interval, and the one that decides what is best reaches down to 0.
        ends |= {"low": figure.low, "high": figure.high}
    known = {side: one * scale if isfinite(one) else None for side, one in ends.items()}
    return {**known, "text": figure_text(name, figure)}


def _verdict(table: ModelTable, common: Mapping[str, Any]) -> str:
    """The best latency and throughput in words, and how many cells are not told apart from it."""
    told = []
    for name, words, unit in (
        ("latency_ms", "Lowest latency", " ms"),
        ("items_per_s", "Most items/s", ""),
    ):
        best = [row for row in table.rows if name in row.best]
        if not best:
            continue
        first = (min if name == "latency_ms" else max)(best, key=lambda r: r.figures[name].value)
        others = f", {len(best) - 1} more not told apart" if len(best) > 1 else ""
        figure = figure_text(name, first.figures[name])
        told.append(f"{words}: {figure}{unit} ({cell_words(first, common)}{others}).")
    count = len(table.failed)
    failed = f" {count} {'cell has' if count == 1 else 'cells have'} no result." if count else ""
    return f"{' '.join(told) or f'{len(table.rows)} cells.'}{failed}"


def _failures(table: ModelTable) -> Iterator[str]:
    for record in table.failed:
        yield failure_text(record.model, record.options, record)


def _without_report(table: ModelTable, links: Mapping[str, str]) -> Iterator[str]:
    if any(row.record.key not in links for row in table.rows):
        yield (
            f"Of more than {MOST_REPORTS} cells only the best and those on the front have a report "
            "here; trtcore report RESULT.json --html OUT makes that of any other."
        )
