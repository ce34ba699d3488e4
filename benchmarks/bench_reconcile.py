"""Do the layers add up? Every engine in a process of its own, as a user would profile it.

Needs a GPU, a TensorRT that serves it and CUPTI. Beside the figures, a row for each engine is
written to ``results/reconcile_table.md``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import onnx
from harness import RESULTS, Benchmark, Goal, Measured, main
from profiled import profiled

from trtcore.backends.choice import choose_backend
from trtcore.kernel_agreement import profile_agreement
from trtcore.kernels import kernel_totals
from trtcore.reconcile import Reconciliation, reconcile_profile
from trtcore.result import Profile

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light/light_resnet50.onnx"
MODELS = {"googlenet": "googlenet", "light ResNet-50": str(LIGHT)}
TABLE = RESULTS / "reconcile_table.md"

PREFACE = """# Do the layers add up?

`python -m trtcore.profile ... --timing cupti --iterations 400` in a process for each engine;
machine, versions and event cost are in [reconcile.md](reconcile.md). Medians in milliseconds.

*Corrected* is the sum of gated layer medians less the event cost; *unexplained* compares it with
the un-profiled gated span of the same run. On one stream that is a test; with several (*default*)
only what lies outside of what streams can overlap counts. *Same-run* is the cost at which the run's
own sum would fit. *Close to CUPTI*: layers whose corrected time is within 10 % or 1 us of their
kernels, of those whose kernels are known, and the part of kernel time they hold.

"""

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
    if not quick:
        TABLE.write_text(PREFACE + "\n".join(rows) + "\n")
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


if __name__ == "__main__":
    main(
        Benchmark(
            title="Do the layers add up?",
            method=(
                "`python -m trtcore.profile ... --timing cupti --iterations 400` in a process for "
                "each engine, one calibration of the event cost for all."
            ),
            measure=measure,
            goals=tuple(goals()),
            processes=1,
        )
    )
