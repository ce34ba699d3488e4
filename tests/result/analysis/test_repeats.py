"""Medians of processes side by side, and which of them is shown."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from trtcore.errors import RunError
from trtcore.result.analysis.repeats import (
    apart,
    half_width,
    layer_medians,
    process_interval,
    process_medians,
)
from trtcore.result.records.samples import Samples
from trtcore.stats.histogram import fold


def samples(ms: float, **more: np.ndarray) -> Samples:
    layer_ms = np.float32([[0.4 * ms, 0.5 * ms]] * 5)
    return Samples(layer_ms, np.full(5, ms, np.float32), **more)


def test_the_process_in_the_middle_is_shown() -> None:
    runs = [samples(ms) for ms in (1.0, 3.0, 2.0, 1.5, 2.5)]
    medians = process_medians(runs, [("a", "b")] * 5)
    assert medians.shown == 2
    assert medians.of("wall_ms") == pytest.approx([1.0, 3.0, 2.0, 1.5, 2.5])
    assert medians.layer_ms[:, 1] == pytest.approx([0.5, 1.5, 1.0, 0.75, 1.25])
    low, high = process_interval(medians, "wall_ms") or (0.0, 0.0)
    assert low < 2.0 < high


def test_a_series_that_one_process_lacks_is_left_out() -> None:
    gated = {"gated_ms": np.float32([0.9])}
    medians = process_medians([samples(1.0, **gated), samples(1.1)], [("a", "b")] * 2)
    assert medians.of("gated_ms") is None
    assert process_interval(medians, "gated_ms") is None


def test_processes_with_other_layers_are_refused() -> None:
    with pytest.raises(RunError, match="process 2 ran 1 layers that are not the 2 of the first"):
        process_medians([samples(1.0)] * 2, [("a", "b"), ("a",)])


def test_medians_of_a_streamed_run_are_those_of_all_its_times() -> None:
    times = np.random.default_rng(0).uniform(1, 2, (500, 2)).astype(np.float32)
    streamed = Samples(times[-10:], times[-10:, 0], layer_histograms=fold(times))
    assert layer_medians(streamed) == pytest.approx(np.median(times, axis=0), rel=0.005)


def test_how_far_values_lie_apart() -> None:
    assert apart(np.array([0.99, 1.0, 1.02])) == pytest.approx(0.03)
    assert isnan(apart(np.array([0.0, 0.0])))


def test_how_well_a_total_is_known() -> None:
    noisy = np.random.default_rng(1).normal(1.0, 0.02, 400).astype(np.float32)
    # Of the least noisy series, which is the gated one: a median of 400 with a deviation of 2 %.
    run = Samples(np.ones((400, 1), np.float32), 3 * noisy**9, gated_ms=noisy)
    assert half_width(run) == pytest.approx(1.96 * 1.2533 * 0.02 / 20, rel=0.4)
    assert isnan(half_width(Samples(np.ones((1, 1), np.float32), np.float32([]))))
