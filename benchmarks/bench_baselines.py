"""What TensorRT buys: GoogLeNet in FP32 and FP16 beside PyTorch eager and ONNX Runtime.

Needs a GPU, a TensorRT that serves it and PyTorch. Beside the figures, the tutorial's tables, layer
group by layer group, are written to ``results/baseline_tables.md``.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping

import numpy as np
from harness import RESULTS, Benchmark, Goal, Measured, main

import trtcore
from trtcore.engine.choice import choose_backend
from trtcore.models.inputs import make_inputs
from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_inputs
from trtcore.report.terminal.comparison import render_baseline, render_comparison

BATCH = 4
ENGINES = {"TensorRT FP32": "fp32", "TensorRT FP16": "fp16"}
BASELINES = {
    "PyTorch eager FP32": ("torch", "fp32"),
    "PyTorch eager FP16": ("torch", "fp16"),
    "ONNX Runtime on the CPU": ("onnxruntime", "fp32"),
}
TABLES = RESULTS / "baseline_tables.md"
ERROR = "PyTorch eager FP32 without TF32: relative L2 error against ONNX Runtime"
UNSEEN = "PyTorch eager FP32: model nodes without a row"


def profiles(quick: bool) -> dict[str, trtcore.Profile]:
    """Every engine and every baseline, on the same input."""
    found = {}
    for name, precision in ENGINES.items():
        found[name] = trtcore.profile_model(
            "googlenet", precision=precision, batch=BATCH, iterations=100 if quick else 1000
        )
    for name, (kind, precision) in BASELINES.items():
        found[name] = trtcore.profile_baseline(
            "googlenet", kind, precision=precision, batch=BATCH, iterations=20 if quick else None
        )
    return found


def forward_ms(profile: trtcore.Profile) -> float:
    """One un-profiled forward pass: between events on a GPU, by the host clock on the CPU."""
    samples = profile.samples
    return float(np.median(samples.gpu_ms if samples.gpu_ms.size else samples.wall_ms))


def figures_of(name: str, profile: trtcore.Profile) -> dict[str, float]:
    layers = trtcore.summarise_layers(profile)
    return {
        forward(name): forward_ms(profile),
        f"{name}: latency on the host, ms": float(np.median(profile.samples.wall_ms)),
        f"{name}: sum of layers, ms": sum(row.median_ms for row in layers),
    }


def forward(name: str) -> str:
    return f"{name}: forward pass, ms"


def outputs_error() -> float:
    """How far PyTorch is from ONNX Runtime where both compute in FP32."""
    import torch

    from trtcore.measure.nodes.onnxruntime import profile as onnxruntime
    from trtcore.measure.nodes.torch import eager as torch_eager

    model = load_model("googlenet", batch=BATCH)
    inputs = make_inputs(model_inputs(model))
    expected = onnxruntime.run_model(model, inputs)["prob"].astype(np.float64)
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        found = torch_eager.run_model(model, inputs)["prob"]
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def tables(found: Mapping[str, trtcore.Profile]) -> Iterator[tuple[str, str]]:
    """A title and a table for every baseline and engine, and for the two engines."""
    for base in BASELINES:
        for new in ENGINES:
            comparison = trtcore.compare_profiles(found[base], found[new])
            yield f"{base}, then {new}", render_baseline(comparison)
    fp32, fp16 = (found[name] for name in ENGINES)
    yield " and ".join(ENGINES), render_comparison(trtcore.compare_profiles(fp32, fp16))


def measure(quick: bool) -> Measured:
    check_machine()
    found = profiles(quick)
    figures = {}
    for name, profile in found.items():
        figures |= figures_of(name, profile)
    eager = found["PyTorch eager FP32"]
    figures[UNSEEN] = float(len(eager.model.nodes) - len(eager.layers))
    figures[ERROR] = outputs_error()
    texts = dict(tables(found))
    for title, text in texts.items():
        print(f"{title}\n\n{text}\n", file=sys.stderr)
    if not quick:
        blocks = [f"## {title}\n\n```\n{text}\n```" for title, text in texts.items()]
        TABLES.write_text("\n\n".join(["# GoogLeNet before and after TensorRT", *blocks]) + "\n")
    return Measured(figures, tuple(f"{name}: {p.method}" for name, p in found.items()))


def check_machine() -> None:
    choice = choose_backend("auto")
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_baselines needs a GPU: {choice.reason}")
    if importlib.util.find_spec("torch") is None:
        sys.exit("bench_baselines needs PyTorch: pip install 'trtcore[torch]'")


GOALS = (
    Goal("PyTorch computes what ONNX Runtime does", 1e-4, ERROR),
    Goal("every node has a row in PyTorch", 0, UNSEEN),
    *(
        Goal(f"{new} beside {base}", 1.0, forward(new), forward(base))
        for new in ENGINES
        for base in BASELINES
    ),
)

if __name__ == "__main__":
    main(
        Benchmark(
            title="GoogLeNet before and after TensorRT",
            method=f"Batch {BATCH}, the same random input; engines by `trtcore.profile_model`, 1000"
            " iterations of each pass, baselines by `trtcore.profile_baseline`, as many as fit 10"
            " s; forward passes without a profiler, between CUDA events on the GPU.",
            measure=measure,
            goals=GOALS,
            processes=1,
        )
    )
