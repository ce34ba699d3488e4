"""Samples kept of a series of any length: all of few, a fair part of many, never too many."""

from __future__ import annotations

import numpy as np
import pytest

from trtcore.errors import OptionError
from trtcore.stats.batches import Reservoir


def filled(samples: np.ndarray, piece: int, most: int = 1000) -> Reservoir:
    reservoir = Reservoir(most)
    for start in range(0, len(samples), piece):
        reservoir.add(samples[start : start + piece])
        assert reservoir.samples.size <= most
    return reservoir


def test_few_samples_are_all_there() -> None:
    assert Reservoir().samples.tolist() == []
    samples = np.random.default_rng(0).random(1000)
    assert np.array_equal(filled(samples, 7).samples, samples)


@pytest.mark.parametrize("piece", [1, 64, 5000, 100_000])
def test_of_many_a_fair_part_is_there(piece: int) -> None:
    kept = filled(np.arange(30_000.0), piece).samples
    assert 300 <= kept.size <= 1000
    assert np.all(np.diff(kept) > 0), "in order"
    parts = np.histogram(kept, 3, (0, 30_000))[0] / kept.size
    assert parts == pytest.approx([1 / 3] * 3, abs=0.1)


def test_samples_that_repeat_themselves_are_chosen_fairly() -> None:
    kept = filled(np.arange(64_000.0) % 8, 128).samples
    assert np.bincount(kept.astype(int)) / kept.size == pytest.approx([1 / 8] * 8, abs=0.05)


def test_the_same_samples_leave_the_same() -> None:
    samples = np.arange(5000.0)
    assert np.array_equal(filled(samples, 50).samples, filled(samples, 50).samples)


def test_nothing_cannot_be_kept() -> None:
    with pytest.raises(OptionError, match="reservoir is to keep 0 samples, expected at least 1"):
        Reservoir(0)
