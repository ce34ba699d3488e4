"""The page of a sweep: what it says of each cell, and the reports beside it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from html_results import HOSTILE, hostile

from trtcore.cli import sweep_page
from trtcore.cli.sweep_page import render_sweep, reported_cells, write_sweep_page
from trtcore.errors import WriteError
from trtcore.result.saved import save_profile
from trtcore.sweeps.files import Files
from trtcore.sweeps.machine import Machine
from trtcore.sweeps.outcomes import Outcome, Request, State
from trtcore.sweeps.store import Record, Store
from trtcore.sweeps.table import Figure, ModelTable, Row, SweepTable, judged, read_table


def row(key: str, batch: int, precision: str, latency: float, model: str = "a.onnx") -> Row:
    figures = {
        "latency_ms": Figure(latency, latency - 0.01, latency + 0.01),
        "items_per_s": Figure(batch / latency, batch / latency - 1e-3, batch / latency + 1e-3),
        "memory_bytes": Figure(2.0**21, 2.0**21, 2.0**21),
    }
    record = Record(key, model, "d", {"batch": batch, "precision": precision, "seed": 3})
    return Row(record, figures, precision=precision, batch=batch, device="H200")


@pytest.fixture
def table() -> SweepTable:
    rows = judged(
        [row("k1", 1, "fp16", 1.0), row("k2", 4, "fp16", 2.0), row("k3", 1, "fp32", 1.005)]
    )
    options = {"batch": 4, "precision": "fp32", "seed": 3}
    failed = Record("k4", "a.onnx", "d", options, state=State.CRASHED, message="SIGSEGV")
    return SweepTable("out", (ModelTable("dir/a.onnx", "H200", "TensorRT 11", rows, (failed,)),))


def data_of(page: str) -> list[Any]:
    return [json.loads(text) for text in re.findall(r'class="data">(.*?)</script>', page)]


def test_cells_have_their_figures_their_series_and_their_address(table: SweepTable) -> None:
    page = render_sweep(table, {"k2": "cells/k2.html"})
    (data,) = data_of(page)
    first = data["cells"][0]
    assert first == {
        "batch": 1,
        "series": "precision fp16",
        "words": "batch 1, precision fp16",
        "short": "1 fp16",
        "values": {
            "latency_ms": {"value": 1.0, "low": 0.99, "high": 1.01, "text": "1.000 ±0.010"},
            "items_per_s": {"value": 1.0, "low": 0.999, "high": 1.001, "text": "1.00"},
            "memory_bytes": {"value": 2.0, "low": 2.0, "high": 2.0, "text": "2.0"},
        },
        "best": ["latency_ms", "memory_bytes"],
        "front": True,
        "link": "",
    }
    assert [cell["link"] for cell in data["cells"]] == ["", "", "cells/k2.html"]
    assert data["hasError"] is False
    for words in (
        "Lowest latency: 1.000 ±0.010 ms (batch 1, precision fp16, 1 more not told apart). "
        "Most items/s: 2.00 (batch 4, precision fp16). 1 cell has no result.",
        "<dt>All cells</dt><dd>seed 3</dd>",
        '<a href="cells/k2.html">batch 4, precision fp16</a>',
        "a.onnx (batch 4, precision fp32, seed 3): crashed: SIGSEGV",
    ):
        assert words in page


def test_a_sweep_without_a_cell_has_a_page() -> None:
    assert "Sweep of no cell yet" in render_sweep(SweepTable("out", ()), {})


def test_of_many_cells_the_best_have_a_report(
    table: SweepTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(reported_cells(table)) == ["k1", "k3", "k2"]
    monkeypatch.setattr(sweep_page, "MOST_REPORTS", 2)
    kept = reported_cells(table)
    assert list(kept) == ["k1", "k3"]
    assert kept["k1"] == "a.onnx, batch 1, precision fp16, seed 3"
    assert "Of more than 2 cells" in render_sweep(table, dict.fromkeys(kept, "x"))


@pytest.fixture
def swept(tmp_path: Path) -> SweepTable:
    """A real folder of one cell, in which every name is an attack."""
    store, saved = Store(tmp_path / "out"), tmp_path / "saved.json"
    save_profile(replace(hostile(), precision="fp16"), saved)
    machine = Machine("tensorrt", HOSTILE, HOSTILE)
    request = Request("k1", "s", HOSTILE, Files("d", ()), {"seed": HOSTILE}, machine)
    store.keep(request, Outcome("k1", State.DONE), saved.read_bytes())
    return read_table(store)


def test_each_cell_has_a_report_beside_the_page(swept: SweepTable, tmp_path: Path) -> None:
    path = tmp_path / "a page?.html"
    write_sweep_page(str(path), swept)
    page = path.read_text()
    assert data_of(page)[0]["cells"][0]["link"] == "a%20page%3F-cells/k1.html"
    assert "<img" not in page
    report = (tmp_path / "a page?-cells" / "k1.html").read_text()
    assert "<img" not in report
    assert 'class="result"' in report


def test_a_file_where_the_reports_belong_is_an_error(swept: SweepTable, tmp_path: Path) -> None:
    (tmp_path / "page-cells").write_text("")
    with pytest.raises(WriteError, match=r"page-cells: is no folder for reports \(File exists\)"):
        write_sweep_page(str(tmp_path / "page.html"), swept)


def test_a_figure_without_an_interval_has_no_bar_down_to_nothing(table: SweepTable) -> None:
    one = row("k1", 1, "fp16", 963.75)
    # What too few iterations give: the widest interval, which is told apart from none.
    open_ends = {
        "latency_ms": Figure(963.75, 0.0, math.inf),
        "items_per_s": Figure(1.04, 0, math.inf),
    }
    lone = replace(one, figures=open_ends)
    (model,) = table.models
    page = render_sweep(replace(table, models=(replace(model, rows=judged([lone])),)), {})
    (data,) = data_of(page)
    assert data["cells"][0]["values"] == {
        "latency_ms": {"value": 963.75, "text": "963.750"},
        "items_per_s": {"value": 1.04, "text": "1.04"},
    }
    assert "A latency without ± has no interval" in page
