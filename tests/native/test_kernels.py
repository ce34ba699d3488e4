"""The compiled kernels against the same in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import stats_reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from trtcore.stats import _stats

TIMES = st.floats(0, 1e5, width=32)


@pytest.mark.parametrize("shape", [(1, 1), (255, 7), (256, 8), (257, 9), (3000, 17)])
def test_folding(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(shape))
    samples = rng.lognormal(-3, 3, shape).astype(np.float32)
    found, expected = _stats.fold(samples), stats_reference.fold(samples)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-9, atol=1e-15)
    for one, other in zip(found[2:], expected[2:], strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


def test_means_of_many_samples_do_not_drift() -> None:
    samples = np.full((1_000_000, 1), 0.1, np.float32)
    mean, deviations, *_ = _stats.fold(samples)
    assert mean[0] == pytest.approx(float(np.float32(0.1)), rel=1e-12)
    assert deviations[0] == pytest.approx(0.0, abs=1e-12)


def test_an_outlier_that_comes_first_spoils_no_deviation() -> None:
    samples = np.full((256, 1), 0.1, np.float32)
    samples[0] = 1e4
    samples[1::2] += np.float32(1e-4)
    exact = samples.astype(np.float64)
    assert _stats.fold(samples)[1] == pytest.approx(256 * exact.var(axis=0), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    nps.arrays(np.uint32, (3, 9), elements=st.integers(0, 5)),
    st.lists(st.integers(0, 60), min_size=1, max_size=6),
)
def test_locating(buckets: np.ndarray, wanted: list[int]) -> None:
    ranks = np.tile(np.array(sorted(wanted), np.int64), (3, 1))
    found = _stats.locate(buckets, ranks)
    assert np.array_equal(found, stats_reference.locate(buckets, ranks))


@settings(max_examples=80, deadline=None)
@given(
    nps.arrays(
        np.float64,
        st.tuples(st.integers(1, 3), st.integers(1, 70), st.integers(1, 19)),
        elements=TIMES,
    )
)
def test_batch_medians(batches: np.ndarray) -> None:
    expected = stats_reference.batch_medians(batches)
    assert np.array_equal(_stats.batch_medians(batches), expected)


@pytest.mark.parametrize("size", range(1, 70))
def test_every_size_of_batch_is_sorted(size: int) -> None:
    rng = np.random.default_rng(size)
    batches = rng.permuted(np.tile(np.arange(size, dtype=float)[None, :, None], (2, 1, 9)), axis=1)
    assert np.all(_stats.batch_medians(batches) == (size - 1) / 2)


def sorted_columns(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(samples, axis=0).T.astype(np.int32, order="C")
    return np.take_along_axis(samples.T, order, axis=1), order


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_weighted_medians(data: st.DataObject) -> None:
    count, series, draws = (data.draw(st.integers(1, n)) for n in (30, 4, 5))
    samples = data.draw(nps.arrays(np.float32, (count, series), elements=TIMES))
    weights = data.draw(nps.arrays(np.int32, (draws, count), elements=st.integers(0, 3)))
    weights[:, data.draw(st.integers(0, count - 1))] += 1
    expected = stats_reference.weighted_medians(samples, weights)
    assert np.array_equal(_stats.weighted_medians(*sorted_columns(samples), weights), expected)


def test_what_does_not_fit_is_refused() -> None:
    samples = np.ones((3, 2), np.float32)
    ordered, order = sorted_columns(samples)
    weights = np.ones((1, 3), np.int32)
    with pytest.raises(ValueError, match="do not have as many samples"):
        _stats.weighted_medians(ordered, order, weights[:, :2].copy())
    with pytest.raises(ValueError, match="without samples"):
        _stats.weighted_medians(ordered, order, 0 * weights)
    with pytest.raises(ValueError, match="without samples"):
        _stats.weighted_medians(ordered, order, np.array([[-1, 1, 1]], np.int32))
    with pytest.raises(ValueError, match="no median"):
        _stats.batch_medians(np.empty((1, 0, 2)))
    with pytest.raises(ValueError, match="nothing to fold"):
        _stats.fold(np.empty((0, 2), np.float32))
    with pytest.raises(ValueError, match="ranks of 1 series"):
        _stats.locate(np.zeros((2, 3), np.uint32), np.zeros((1, 1), np.int64))
    with pytest.raises(ValueError, match="dtype mismatch"):
        _stats.fold(np.ones((2, 2)))
