"""Kernels led to layers by sequence: recorded and made-up iterations, and what cannot be known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from paths import DATA
from words import map_words

from trtcore.measure.kernels import alignment as kernel_sequence
from trtcore.measure.kernels.alignment import map_by_sequence
from trtcore.result.records.layers import Layer

RECORDED = json.loads((DATA / "kernels_of_profiled_iterations_h200.json").read_text())["engines"]
H200 = json.loads((DATA / "layer_times_googlenet_fp16_serial_h200.json").read_text())["layers"]


@dataclass
class Made:
    """Profiled iterations as an H200 has them: an event costs 2.9 us, and parts layers by 4 us."""

    sizes: list[int]
    layer_ms: np.ndarray
    start_ms: np.ndarray
    kernel_ms: np.ndarray

    @property
    def owners(self) -> tuple[int, ...]:
        return tuple(np.repeat(np.arange(len(self.sizes)), self.sizes).tolist())

    def mapped(self) -> tuple[int, ...]:
        layers = [Layer(f"layer{i}") for i in range(len(self.sizes))]
        times = (self.layer_ms, self.start_ms, self.kernel_ms)
        return map_by_sequence(layers, ["k"] * sum(self.sizes), *times).layers


def made(sizes: list[int], seed: int, count: int = 10, kernel_us: float = 0.0) -> Made:
    """Iterations of layers with so many kernels each, their times drawn from recorded ones."""
    random = np.random.default_rng(seed)
    recorded = np.array([row["cupti_us"] for row in H200])
    typical = random.choice(recorded, sum(sizes)) if not kernel_us else np.full(sum(sizes), 5.0)
    kernels = typical * random.normal(1, 0.01, (count, sum(sizes)))
    layer_us, start_us = np.empty((count, len(sizes))), np.empty_like(kernels)
    now, k = np.zeros(count), 0
    for i, size in enumerate(sizes):
        begin = now.copy()
        for _ in range(size):
            start_us[:, k] = now
            now = now + kernels[:, k]
            k += 1
        layer_us[:, i] = now - begin + random.normal(2.9, 0.15, count)
        now = now + random.normal(4.6, 0.3, count).clip(3.7)
    return Made(sizes, layer_us / 1000, (start_us - start_us[:, :1]) / 1000, kernels / 1000)


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_engines_with_a_kernel_more_than_layers(name: str) -> None:
    engine: dict[str, Any] = RECORDED[name]
    layers = [Layer(label, kind, tactic=tactic) for label, kind, tactic in engine["layers"]]
    times = [np.array(engine[key]) / 1e6 for key in ("layer_ns", "start_ns", "kernel_ns")]
    mapped = map_by_sequence(layers, engine["kernels"], *times)
    # On this GPU an event parts the kernels of two layers, and nothing those of one.
    start, length = (np.median(part, axis=0) for part in times[1:])
    parted = start[1:] - (start[:-1] + length[:-1]) > 0.002
    assert parted.sum() == len(layers) - 1
    assert mapped.layers == (0, *np.cumsum(parted).tolist())
    assert map_words(mapped) == (
        f"{len(length)} of {len(length)} kernels by sequence and times of 5 profiled iterations"
    )
    extra = [name for name in engine["kernels"] if "splitk_reduce" in name]
    assert len(extra) == len(length) - len(layers) == 1


@pytest.mark.parametrize("seed", range(20))
def test_layers_of_several_kernels_and_of_none(seed: int) -> None:
    sizes = np.random.default_rng(seed).choice([0, 1, 2, 3], 60, p=[0.05, 0.8, 0.1, 0.05]).tolist()
    engine = made(sizes, seed)
    mapped, owners = np.array(engine.mapped()), np.array(engine.owners)
    known = mapped != -1
    assert known.mean() >= 0.9
    assert np.array_equal(mapped[known], owners[known]), "rather not known than wrong"


def test_equal_kernels_are_told_apart_by_what_the_layers_take() -> None:
    engine = made([1] * 30 + [2] + [1] * 29, seed=1, kernel_us=5.0)
    assert engine.mapped() == engine.owners


def test_one_layer_that_holds_everything() -> None:
    engine = made([70], seed=2)
    assert engine.mapped() == (0,) * 70


def test_what_changes_from_iteration_to_iteration_is_left_open() -> None:
    engine = made([1] * 20, seed=3)
    # In every other iteration the tenth layer's kernel runs in the layer after it.
    engine.kernel_ms[::2, 10] += 0.5
    engine.start_ms[::2, 11:] += 0.5
    engine.layer_ms[::2, 11] += 0.5
    mapped = engine.mapped()
    assert mapped[10] == -1
    assert mapped[:10] == tuple(range(10))
    assert mapped[12:] == tuple(range(12, 20))


def test_names_are_not_overruled() -> None:
    layers = [Layer("a", tactic="__myl_One_0x1"), Layer("b", tactic="__myl_Two_0x2")]
    kernels = ["__myl_One_0x1", "splitk_reduce", "__myl_Two_0x2"]
    # By times alone the second kernel would be the second layer's as well.
    times = ([[0.0159, 0.0130]], [[0.0, 0.005, 0.0105]], [[0.005, 0.005, 0.01]])
    assert map_by_sequence(layers, kernels, *times).layers == (0, 0, 1)
    swapped = map_by_sequence(layers, kernels[::-1], *times).layers
    assert 1 not in swapped[1:]
    assert swapped[2] in (-1, 0)


def test_a_marker_holds_no_kernel() -> None:
    layers = [Layer("a", "kgen"), Layer("w", "wait"), Layer("b", "kgen")]
    times = ([[0.013, 0.0, 0.018]], [[0.0, 0.0145]], [[0.01, 0.015]])
    assert map_by_sequence(layers, ["x", "y"], *times).layers == (0, 2)


def test_more_layers_than_kernels_and_neither() -> None:
    assert made([1, 0, 1, 0, 0, 1], seed=4).mapped() == (0, 2, 5)
    empty = np.empty((0, 2))
    mapped = map_by_sequence([Layer("a"), Layer("b")], ["x", "y"], empty, empty, empty)
    assert mapped.layers == (-1, -1)
    assert map_words(mapped) == "no profiled iteration to compare with"
    nothing = map_by_sequence([Layer("a")], [], [[0.1]], np.empty((1, 0)), np.empty((1, 0)))
    assert nothing.layers == ()


def test_an_alignment_that_would_take_too_much_memory_is_left() -> None:
    engine = made([700] * 3, seed=5, count=2)
    mapped = map_by_sequence(
        [Layer(name) for name in "abc"],
        ["k"] * 2100,
        engine.layer_ms,
        engine.start_ms,
        engine.kernel_ms,
    )
    assert mapped.is_empty
    assert map_words(mapped) == "3 layers and 2100 kernels are too many to align"
    markers = map_by_sequence([Layer("w", "wait")], ["k"], [[0.0]], [[0.0]], [[0.01]])
    assert markers.layers == (-1,)


def test_an_alignment_that_would_take_minutes_is_left() -> None:
    start = np.arange(1400.0)[None] / 100
    layers = [Layer(f"layer{i}") for i in range(600)]
    mapped = map_by_sequence(
        layers, ["k"] * 1400, np.ones((1, 600)), start, np.full((1, 1400), 0.005)
    )
    assert mapped.is_empty
    assert map_words(mapped) == "600 layers and 1400 kernels are too many to align"


def test_an_alignment_that_stays_the_same_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = []

    def note(*arguments: Any) -> Any:
        rounds.append(arguments)
        return align(*arguments)

    align = kernel_sequence._sizes
    monkeypatch.setattr(kernel_sequence, "_sizes", note)
    engine = made([1] * 30 + [2] + [1] * 29, seed=1, kernel_us=5.0)
    assert engine.mapped() == engine.owners
    assert len(rounds) == 3 * 2, "for all iterations and either half: one round, and one more"
