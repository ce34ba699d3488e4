"""How far do fresh processes with one plan lie apart? A record that comparisons are tested with.

Needs a GPU and a TensorRT that serves it. The medians of every process go to
``results/process_medians.json`` as soon as it ended; ``tests/compare/significance`` draws pairs of
``--processes 5`` from them. ``PROCESSES_ONLY=bert_base`` takes that network of `example_networks`
instead of GoogLeNet, ``PROCESSES_COUNT=40`` another number of processes, and
``PROCESSES_ITERATIONS=400`` fewer iterations in each, where the time is short.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from example_networks import BUILT_IN, source
from harness import RESULTS, Benchmark, Measured, main
from profiled import profiled

from trtcore.engine.choice import choose_backend
from trtcore.result.analysis.repeats import TOTALS, apart, layer_medians, series_medians
from trtcore.result.records.profile import Profile
from trtcore.system.environment import capture_environment

RECORD = RESULTS / "process_medians.json"
NETWORK = os.environ.get("PROCESSES_ONLY", BUILT_IN)
COUNT = int(os.environ.get("PROCESSES_COUNT", "20"))
BUILD = ("--fp16", "--batch", "4", "--serial", "--iterations", "20")
# Only medians are kept. Calibrated event costs and peaks are no part of them.
RUN = ("--no-calibration", "--peak", "none")
MEASURED = ("--iterations", os.environ.get("PROCESSES_ITERATIONS", "1000"))


def processes(folder: Path, count: int) -> Iterator[Profile]:
    """One plan in so many fresh processes, one after the other."""
    plan = folder / "kept.plan"
    profiled(folder, source(NETWORK, folder), *BUILD, *RUN, "--save-engine", str(plan))
    for _ in range(count):
        yield profiled(folder, str(plan), *RUN, *MEASURED)


def recorded(profiles: list[Profile]) -> dict[str, Any]:
    """The medians of processes, in the order they ran, in ms."""
    samples = [profile.samples for profile in profiles]
    return {
        "layers": [layer.name for layer in profiles[0].layers],
        "layer_ms": [[round(float(ms), 6) for ms in layer_medians(one)] for one in samples],
        "series_ms": {
            one.name: [round(float(ms), 6) for ms in one.medians_ms]
            for one in series_medians(samples)
        },
    }


def keep(record: dict[str, Any]) -> None:
    """Writes the record of this network beside those of others."""
    kept = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    where = capture_environment()
    kept[NETWORK] = {
        "options": " ".join((*BUILD[:-2], *MEASURED)),
        "where": f"{where.device} (driver {where.driver}), trtcore {where.trtcore}",
        "date": where.date,
        **record,
    }
    RECORD.write_text(json.dumps(kept) + "\n")


def measure(quick: bool) -> Measured:
    """Runs the processes; how far they lie apart, in percent of the median."""
    choice = choose_backend()
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_processes needs a GPU: {choice.reason}")
    profiles: list[Profile] = []
    with tempfile.TemporaryDirectory() as folder:
        for profile in processes(Path(folder), 3 if quick else COUNT):
            profiles.append(profile)
            record = recorded(profiles)
            if not quick:
                keep(record)
            last = {name: ms[-1] for name, ms in record["series_ms"].items() if name in TOTALS}
            print(f"{NETWORK}, process {len(profiles)}: {last}", file=sys.stderr, flush=True)
    return Measured(figures_of(record), (choice.bindings.label,))


def figures_of(record: dict[str, Any]) -> dict[str, float]:
    """How far the processes of a record lie apart, in percent: whole iterations, and layers."""
    layers = np.array(record["layer_ms"])
    figures = {
        f"{NETWORK}, {name}, %": 100 * apart(np.array(record["series_ms"][name])) for name in TOTALS
    }
    own = [100 * apart(column) for column in layers.T if np.median(column) >= 0.01]
    return figures | {
        f"{NETWORK}, sum of layers, %": 100 * apart(layers.sum(axis=1)),
        f"{NETWORK}, worst layer of 10 us or more, %": max(own, default=float("nan")),
    }


if __name__ == "__main__":
    main(
        Benchmark(
            title="How far do fresh processes with one plan lie apart?",
            method=(
                "FP16, batch 4, a serial engine; `python -m trtcore.profile PLAN`, "
                f"{MEASURED[-1]} iterations in each of {COUNT} fresh processes; most less least "
                f"over the median. The medians of each are in `{RECORD.name}`."
            ),
            measure=measure,
            goals=(),
            processes=1,
        )
    )
