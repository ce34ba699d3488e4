"""What FP16 and half2 buy: GoogLeNet and ResNet-50 at three batch sizes, interleaved in one run.

Needs a GPU and a TensorRT that serves it. Beside the figures, the tables by model node are written
to ``results/precision_tables.md``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from harness import RESULTS, Benchmark, Goal, Measured, main

import trtcore
from trtcore.engine.choice import choose_backend
from trtcore.report.terminal.precisions import render_precisions

# Relative, because it is printed into the tables.
RESNET = os.path.relpath(Path(__file__).parents[1] / "tests/data/caffe/resnet50_deploy.prototxt")
# With random weights ResNet-50's softmax saturates, so the output before it is compared.
MODELS = {"googlenet": ("googlenet", ()), "ResNet-50": (RESNET, ("fc1000",))}
BATCHES = (1, 4, 32)
PRECISIONS = ("fp32", "fp16", "half2")
TABLES = RESULTS / "precision_tables.md"


def compared(quick: bool) -> Iterator[tuple[str, trtcore.PrecisionComparison]]:
    """Compares the precisions of every model at every batch size."""
    count = 1 if quick else None
    for name, (source, outputs) in list(MODELS.items())[:count]:
        for batch in BATCHES[:count]:
            comparison = trtcore.compare_precisions(
                source,
                PRECISIONS,
                outputs=outputs,
                batch=batch,
                iterations=100 if quick else 1000,
                serial=True,
            )
            yield f"{name}, batch {batch}", comparison


def figures_of(name: str, comparison: trtcore.PrecisionComparison) -> dict[str, float]:
    """The whole network in each precision, its reformat time, and the error."""
    figures = {}
    for i, precision in enumerate(comparison.precisions):
        for row in comparison.totals:
            figures[f"{name}: {precision}, {row.name} ms"] = row.times[i].median_ms
        layers, reformats = (
            row.times[i].median_ms for row in (comparison.layers, comparison.reformats)
        )
        figures[f"{name}: {precision}, reformats and casts / layers"] = reformats / layers
        accuracy = comparison.profiles[i].accuracy
        if accuracy is not None:
            figures[error_of(name, precision)] = accuracy.relative_l2
    return figures


def error_of(name: str, precision: str) -> str:
    return f"{name}: {precision}, relative L2 error"


def measure(quick: bool) -> Measured:
    choice = choose_backend()
    if choice.name == "onnxruntime":
        sys.exit(f"bench_precision needs a GPU: {choice.reason}")
    figures: dict[str, float] = {}
    notes, tables = [], ["# FP32, FP16 and half2 by model node"]
    for name, comparison in compared(quick):
        figures |= figures_of(name, comparison)
        notes.append(f"{name}: {comparison.verdict}")
        tables += [f"## {name}", f"```\n{render_precisions(comparison)}\n```"]
        print(f"{name}: {comparison.verdict}", file=sys.stderr)
    if not quick:
        TABLES.write_text("\n\n".join(tables) + "\n")
    return Measured(figures, tuple(notes))


GOALS = tuple(
    Goal(f"outputs of {name} at batch {batch} in {precision} near FP32", 1e-2, error)
    for name in MODELS
    for batch in BATCHES
    for precision in PRECISIONS[1:]
    if (error := error_of(f"{name}, batch {batch}", precision))
)

if __name__ == "__main__":
    main(
        Benchmark(
            title="FP32, FP16 and half2",
            method="`trtcore.compare_precisions`, serial engines measured interleaved, 1000"
            " iterations of each; random weights and input, errors against ONNX Runtime in FP32.",
            measure=measure,
            goals=GOALS,
            processes=1,
        )
    )
