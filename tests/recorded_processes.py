"""Medians of fresh processes with one plan, as they were recorded, and profiles drawn from them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from hand_made_profiles import chain, make_profile

from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import Profile
from trtcore.result.records.repeats import ProcessMedians, SeriesMedians
from trtcore.result.records.samples import Samples

FILE = Path(__file__).parents[1] / "benchmarks" / "results" / "process_medians.json"
# Gated medians of GoogLeNet's serial engine in fresh processes, in ms, as far as process_state.md
# has them one by one: least, median and most of five, the median of four, two of a single process.
LEVELS = (0.6381, 0.6417, 0.6440, 0.6418, 0.6428, 0.6427)
# Of a layer beside the level of its process: 1.9 % apart in the worst of some thirty long layers is
# a standard deviation of 0.4 %.
LAYER_SPREAD = 0.004
# `ProcessMedians` decides; samples only have to be there, and are the shown process's medians.
_ITERATIONS = 32


@dataclass(frozen=True, eq=False)
class Record:
    """The medians of P processes: (P, L) of layers, and (P,) of each series, in ms."""

    layers: tuple[str, ...]
    layer_ms: np.ndarray
    series_ms: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.layer_ms)


@cache
def records() -> dict[str, Record]:
    """By network: what ``bench_processes`` wrote; nothing where it has not been run."""
    kept = json.loads(FILE.read_text()) if FILE.exists() else {}
    return {
        name: Record(
            tuple(one["layers"]),
            np.array(one["layer_ms"]),
            {series: np.array(ms) for series, ms in one["series_ms"].items()},
        )
        for name, one in kept.items()
    }


def profile_of(
    record: Record, chosen: np.ndarray, slower: float = 1.0, layer: int | None = None
) -> Profile:
    """A profile of some of the processes, all of it or one layer slower than recorded."""
    layer_ms = record.layer_ms[chosen].copy()
    own = {name: ms[chosen] for name, ms in record.series_ms.items()}
    if layer is None:
        layer_ms, own = layer_ms * slower, {name: ms * slower for name, ms in own.items()}
    else:
        more_ms = layer_ms[:, layer] * (slower - 1)
        layer_ms[:, layer] += more_ms
        own = {name: ms + more_ms for name, ms in own.items()}
    shown = int(np.argsort(own["gated_ms"])[(len(chosen) - 1) // 2])
    series = tuple(SeriesMedians(name, ms) for name, ms in own.items())
    flat = {name: np.full(_ITERATIONS, ms[shown], np.float32) for name, ms in own.items()}
    samples = Samples(np.tile(np.float32(layer_ms[shown]), (_ITERATIONS, 1)), **flat)
    # A name can come twice in an engine; rows here are layers, each a node of its own.
    names = [f"{i} {name}" for i, name in enumerate(record.layers)]
    layers = [Layer(name, "Conv", (name,)) for name in names]
    made = make_profile(layers, samples.layer_ms, chain(*names))
    return replace(made, samples=samples, processes=ProcessMedians(layer_ms, series, shown))


def dealt(record: Record, seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which processes two runs of so many consist of; none is in both."""
    order = np.random.default_rng(seed).permutation(len(record))
    return order[:count], order[count : 2 * count]
