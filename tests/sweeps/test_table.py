"""What is best, what is on the front, and what is not ranked."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from networks import measured

from trtcore.cli.sweep_table import sweep_text
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.energy import Energy, EnergyGap, EnergySource
from trtcore.sweeps.export import COLUMNS, render_csv, render_json
from trtcore.sweeps.outcomes import State
from trtcore.sweeps.store import Record
from trtcore.sweeps.table import Figure, ModelTable, Row, SweepTable, figures_of, judged


def row(
    key: str, latency: float, per_s: float, error: float | None = None, half: float = 0.1
) -> Row:
    figures = {
        "latency_ms": Figure(latency, latency - half, latency + half),
        "items_per_s": Figure(per_s, per_s - half, per_s + half),
    }
    if error is not None:
        figures["error"] = Figure(error, error, error)
    record = Record(key, "net.onnx", "digest", {"batch": int(per_s), "seed": 1})
    return Row(record, figures, precision="fp16", batch=int(per_s))


def marks(rows: tuple[Row, ...]) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(one.record.key, one.best, one.on_front) for one in rows]


def test_differences_within_the_intervals_are_not_ranked() -> None:
    rows = judged([row("slow", 2.0, 10.0), row("a", 1.0, 20.0), row("b", 1.15, 20.15)])
    both = ("latency_ms", "items_per_s")
    # `b` is 0.15 slower than `a`, and the intervals reach 0.1 to either side.
    assert marks(rows) == [("a", both, True), ("b", both, True), ("slow", (), False)]


def test_clear_differences_are() -> None:
    rows = judged([row("a", 1.0, 20.0), row("b", 1.25, 20.25)])
    assert marks(rows) == [("a", ("latency_ms",), True), ("b", ("items_per_s",), True)]


def test_the_front_weighs_the_error_where_it_was_measured() -> None:
    fast, exact = row("fast", 1.0, 20.0, 1e-2), row("exact", 2.0, 10.0, 0.0)
    worse, unknown = row("worse", 3.0, 5.0, 1e-2), row("unknown", 0.5, 50.0)
    rows = judged([fast, exact, worse, unknown])
    assert marks(rows) == [
        # What lacks a figure is best in those that it has, and not on a front of all three.
        ("unknown", ("latency_ms", "items_per_s"), False),
        ("fast", (), True),
        ("exact", ("error",), True),
        ("worse", (), False),
    ]


def test_a_front_is_never_empty() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        drawn = rng.integers(1, 5, size=(6, 3)).astype(float)
        rows = judged(row(str(i), *one, half=0.6) for i, one in enumerate(drawn.tolist()))
        assert any(one.on_front for one in rows)
        best = min(rows, key=lambda r: r.figures["latency_ms"].value)
        assert "latency_ms" in best.best


def test_a_lone_cell_is_best_in_nothing() -> None:
    assert marks(judged([row("a", 1.0, 1.0)])) == [("a", (), True)]
    assert judged([]) == ()


def test_the_figures_are_those_of_the_saved_result() -> None:
    analysis = Analysis(measured("resnet50"))
    figures, wall = figures_of(analysis), analysis.latency.wall
    assert wall is not None
    assert figures["latency_ms"] == Figure(wall.median_ms, *analysis.intervals["wall_ms"])
    assert figures["items_per_s"].value == pytest.approx(4000 / wall.median_ms)
    assert figures["items_per_s"].low == pytest.approx(4000 / analysis.intervals["wall_ms"][1])
    assert not {"error", "energy_mj_per_item"} & figures.keys()


def test_energy_is_that_of_an_item() -> None:
    profile = measured("resnet50")
    spent = Energy(EnergySource.COUNTER, joules=8.0, seconds=2.0, iterations=100)
    for energy, expected in (
        # 80 mJ an inference, of a batch of 4.
        (spent, Figure(20.0, 20.0, 20.0)),
        (replace(spent, gap=EnergyGap.TOO_SHORT), None),
    ):
        figures = figures_of(Analysis(replace(profile, energy=energy)))
        assert figures.get("energy_mj_per_item") == expected


def example() -> SweepTable:
    rows = judged([row("k1", 1.0, 4.0, 1e-3), row("k2", 2.0, 8.0, math.inf)])
    failed = Record(
        "k3",
        "net.onnx",
        "d",
        {"batch": 9, "seed": 1},
        state=State.CRASHED,
        message="SIGSEGV",
        last_line="[x]",
    )
    return SweepTable("out", (ModelTable("net.onnx", "H200", "TensorRT 11", rows, (failed,)),))


TEXT = """\
net.onnx on H200, TensorRT 11
All cells: seed 1
cell        latency ms  items/s      error  front  result
batch 4  1.000 ±0.100*     4.00  1.00e-03*  front      k1
batch 8   2.000 ±0.100    8.00*        inf  front      k2
crashed: batch 9: SIGSEGV; TensorRT's last line: [x]
"""


def test_the_whole_text() -> None:
    assert sweep_text(example(), None).split("\n\n")[0] == TEXT.rstrip()
    assert sweep_text(SweepTable("out", ())) == "No cell has ended yet."
    narrow = sweep_text(example(), 60)
    assert all(len(line) <= 60 for line in narrow.splitlines())


def test_without_a_terminal_lines_keep_within_120_columns_and_a_lack_of_intervals_is_told() -> None:
    (model,) = example().models
    few = replace(row("k1", 1.0, 4.0, 1e-3), figures={"latency_ms": Figure(963.75, 0.0, math.inf)})
    told = sweep_text(SweepTable("out", (replace(model, rows=judged([few])),)), None)
    assert max(map(len, told.splitlines())) <= 120
    assert told.splitlines()[-2] == (
        "A latency without ± has no interval, as it has too few iterations: it is told apart from "
        "none."
    )
    assert "A latency without" not in sweep_text(example(), None)


def test_json_and_csv_have_every_cell() -> None:
    told = json.loads(render_json(example()), parse_constant=pytest.fail)
    (one,) = told["models"]
    assert [cell["key"] for cell in one["cells"]] == ["k1", "k2"]
    assert one["cells"][1]["figures"]["error"] == {"value": None, "low": None, "high": None}
    assert one["cells"][0]["best"] == ["latency_ms", "error"]
    assert one["failed"] == [
        {
            "key": "k3",
            "options": {"batch": 9, "seed": 1},
            "state": "crashed",
            "message": "SIGSEGV",
            "last_line": "[x]",
        }
    ]
    header, *lines = csv.reader(io.StringIO(render_csv(example())))
    assert tuple(header) == COLUMNS
    cells = [dict(zip(header, line, strict=True)) for line in lines]
    assert [(c["key"], c["state"], c["latency_ms"], c["error"]) for c in cells] == [
        ("k1", "done", "1.0", "0.001"),
        ("k2", "done", "2.0", "inf"),
        ("k3", "crashed", "", ""),
    ]
    assert Path(told["folder"]) == Path("out")
