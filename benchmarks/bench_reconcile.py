"""Do the layers add up? Every engine in a process of its own, as a user would profile it.

Needs a GPU, a TensorRT that serves it and CUPTI. Beside the figures, a row for each engine is
written to ``results/reconcile_table.md``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import onnx
from gpu_rig import made_rig
from graph_loop import bare_graph, trtcore_graph
from harness import RESULTS, Benchmark, Goal, Measured, interleave, main

import trtcore
from trtcore.backends.choice import choose_backend
from trtcore.kernel_agreement import profile_agreement
from trtcore.kernels import kernel_totals
from trtcore.reconcile import Reconciliation, reconcile_profile
from trtcore.result import Profile

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light/light_resnet50.onnx"
MODELS = {"googlenet": "googlenet", "light ResNet-50": str(LIGHT)}
TABLE = RESULTS / "reconcile_table.md"
PROCESSES = 5
AGREEMENT = ("googlenet", "fp16", 4, "serial")
LONG_MS = 0.01

HEAD = (
    "| engine | model | precision | batch | layers | raw sum | corrected | gated span "
    "| unexplained | same-run us | CUDA graph | kernels | close to CUPTI | longest 10 "
    "| CUPTI slow-down |\n"
    "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)

Key = tuple[str, str, int, str]


@dataclass(frozen=True)
class Found:
    """What came of one engine."""

    key: Key
    profile: Profile
    reconciled: Reconciliation

    @property
    def name(self) -> str:
        """What its figures are called."""
        model, precision, batch, engine = self.key
        return f"{engine} {model} {precision} batch {batch}"


def profiled(folder: Path, source: str, *options: str) -> Profile:
    """Profiles in a fresh process; its result goes through a file, like a user's."""
    path = folder / "result.json"
    command = [sys.executable, "-m", "trtcore.profile", source, "--save", str(path), *options]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {ran.stderr}")
    return trtcore.load_profile(path)


def engines(folder: Path, quick: bool) -> Iterator[Found]:
    """Every model, precision and batch size, on one stream and on several."""
    batches = (4,) if quick else (1, 4, 32)
    for key in product(MODELS, ("fp16", "fp32"), batches, ("serial", "default")):
        model, precision, batch, engine = key
        options = ["--precision", precision, "--batch", str(batch), "--timing", "cupti"]
        options += ["--iterations", "100" if quick else "400"]
        options += ["--serial"] if engine == "serial" else []
        profile = profiled(folder, MODELS[model], *options)
        reconciled = reconcile_profile(profile)
        if reconciled is None:
            sys.exit(f"{key} was not gated: {'; '.join(profile.warnings)}")
        yield Found(key, profile, reconciled)


def row(found: Found) -> str:
    """One line of the table."""
    model, precision, batch, engine = found.key
    reconciled, kernels = found.reconciled, found.profile.kernels
    close = profile_agreement(found.profile)
    totals = None if kernels is None else kernel_totals(kernels)
    cells = (
        engine,
        model,
        precision,
        str(batch),
        str(reconciled.layer_count),
        f"{reconciled.raw_sum_ms:.4f}",
        f"{reconciled.corrected_sum_ms:.4f}",
        f"{reconciled.span_ms:.4f}",
        f"{reconciled.unexplained_share:+.1%}",
        f"{1000 * reconciled.same_run_cost_ms:.2f}",
        f"{np.median(found.profile.samples.graph_ms):.4f}",
        f"{totals.kernel_ms:.4f}" if totals else "-",
        f"{close.close} of {close.layers}, {close.close_share:.1%}" if close else "-",
        f"{close.common} of {close.longest}" if close else "-",
        f"{totals.slow_down:.2f}x" if totals else "-",
    )
    return f"| {' | '.join(cells)} |"


def figures_of(found: Found) -> dict[str, float]:
    """The figures that goals are set for."""
    close, kernels = profile_agreement(found.profile), found.profile.kernels
    figures = {f"unexplained, {found.name}, %": 100 * abs(found.reconciled.unexplained_share)}
    if close is not None and kernels is not None:
        figures |= {
            f"time of layers close to CUPTI, {found.name}, %": 100 * close.close_share,
            f"longest layers in common, {found.name}": close.common / close.longest,
            f"CUPTI slow-down, {found.name}": kernel_totals(kernels).slow_down,
        }
    return figures


def spreads(profiles: list[Profile]) -> dict[str, float]:
    """How far fresh processes lie apart: most less least over the median, in percent."""
    reconciled = [found for each in profiles if (found := reconcile_profile(each))]
    corrected = np.array([found.corrected_ms for found in reconciled])
    raw = np.array([found.raw_ms for found in reconciled])
    spans = np.array([[found.span_ms] for found in reconciled])
    is_long = np.median(corrected, axis=0) >= LONG_MS
    return {
        "gated span": float(_apart(spans)[0]),
        "corrected sum": float(_apart(corrected.sum(axis=1, keepdims=True))[0]),
        "worst layer of 10 us or more": float(_apart(raw[:, is_long]).max()),
        "median layer of 10 us or more": float(np.median(_apart(raw[:, is_long]))),
    }


def _apart(values: np.ndarray) -> np.ndarray:
    return 100 * np.ptp(values, axis=0) / np.median(values, axis=0)


def agreement(folder: Path, quick: bool) -> dict[str, float]:
    """The same plan, and the same model built anew, in fresh processes."""
    model, precision, batch, _ = AGREEMENT
    options = ["--precision", precision, "--batch", str(batch), "--serial"]
    plan, count = folder / "kept.plan", 2 if quick else PROCESSES
    profiled(folder, model, *options, "--iterations", "20", "--save-engine", str(plan))
    same = [profiled(folder, str(plan)) for _ in range(count)]
    anew = [profiled(folder, model, *options) for _ in range(count)]
    kinds = {"one plan": same, "built anew": anew}
    return {
        f"{count} processes, {kind}, {what}, %": percent
        for kind, profiles in kinds.items()
        for what, percent in spreads(profiles).items()
    }


def graphs(quick: bool) -> dict[str, float]:
    """Time between events around a graph launch: by trtcore, and by CUDA's calls alone."""
    bindings = choose_backend().bindings
    assert bindings is not None
    figures = {}
    for engine in ("serial", "default"):
        with made_rig(bindings, engine == "serial", 50 if quick else 200) as rig:
            arms = {"trtcore": trtcore_graph(rig), "bare": bare_graph(rig)}
            times = interleave(arms, 3 if quick else 11)
        figures |= {f"CUDA graph, {engine} googlenet, {name}, ms": ms for name, ms in times.items()}
    return figures


def measure(quick: bool) -> Measured:
    choice = choose_backend()
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_reconcile needs a GPU: {choice.reason}")
    figures: dict[str, float] = {}
    rows, costs = [HEAD], set()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for found in engines(folder, quick):
            figures |= figures_of(found)
            rows.append(row(found))
            costs.add(cost_text(found.reconciled, found.profile))
            print(rows[-1], file=sys.stderr)
        figures |= agreement(folder, quick)
    figures |= graphs(quick)
    if not quick:
        TABLE.write_text("# Do the layers add up?\n\n" + "\n".join(rows) + "\n")
    return Measured(figures, (choice.bindings.label, *sorted(costs)))


def cost_text(reconciled: Reconciliation, profile: Profile) -> str:
    """The event cost that was taken off, in words."""
    cost = profile.event_cost
    between = f", 95 % within {1000 * cost.low_ms:.2f} to {1000 * cost.high_ms:.2f}" if cost else ""
    words = f"event cost, {reconciled.event_cost_source}"
    return f"{words}: {1000 * reconciled.event_cost_ms:.2f} us{between}"


def goals() -> Iterator[Goal]:
    """One for each figure that has something to reach."""
    for model, precision, batch, engine in product(
        MODELS, ("fp16", "fp32"), (1, 4, 32), ("serial", "default")
    ):
        name = f"{engine} {model} {precision} batch {batch}"
        if engine == "serial":
            yield Goal(f"unexplained of {name}, %", 3, f"unexplained, {name}, %")
            closeness = f"time of layers close to CUPTI, {name}, %"
            yield Goal(f"close to CUPTI, {name}, % of time", 90, closeness, at_least=True)
            common = f"longest layers in common, {name}"
            yield Goal(f"ten longest layers in common, {name}", 0.9, common, at_least=True)
        yield Goal(f"CUPTI slow-down, {name}", 1.3, f"CUPTI slow-down, {name}")
    for what, limit in (("gated span", 0.5), ("worst layer of 10 us or more", 1.0)):
        for kind in ("one plan", "built anew"):
            figure = f"{PROCESSES} processes, {kind}, {what}, %"
            yield Goal(f"{PROCESSES} processes apart, {kind}: {what}, %", limit, figure)
    for engine in ("serial", "default"):
        ours, bare = (f"CUDA graph, {engine} googlenet, {who}, ms" for who in ("trtcore", "bare"))
        yield Goal(f"CUDA graph over a bare one, {engine}", 1.01, ours, bare)
        yield Goal(f"bare CUDA graph over ours, {engine}", 1.01, bare, ours)


if __name__ == "__main__":
    main(
        Benchmark(
            title="Do the layers add up?",
            method=(
                "`python -m trtcore.profile ... --timing cupti --iterations 400` in a process for "
                "each engine, one calibration of the event cost for all. *Apart*: most less least "
                "over the median of the processes, 1000 iterations each. Graphs: medians of 200 "
                "launches, in turns."
            ),
            measure=measure,
            goals=tuple(goals()),
            processes=1,
        )
    )
