"""Do cells of a sweep disturb each other? Each measured alone, twice, and in a sweep.

Needs a GPU and a TensorRT that serves it; with several GPUs the sweep uses all of them, and its
wall time is compared with that of one. The 95 % intervals of single cells are in the notes.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from filled_graph import write_filled
from harness import Benchmark, Goal, Measured, main

from trtcore.sweeps.machine import this_machine
from trtcore.sweeps.sweep import sweep
from trtcore.sweeps.table import Figure, SweepTable
from trtcore.system.device import gpu_problem

# 8 cells, three times: of about 4 s each they stay within two minutes of one GPU.
BATCHES, PRECISIONS, ITERATIONS = [1, 4], ["fp32", "fp16"], 200
# Two builds beside a measurement, also where there is one GPU.
WORKERS_PER_GPU = 2


def models(folder: Path) -> list[str]:
    """GoogLeNet, and BERT with weights, of 128 tokens an item."""
    return ["googlenet", str(write_filled("bert_base", folder))]


def measure(quick: bool) -> Measured:
    if problem := gpu_problem():
        sys.exit(f"bench_sweep needs a GPU: {problem}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = models(folder)
        options: dict[str, Any] = {
            "batch": BATCHES[:1] if quick else BATCHES,
            "precision": PRECISIONS,
            "iterations": ITERATIONS,
            "calibrate": False,
            "use_cache": False,
        }
        gpus = this_machine().gpus
        seconds, tables = {}, {}
        for arm, given in {
            "alone": {"gpus": gpus[:1], "shard": "1/1"},
            "alone again": {"gpus": gpus[:1], "shard": "1/1"},
            "in a sweep": {"gpus": gpus, "workers": WORKERS_PER_GPU * max(len(gpus), 1)},
        }.items():
            visible = given.pop("gpus")
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(visible)
            this_machine.cache_clear()
            start = time.perf_counter()
            tables[arm] = sweep(plan, folder / arm.replace(" ", "_"), **options, **given)
            seconds[arm] = time.perf_counter() - start
        return _figures(tables, seconds, len(gpus))


def _figures(tables: dict[str, SweepTable], seconds: dict[str, float], gpus: int) -> Measured:
    found = {arm: _latencies(table) for arm, table in tables.items()}
    cells = sorted(set.intersection(*map(set, found.values())))
    notes = [f"GPUs: {gpus}", *_failures(tables)]
    ratios = {"alone again": 0.0, "in a sweep": 0.0}
    for cell in cells:
        first = found["alone"][cell]
        words = [f"{cell}: alone {_words(first)}"]
        for arm, largest in ratios.items():
            figure = found[arm][cell]
            ratios[arm] = max(largest, abs(figure.value / first.value - 1))
            words.append(f"{arm} {_words(figure)}")
        notes.append("; ".join(words))
    figures = {f"largest difference {arm}": ratio for arm, ratio in ratios.items()}
    figures |= {f"wall time {arm}, s": value for arm, value in seconds.items()}
    figures["cells"] = float(len(cells))
    return Measured(figures, tuple(notes))


def _latencies(table: SweepTable) -> dict[str, Figure]:
    """The latency of each cell, by its model, batch and precision."""
    return {
        f"{Path(one.model).stem} batch {row.batch} {row.record.options['precision']}": row.figures[
            "latency_ms"
        ]
        for one in table.models
        for row in one.rows
    }


def _failures(tables: dict[str, SweepTable]) -> list[str]:
    return [
        f"{arm}: {record.model} {dict(record.options)}: {record.message}"
        for arm, table in tables.items()
        for one in table.models
        for record in one.failed
    ]


def _words(figure: Figure) -> str:
    return f"{figure.value:.4f} ms ({figure.low:.4f} to {figure.high:.4f})"


if __name__ == "__main__":
    main(
        Benchmark(
            title="Do cells of a sweep disturb each other?",
            method=(
                f"GoogLeNet and BERT (random weights, 128 tokens), {ITERATIONS} iterations a "
                "cell: one after the other, the same again, and with two workers per GPU, whose "
                "builds run beside measurements. A difference is that of a cell's median wall time."
            ),
            measure=measure,
            goals=(
                Goal(
                    "in a sweep within the spread of those alone",
                    1.0,
                    "largest difference in a sweep",
                    "largest difference alone again",
                ),
                # Of two GPUs; with one there is nothing to gain but builds beside measurements.
                Goal(
                    "wall time of the sweep over one GPU's",
                    0.6,
                    "wall time in a sweep, s",
                    "wall time alone, s",
                ),
            ),
            processes=1,
        )
    )
