"""Made-up weights: reproducible, keyed by name, of the right spread."""

from __future__ import annotations

import numpy as np
import pytest

from trtcore.errors import OptionError
from trtcore.models.builtin.weights import he_normal


def test_same_name_shape_and_seed_give_the_same_values():
    first = he_normal("conv1", (4, 3, 2, 2), 12, 7)
    he_normal("another", (5,), 1, 7)
    np.testing.assert_array_equal(first, he_normal("conv1", (4, 3, 2, 2), 12, 7))
    assert first.dtype == np.float32
    assert first.shape == (4, 3, 2, 2)


@pytest.mark.parametrize(("name", "seed"), [("conv2", 7), ("conv1", 8)])
def test_another_name_or_seed_gives_other_values(name, seed):
    assert not np.array_equal(he_normal("conv1", (9,), 3, 7), he_normal(name, (9,), 3, seed))


def test_spread_follows_the_fan_in():
    weights = he_normal("conv1", (200_000,), 50, 0)
    assert weights.mean() == pytest.approx(0.0, abs=2e-3)
    assert weights.std() == pytest.approx(0.2, rel=1e-2)


def test_the_first_values_are_fixed():
    # Recorded profiles name their weights by the seed alone, so the rule may not drift.
    expected = [-1.2557435, 0.9984246, 1.3270377]
    np.testing.assert_allclose(he_normal("conv1", (3,), 2, 0), expected, rtol=1e-6)


def test_negative_seed_is_refused():
    with pytest.raises(OptionError, match="seed -1 is negative"):
        he_normal("conv1", (1,), 1, -1)
