"""Does the energy of an inference repeat, and is the memory what nvidia-smi sees?

Needs a GPU, a TensorRT that serves it, and ``nvidia-smi``; the networks are those of
`example_networks`. Some three minutes of the GPU; every run is told on standard error as it ends,
and no network is begun later than ``ENERGY_SECONDS`` (300).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from example_networks import available, source
from harness import Benchmark, Goal, Measured, main
from profiled import profiled

from trtcore.engine.choice import choose_backend
from trtcore.result.analysis.memory import memory_needs
from trtcore.result.records.energy import Energy
from trtcore.result.records.profile import Profile
from trtcore.system.gpus import visible_gpus

# ``ENERGY_ONLY=googlenet,vit_b_16`` takes these networks only.
ONLY = os.environ.get("ENERGY_ONLY", "")
CASES = tuple(product(ONLY.split(",") if ONLY else available(), ("fp16", "fp32")))
# The peaks of the device have no part in it.
OPTIONS = ("--no-calibration", "--peak", "none", "--iterations", "200", "--batch", "4", "--energy")
SECONDS = float(os.environ.get("ENERGY_SECONDS", "300"))
# Between two looks of nvidia-smi: engine, contexts and inputs stay for longer than ten of them.
LOOK_MS = 200
MIB = 1 << 20


@contextmanager
def watched_memory() -> Iterator[list[int]]:
    """What nvidia-smi calls used meanwhile, in bytes, added when the block ends."""
    seen: list[int] = []
    query = ["--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    # It counts all GPUs of the host, CUDA those that it may see.
    command = ["nvidia-smi", *query, f"--id={visible_gpus()[0].uuid}", f"--loop-ms={LOOK_MS}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as looking:
        assert looking.stdout is not None
        seen.append(int(looking.stdout.readline()) * MIB)  # before the run
        try:
            yield seen
        finally:
            looking.terminate()
            seen.extend(int(line) * MIB for line in looking.stdout if line.strip().isdigit())


def measured_once(folder: Path, network: str, precision: str) -> tuple[Profile, float]:
    """A profile with its energy, and by how much nvidia-smi saw the memory grow, in MB."""
    with watched_memory() as seen:
        profile = profiled(folder, source(network, folder), "--precision", precision, *OPTIONS)
    seen_mb, needs = (max(seen) - seen[0]) / 1e6, memory_needs(profile)
    energy = profile.energy or Energy()
    peak_mb = needs.peak / 1e6 if needs else float("nan")
    print(
        f"{network} {precision}: {energy.millijoules:.4f} mJ an inference, "
        f"{energy.graph_millijoules:.4f} mJ as a CUDA graph, device peak {peak_mb:.1f} MB, "
        f"{seen_mb:.1f} MB by nvidia-smi",
        file=sys.stderr,
        flush=True,
    )
    return profile, seen_mb


def figures_of(case: tuple[str, str], folder: Path) -> dict[str, float]:
    """Of two runs: energies and how far they lie apart, and the memory of the first."""
    name = " ".join(case)
    runs = [measured_once(folder, *case) for _ in range(2)]
    energies = [run.energy for run, _ in runs if run.energy is not None and run.energy.is_known]
    if len(energies) < len(runs):
        sys.exit(f"{name}: no energy was measured")
    needs, seen_mb = memory_needs(runs[0][0]), runs[0][1]
    assert needs is not None
    figures = [told(name, *one) for one in zip(("first", "second"), energies, strict=True)]
    return {
        **figures[0],
        **figures[1],
        apart(name): percent_apart([one.millijoules for one in energies]),
        f"{name}, above the idle board, apart, %": percent_apart(list(map(above_idle, energies))),
        graphs_apart(name): percent_apart([one.graph_millijoules for one in energies]),
        f"{name}, idle power, W": energies[0].idle_w,
        f"{name}, weights, MB": needs.weights / 1e6,
        f"{name}, activations of a context, MB": needs.activations / 1e6,
        f"{name}, batch that one context would fit": needs.batch_limit,
        f"{name}, host peak, MB": needs.host / 1e6,
        peak(name): needs.peak / 1e6,
        smi(name): seen_mb,
    }


def told(name: str, number: str, energy: Energy) -> dict[str, float]:
    """The figures of one run."""
    return {
        f"{name}, energy, {number} run, mJ": energy.millijoules,
        f"{name}, above the idle board, {number} run, mJ": above_idle(energy),
        f"{name}, energy as a CUDA graph, {number} run, mJ": energy.graph_millijoules,
        f"{name}, an iteration, {number} run, ms": 1000 * energy.seconds / energy.iterations,
        f"{name}, power, {number} run, W": energy.watts,
    }


def above_idle(energy: Energy) -> float:
    """What an inference adds to what the idle board would have spent, in mJ."""
    return energy.millijoules - energy.idle_millijoules


def percent_apart(values: Sequence[float]) -> float:
    """The largest less the smallest, in percent of the smallest."""
    return 100 * (max(values) - min(values)) / min(values)


def apart(name: str) -> str:
    return f"{name}, energies apart, %"


def graphs_apart(name: str) -> str:
    return f"{name}, energies as a CUDA graph apart, %"


def peak(name: str) -> str:
    return f"{name}, device peak, MB"


def smi(name: str) -> str:
    return f"{name}, device peak by nvidia-smi, MB"


def measure(quick: bool) -> Measured:
    choice = choose_backend()
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_energy_memory needs a GPU: {choice.reason}")
    figures: dict[str, float] = {}
    notes, ends = [choice.bindings.label], time.monotonic() + SECONDS
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES[: 1 if quick else None]:
            if time.monotonic() > ends:
                notes.append(f"{' '.join(case)}: not begun, the time was over")
                continue
            try:
                figures |= figures_of(case, Path(folder))
            except SystemExit as failed:  # of `profiled`: the others can still be run
                notes.append(f"{' '.join(case)}: {failed}")
    return Measured(figures, tuple(notes))


def goals() -> Iterator[Goal]:
    """Energy that repeats, and memory that another program sees too."""
    for name in map(" ".join, CASES):
        yield Goal(apart(name), 3, apart(name))
        yield Goal(graphs_apart(name), 3, graphs_apart(name))
        yield Goal(f"{name}, device peak over nvidia-smi's", 1.05, peak(name), smi(name))
        yield Goal(f"the same the other way round, {name}", 1.05, smi(name), peak(name))


if __name__ == "__main__":
    main(
        Benchmark(
            title="Energy of an inference, and memory against nvidia-smi",
            method=(
                "GoogLeNet, ResNet-50, ViT-B/16 and BERT-base (large weights are constants of one "
                "value) at batch 4, each twice in fresh processes with `--energy`; nvidia-smi "
                "looks at the used memory five times a second meanwhile, and its figure is the "
                "most less that of before."
            ),
            measure=measure,
            goals=tuple(goals()),
            processes=1,
        )
    )
