"""Do fresh processes agree, and is the time of a CUDA graph the graph's own?

Needs a GPU and a TensorRT that serves it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from gpu_rig import made_rig
from graph_loop import bare_graph, trtcore_graph
from harness import Benchmark, Goal, Measured, interleave, main
from profiled import profiled

from trtcore.engine.choice import choose_backend
from trtcore.result.analysis.reconciliation.reconcile import reconcile_profile
from trtcore.result.records.profile import Profile

ENGINE = ("googlenet", "--fp16", "--batch", "4", "--serial")
PROCESSES = 5
LONG_MS = 0.01
LIMITS = {"gated span": 0.5, "worst layer of 10 us or more": 1.0}


def spreads(profiles: list[Profile]) -> dict[str, float]:
    """How far fresh processes lie apart: most less least over the median, in percent."""
    every = (reconcile_profile(profile) for profile in profiles)
    reconciled = [reconciliation for reconciliation in every if reconciliation]
    corrected = np.array([each.corrected_ms for each in reconciled])
    raw = np.array([each.raw_ms for each in reconciled])
    spans = np.array([[each.span_ms] for each in reconciled])
    is_long = np.median(corrected, axis=0) >= LONG_MS
    return {
        "gated span": float(_apart(spans)[0]),
        "corrected sum": float(_apart(corrected.sum(axis=1, keepdims=True))[0]),
        "worst layer of 10 us or more": float(_apart(raw[:, is_long]).max()),
        "median layer of 10 us or more": float(np.median(_apart(raw[:, is_long]))),
    }


def _apart(values: np.ndarray) -> np.ndarray:
    return 100 * np.ptp(values, axis=0) / np.median(values, axis=0)


def agreement(quick: bool) -> dict[str, float]:
    """One plan in fresh processes."""
    count = 2 if quick else PROCESSES
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plan = folder / "kept.plan"
        profiled(folder, *ENGINE, "--iterations", "20", "--save-engine", str(plan))
        profiles = [profiled(folder, str(plan)) for _ in range(count)]
    return {name(what, count): percent for what, percent in spreads(profiles).items()}


def name(what: str, count: int = PROCESSES) -> str:
    return f"{count} processes apart, {what}, %"


def graphs(quick: bool) -> dict[str, float]:
    """Time between events around a graph launch: by trtcore, and by CUDA's calls alone."""
    bindings = choose_backend().bindings
    assert bindings is not None
    figures = {}
    for engine in ("serial", "default"):
        with made_rig(bindings, engine == "serial", 50 if quick else 200) as rig:
            arms = {"trtcore": trtcore_graph(rig), "bare": bare_graph(rig)}
            times = interleave(arms, 3 if quick else 11)
        figures |= {graph(engine, who): ms for who, ms in times.items()}
    return figures


def graph(engine: str, who: str) -> str:
    return f"CUDA graph, {engine} engine, {who}, ms"


def measure(quick: bool) -> Measured:
    choice = choose_backend()
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_repeat needs a GPU: {choice.reason}")
    return Measured(graphs(quick) | agreement(quick), (choice.bindings.label,))


def goals() -> Iterator[Goal]:
    """One for each figure that has something to reach."""
    for what, limit in LIMITS.items():
        yield Goal(name(what), limit, name(what))
    for engine in ("serial", "default"):
        ours, bare = graph(engine, "trtcore"), graph(engine, "bare")
        yield Goal(f"CUDA graph of the {engine} engine over a bare one", 1.01, ours, bare)
        yield Goal(f"the same the other way round, {engine}", 1.01, bare, ours)


if __name__ == "__main__":
    main(
        Benchmark(
            title="Do fresh processes agree?",
            method=(
                "GoogLeNet, FP16, batch 4. *Apart*: one plan of a serial engine, `python -m "
                "trtcore.profile PLAN` with 1000 iterations in each process; most less least over "
                "the median. Graphs: medians of 200 launches between events, trtcore's interleaved "
                "with a loop of cuda-python's calls."
            ),
            measure=measure,
            goals=tuple(goals()),
            processes=1,
        )
    )
