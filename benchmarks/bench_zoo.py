"""Do the claims hold on the networks people deploy? Every engine in a process of its own.

Needs a GPU, a TensorRT that serves it, CUPTI, and PyTorch with torchvision and transformers for the
export. A row for each engine is written to ``results/zoo_table.md``; ``ZOO_KEEP=FOLDER`` keeps the
exported networks and the saved results there, ``ZOO_ONLY=vit_b_16,bert_base`` takes some only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import zoo
from harness import RESULTS, Benchmark, Goal, Measured, main

import trtcore
from trtcore.engine.choice import choose_backend
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.reconcile import Reconciliation
from trtcore.result.records import Profile

TITLE = "Do the claims hold on the networks people deploy?"
PRECISIONS = ("fp16", "fp32")
BATCHES = (1, 4)
ITERATIONS = 300
# Exports and builds run beside each other, measurements never do.
AT_ONCE = max(1, (os.cpu_count() or 2) // 3)

COLUMNS = (
    "network", "precision", "batch", "layers", "raw sum", "corrected", "gaps", "gated span",
    "unexplained", "CUDA graph", "corrected over graph", "close to CUPTI", "nodes",
    "relative L2", "build s", "total s",
)  # fmt: skip
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * 2}{'---:|' * (len(COLUMNS) - 2)}"
WARM_UP = (
    "import sys, trtcore\n"
    "trtcore.profile_model(sys.argv[1], precision=sys.argv[2], batch=int(sys.argv[3]), "
    "serial=True, iterations=1, calibrate=False)"
)


@dataclass(frozen=True)
class Engine:
    """One engine of the table."""

    network: str
    precision: str
    batch: int

    @property
    def name(self) -> str:
        """What its figures are called."""
        return f"{self.network} {self.precision} batch {self.batch}"


@dataclass(frozen=True)
class Row:
    """The results of one engine."""

    engine: Engine
    profile: Profile
    reconciled: Reconciliation
    seconds: float


def engines(quick: bool) -> list[Engine]:
    """Every engine that is measured."""
    only = os.environ.get("ZOO_ONLY", "")
    names = only.split(",") if only else ["googlenet", *zoo.NETWORKS]
    return [Engine(*key) for key in product(names, PRECISIONS, (4,) if quick else BATCHES)]


def source(folder: Path, engine: Engine) -> str:
    """What trtcore is given for an engine."""
    if engine.network == "googlenet":
        return "googlenet"
    return str(folder / f"{engine.network}_b{engine.batch}.onnx")


def run(command: Sequence[str]) -> str:
    """Runs a program; returns its last line of standard error, ``""`` if it went well."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"]
    return lines[-1] if ran.returncode else ""


def export(folder: Path, wanted: Sequence[Engine]) -> None:
    """Exports every network that is wanted, several at a time."""
    script = str(Path(__file__).with_name("zoo.py"))
    keys = dict.fromkeys((e.network, e.batch) for e in wanted if e.network in zoo.NETWORKS)
    commands = [[sys.executable, script, str(folder), name, str(batch)] for name, batch in keys]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for key, problem in zip(keys, pool.map(run, commands), strict=True):
            if problem:
                print(f"export of {key} failed: {problem}", file=sys.stderr, flush=True)


def compile_kernels(folder: Path, wanted: Sequence[Engine]) -> None:
    """Fills TensorRT-RTX's caches, several engines at a time; failures show when measuring."""
    commands = [
        [sys.executable, "-c", WARM_UP, source(folder, e), e.precision, str(e.batch)]
        for e in wanted
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, commands))


def profiled(folder: Path, engine: Engine) -> Row | str:
    """Profiles as a user would; the reason where that fails."""
    path = folder / f"{engine.name.replace(' ', '_')}.json"
    command = [sys.executable, "-m", "trtcore.profile", source(folder, engine), "--serial"]
    command += ["--precision", engine.precision, "--batch", str(engine.batch), "--accuracy"]
    command += ["--timing", "cupti", "--iterations", str(ITERATIONS), "--save", str(path)]
    start = time.monotonic()
    problem = run(command)
    seconds = time.monotonic() - start
    if problem:
        return problem
    profile = trtcore.load_profile(path)
    reconciled = Analysis(profile).reconciliation
    return (
        "the passes were not gated"
        if reconciled is None
        else Row(engine, profile, reconciled, seconds)
    )


def row_text(row: Row) -> str:
    """One line of the table."""
    reconciled, profile = row.reconciled, row.profile
    analysis = Analysis(profile)
    close, totals = analysis.agreement, analysis.kernel_totals
    graph = float(np.median(profile.samples.graph_ms)) if profile.samples.graph_ms.size else np.nan
    cells = (
        row.engine.network,
        row.engine.precision,
        str(row.engine.batch),
        str(reconciled.layer_count),
        f"{reconciled.raw_sum_ms:.4f}",
        f"{reconciled.corrected_sum_ms:.4f}",
        f"{totals.gap_ms:.4f}" if totals else "-",
        f"{reconciled.span_ms:.4f}",
        f"{reconciled.unexplained_share:+.1%}",
        f"{graph:.4f}",
        f"{reconciled.corrected_sum_ms / graph:.3f}",
        f"{close.close} of {close.layers}, {close.close_share:.1%}" if close else "-",
        f"{analysis.fusion.node_coverage:.1%}",
        f"{profile.accuracy.relative_l2:.1e}" if profile.accuracy else "-",
        f"{profile.build.seconds:.1f}" if profile.build else "-",
        f"{row.seconds:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def figures_of(row: Row) -> dict[str, float]:
    """The figures that goals are set for."""
    name, reconciled, profile = row.engine.name, row.reconciled, row.profile
    figures = {
        f"unexplained, {name}, %": 100 * abs(reconciled.unexplained_share),
        f"nodes accounted for, {name}, %": 100 * Analysis(profile).fusion.node_coverage,
    }
    if profile.samples.graph_ms.size:
        graph = float(np.median(profile.samples.graph_ms))
        off = abs(reconciled.corrected_sum_ms - graph) / graph
        figures[f"corrected sum off the graph span, {name}, %"] = 100 * off
    if close := Analysis(profile).agreement:
        figures[f"time of layers close to CUPTI, {name}, %"] = 100 * close.close_share
    if profile.accuracy:
        figures[f"relative L2, {name}"] = profile.accuracy.relative_l2
    return figures


def measure(quick: bool) -> Measured:
    """Measures every engine; writes a row for each unless it is to be quick."""
    choice = choose_backend()
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_zoo needs a GPU: {choice.reason}")
    figures: dict[str, float] = {}
    rows = [HEAD]
    failures: list[str] = []
    kept = os.environ.get("ZOO_KEEP")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(kept or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        wanted = engines(quick)
        export(folder, wanted)
        compile_kernels(folder, wanted)
        for engine in wanted:
            found = profiled(folder, engine)
            if isinstance(found, str):
                failures.append(f"{engine.name} failed: {found}")
                print(failures[-1], file=sys.stderr, flush=True)
                continue
            figures |= figures_of(found)
            rows.append(row_text(found))
            print(rows[-1], file=sys.stderr, flush=True)
    if not quick:
        table = RESULTS / "zoo_table.md"
        table.write_text(f"# {TITLE}\n\n" + "\n".join([*rows, "", *failures]) + "\n")
    return Measured(figures, (choice.bindings.label, *failures))


def goals() -> Iterator[Goal]:
    """One for each figure that has something to reach."""
    for engine in engines(quick=False):
        name = engine.name
        yield Goal(f"unexplained of {name}, %", 2, f"unexplained, {name}, %")
        yield Goal(f"off the graph, {name}, %", 5, f"corrected sum off the graph span, {name}, %")
        closeness = f"time of layers close to CUPTI, {name}, %"
        yield Goal(f"close to CUPTI, {name}, % of time", 90, closeness, at_least=True)
        nodes = f"nodes accounted for, {name}, %"
        yield Goal(f"nodes accounted for, {name}, %", 100, nodes, at_least=True)
        most = 1e-2 if engine.precision == "fp16" else 2e-3
        yield Goal(f"relative L2 of {name}", most, f"relative L2, {name}")


if __name__ == "__main__":
    main(
        Benchmark(
            title=TITLE,
            method=(
                "`python -m trtcore.profile ... --serial --timing cupti --accuracy --iterations "
                f"{ITERATIONS}` in a process for each engine, kernels compiled before, one "
                "calibration of the event cost for all."
            ),
            measure=measure,
            goals=tuple(goals()),
            processes=1,
        )
    )
