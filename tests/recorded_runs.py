"""Runs of a small network on a shared CPU, made of stretches of 4000 recorded iterations.

The recording drifts by 4 % over its length. Dealt out in stretches of 25 iterations, runs differ by
0.4 % (standard deviation), as five processes did on an H200: 1.0 % from the least to the most
(``benchmarks/results/repeat.md``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hand_made_profiles import chain, make_profile
from paths import DATA

from trtcore.result.records.layers import Layer
from trtcore.result.records.samples import Samples
from trtcore.result.saved import save_profile
from trtcore.system.records import Environment

STRETCH = 25
STRETCHES = 160


def recorded_run(folder: Path, number: int, stretches, *, slower=1.0, layer=None, **where) -> Path:
    """Saves a run of some of the 160 stretches, all of it or one layer slower than recorded."""
    with np.load(DATA / "samples_convnet_cpu.npz") as file:
        names, layer_ms, wall = [str(n) for n in file["names"]], file["us"] / 1000, file["wall"]
    rows = np.concatenate([np.arange(k * STRETCH, (k + 1) * STRETCH) for k in stretches])
    times = layer_ms[rows] * (slower if layer is None else 1.0)
    if layer is not None:
        times[:, layer] *= slower
    place = {"python": "3", "system": "Linux", "cpu": "a CPU", "device": "", **where}
    profile = make_profile(
        [Layer(name, "Conv", (name,)) for name in names],
        times,
        chain(*names),
        backend="onnxruntime",
        samples=Samples(
            times.astype(np.float32),
            (wall[rows] * (slower if layer is None else 1.0)).astype(np.float32),
        ),
        environment=Environment(f"2026-01-{number:02}T00:00:00+00:00", "1.0", **place),
    )
    path = folder / f"run{number}.json"
    save_profile(profile, path)
    return path


def dealt(seed: int, runs: int) -> list[list[int]]:
    """The stretches of each of so many runs, drawn without replacement."""
    order = np.random.default_rng(seed).permutation(STRETCHES)
    return [sorted(part) for part in order[: STRETCHES // runs * runs].reshape(runs, -1).tolist()]
