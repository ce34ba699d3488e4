"""Do cells of a sweep disturb each other, and how much faster are several GPUs than one?

Needs a GPU and a TensorRT that serves it. The kernels of all cells are compiled first; then sweeps
on one GPU, on each in turn, and on all of them follow each other until the time is over. Each cell
and each sweep is printed to standard error as it ends, and what there is by then is summarised.

``SWEEP_SECONDS`` is the most that all of it may take (300). ``SWEEP_MODELS`` is a folder with
``bert_base.onnx``, as PyTorch exports it; without one the graph of the tests is used, with random
weights.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filled_graph import write_filled
from harness import Benchmark, Goal, Measured, main
from sweep_spread import OUTSIDE, compared

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.saved import load_profile
from trtcore.sweeps.machine import this_machine
from trtcore.sweeps.store import Record, Store
from trtcore.sweeps.sweep import sweep
from trtcore.system.device import gpu_problem

SECONDS = float(os.environ.get("SWEEP_SECONDS", "300"))
BATCHES, PRECISIONS = [1, 4, 16], ["fp32", "fp16"]
# A median of 100 is known to a few thousandths; processes differ by as much.
ITERATIONS = 100
# Builds run on the CPU and kernels are compiled there; only to fill the caches.
WARM_WORKERS_PER_GPU = 3
ALONE, TOGETHER = "one GPU", "all GPUs"


class TimeIsOver(KeyboardInterrupt):
    """The time that the benchmark may take is over: a sweep ends as by Ctrl-C."""


@dataclass
class Found:
    """What the sweeps of a kind gave so far.

    Attributes:
        latencies: medians in ms, by cell; of a sweep that was cut off too.
        seconds: wall times of whole sweeps.
        failures: a line for each cell without a result.
    """

    latencies: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def measure(quick: bool) -> Measured:
    if problem := gpu_problem():
        sys.exit(f"bench_sweep needs a GPU: {problem}")
    gpus, found = this_machine().gpus, {ALONE: Found(), TOGETHER: Found()}
    with tempfile.TemporaryDirectory() as name:
        try:
            with time_limit(SECONDS):
                run_sweeps(Path(name), gpus, BATCHES[:1] if quick else BATCHES, found)
        except TimeIsOver:
            say(f"{SECONDS:g} s are over")
    return summarised(found, len(gpus))


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Ends the block after some seconds."""

    def end(*_: object) -> None:
        raise TimeIsOver

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run_sweeps(
    folder: Path, gpus: Sequence[str], batches: list[int], found: dict[str, Found]
) -> None:
    """Sweeps until the time is over."""
    models = ["googlenet", str(bert(folder))]
    options: dict[str, Any] = {"batch": batches, "precision": PRECISIONS, "calibrate": False}
    many = WARM_WORKERS_PER_GPU * max(1, len(gpus))
    warm = {**options, "iterations": 1, "workers": many}
    one_sweep("compiling", models, folder / "warm", gpus, Found(), warm)
    options["iterations"] = ITERATIONS
    for i in range(sys.maxsize):
        # On each GPU in turn: they differ, and a sweep uses all of them.
        for kind, some in {ALONE: gpus[i % len(gpus) :][:1], TOGETHER: gpus}.items():
            # With one GPU there is nothing to compare but a build beside a measurement.
            options["workers"] = 1 if kind == ALONE else max(2, len(gpus))
            target = folder / f"{kind.replace(' ', '-')}-{i}"
            spent = one_sweep(kind, models, target, some, found[kind], options)
            found[kind].seconds.append(spent)


def bert(folder: Path) -> Path:
    """The exported network, or its graph with random weights."""
    given = os.environ.get("SWEEP_MODELS")
    return Path(given) / "bert_base.onnx" if given else write_filled("bert_base", folder)


def one_sweep(
    kind: str,
    models: list[str],
    folder: Path,
    gpus: Sequence[str],
    found: Found,
    options: dict[str, Any],
) -> float:
    """Runs a sweep on some GPUs; returns its wall time in s."""
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    this_machine.cache_clear()
    seen: set[str] = set()
    start = time.perf_counter()

    def tell(_: str, done: int, count: int) -> None:
        say(f"{kind}: {done} of {count} cells, {time.perf_counter() - start:.1f} s")
        for record in Store(folder).records():
            if record.key not in seen:
                seen.add(record.key)
                take(record, Store(folder), found)

    sweep(models, folder, progress=tell, **options)
    spent = time.perf_counter() - start
    say(f"{kind}: all cells in {spent:.1f} s")
    return spent


def take(record: Record, store: Store, found: Found) -> None:
    """Takes the latency of a cell that has ended, and prints it."""
    options = record.options
    cell = f"{Path(record.model).stem} batch {options['batch']} {options['precision']}"
    if not record.is_done:
        found.failures.append(f"{cell}: {record.state.value}: {record.message}")
        say(f"  {found.failures[-1]}")
        return
    wall = Analysis(load_profile(store.result_path(record.key))).latency.wall
    assert wall is not None, "every cell has a pass without a profiler"
    found.latencies.setdefault(cell, []).append(wall.median_ms)
    say(f"  {cell}: {wall.median_ms:.4f} ms, its process took {record.seconds:.1f} s")


def say(text: str) -> None:
    """Prints at once, also where the output is not a terminal."""
    print(text, file=sys.stderr, flush=True)


def summarised(found: dict[str, Found], gpus: int) -> Measured:
    """The figures of what there is by now."""
    alone, together = found[ALONE], found[TOGETHER]
    figures, notes = compared(alone.latencies, together.latencies)
    for kind, one in found.items():
        figures[f"whole sweeps on {kind}"] = float(len(one.seconds))
        if one.seconds:
            figures[f"wall time on {kind}, s"] = statistics.median(one.seconds)
    failures = dict.fromkeys((*alone.failures, *together.failures))
    return Measured(figures, (f"GPUs: {gpus}", *notes, *failures))


if __name__ == "__main__":
    main(
        Benchmark(
            title="Do cells of a sweep disturb each other?",
            method=(
                "GoogLeNet and BERT (random weights, 128 tokens) with batch 1, 4 and 16 in FP32 "
                f"and FP16, {ITERATIONS} iterations a cell, kernels compiled before: sweeps on one "
                "GPU, each in turn, and on all GPUs follow each other. A difference is that of the "
                "geometric means of the processes' median wall times; what chance explains is the "
                "95 % limit for all cells together, by the spread between processes alone, pooled "
                "over the cells of a model."
            ),
            measure=measure,
            goals=(
                Goal("cells in a sweep beyond the spread of those alone", 0, OUTSIDE),
                # Of two GPUs; with one there is nothing to gain but builds beside measurements.
                Goal(
                    "wall time on all GPUs over that on one",
                    0.6,
                    f"wall time on {TOGETHER}, s",
                    f"wall time on {ALONE}, s",
                ),
            ),
            processes=1,
        )
    )
