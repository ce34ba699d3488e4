"""How well the layers of engines add up: each is profiled in a process of its own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import onnx
from harness import RESULTS, Measured
from profiled import profiled

from trtcore.engine.choice import choose_backend
from trtcore.report.content.warnings import profile_warnings
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.reconciliation.kernels import kernel_totals
from trtcore.result.analysis.reconciliation.reconcile import Reconciliation, reconcile_profile
from trtcore.result.records.profile import Profile

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light/light_resnet50.onnx"
MODELS = {"googlenet": "googlenet", "light ResNet-50": str(LIGHT)}
PRECISIONS = ("fp16", "fp32")
BATCHES = (1, 4, 32)

PREFACE = """# {title}

`python -m trtcore.profile ... --timing cupti --iterations 400` in a process for each engine;
machine, versions and event cost are in [{topic}.md]({topic}.md). Medians in milliseconds.

*Gated*: launch overhead hidden (stream blocked until enqueued). *Corrected* is the sum of gated
layer medians less the event cost; *unexplained* compares it with the un-profiled gated span of the
same run. {unexplained}
*Same-run* is the cost at which the run's own sum would fit. *Close to CUPTI*: layers whose
corrected time is within 10 % or 1 us of their kernels, of those whose kernels are known, and the
part of kernel time they hold.

"""

HEAD = (
    "| model | precision | batch | layers | raw sum | corrected | gated span "
    "| unexplained | same-run us | CUDA graph | kernels | close to CUPTI | longest 10 "
    "| CUPTI slow-down |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


@dataclass(frozen=True)
class Found:
    """What came of one engine."""

    model: str
    precision: str
    batch: int
    profile: Profile
    reconciled: Reconciliation

    @property
    def name(self) -> str:
        """What its figures are called."""
        return name(self.model, self.precision, self.batch)


def name(model: str, precision: str, batch: int) -> str:
    """What the figures of an engine are called."""
    return f"{model} {precision} batch {batch}"


def names() -> Iterator[str]:
    """The names of all engines."""
    for key in product(MODELS, PRECISIONS, BATCHES):
        yield name(*key)


def engines(folder: Path, quick: bool, *options: str) -> Iterator[Found]:
    """Every model, precision and batch size, built with these options."""
    for model, precision, batch in product(MODELS, PRECISIONS, (4,) if quick else BATCHES):
        arguments = ["--precision", precision, "--batch", str(batch), "--timing", "cupti"]
        arguments += ["--iterations", "100" if quick else "400"]
        profile = profiled(folder, MODELS[model], *arguments, *options)
        reconciled = reconcile_profile(profile)
        if reconciled is None:
            sys.exit(f"{name(model, precision, batch)}: {'; '.join(profile_warnings(profile))}")
        yield Found(model, precision, batch, profile, reconciled)


def measure_engines(topic: str, preface: str, quick: bool, *options: str) -> Measured:
    """Measures every engine; writes a row for each unless it is to be quick."""
    choice = choose_backend()
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_{topic} needs a GPU: {choice.reason}")
    figures: dict[str, float] = {}
    rows, costs = [HEAD], set()
    with tempfile.TemporaryDirectory() as temporary:
        for found in engines(Path(temporary), quick, *options):
            figures |= figures_of(found)
            rows.append(row(found))
            costs.add(cost_text(found.reconciled, found.profile))
            print(rows[-1], file=sys.stderr, flush=True)
    if not quick:
        table = RESULTS / f"{topic}_table.md"
        table.write_text(preface + "\n".join(rows) + "\n")
    return Measured(figures, (choice.bindings.label, *sorted(costs)))


def row(found: Found) -> str:
    """One line of the table."""
    reconciled, kernels = found.reconciled, found.profile.kernels
    close = Analysis(found.profile).agreement
    totals = None if kernels is None else kernel_totals(kernels)
    cells = (
        found.model,
        found.precision,
        str(found.batch),
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
    close, kernels = Analysis(found.profile).agreement, found.profile.kernels
    figures = {f"unexplained, {found.name}, %": 100 * abs(found.reconciled.unexplained_share)}
    if close is not None and kernels is not None:
        figures |= {
            f"time of layers close to CUPTI, {found.name}, %": 100 * close.close_share,
            f"longest layers in common, {found.name}": close.common / close.longest,
            f"CUPTI slow-down, {found.name}": kernel_totals(kernels).slow_down,
        }
    return figures


def cost_text(reconciled: Reconciliation, profile: Profile) -> str:
    """The event cost that was subtracted, as a note."""
    cost = profile.event_cost
    between = f", 95 % within {1000 * cost.low_ms:.2f} to {1000 * cost.high_ms:.2f}" if cost else ""
    label = f"event cost, {reconciled.event_cost_source}"
    return f"{label}: {1000 * reconciled.event_cost_ms:.2f} us{between}"
