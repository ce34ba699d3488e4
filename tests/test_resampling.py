"""Telling change from chance: exact cases, and rates over many comparisons of equal things."""

from __future__ import annotations

import numpy as np
import pytest

from trtcore.resampling import batch_medians, batch_size, compare_batches, student_t


@pytest.mark.parametrize(
    ("probability", "freedom", "quantile"),
    # from the usual tables of Student's t
    [
        (0.975, 5, 2.571),
        (0.975, 30, 2.042),
        (0.995, 10, 3.169),
        (0.9995, 30, 3.646),
        (0.5, 7, 0.0),
    ],
)
def test_student_t(probability, freedom, quantile):
    assert student_t(probability, freedom) == pytest.approx(quantile, rel=0.01, abs=1e-12)


@pytest.mark.parametrize(
    ("count", "size"), [(0, 1), (5, 1), (31, 1), (32, 2), (200, 12), (512, 32), (100_000, 32)]
)
def test_batch_size(count, size):
    assert batch_size(count) == size


class TestBatchMedians:
    def test_whole(self):
        samples = np.arange(33, dtype=np.float32).reshape(-1, 1)
        medians = batch_medians(samples)
        assert medians[:, 0].tolist() == [*(2 * i + 0.5 for i in range(15)), 31.0]

    def test_spikes_do_not_count(self):
        samples = np.ones((640, 2), dtype=np.float32)
        samples[::10] = 50.0
        assert np.all(batch_medians(samples) == 1.0)

    def test_empty(self):
        assert batch_medians(np.empty((0, 3), dtype=np.float32)).shape == (0, 3)


def drifting(random, count, rows, size):
    """Times with noise of their own and a drift that all rows share; correlated in time."""
    steps = random.standard_normal(count)
    drift = np.empty(count)
    drift[0] = steps[0]
    for i in range(1, count):
        drift[i] = 0.95 * drift[i - 1] + np.sqrt(1 - 0.95**2) * steps[i]
    own = 1 + 0.02 * random.standard_normal((count, rows))
    return (size * own * (1 + 0.01 * drift[:, None])).astype(np.float32)


def spiky(random, count, rows, size):
    own = 1 + 0.01 * random.standard_normal((count, rows))
    return (size * own * np.where(random.random((count, rows)) < 0.01, 3, 1)).astype(np.float32)


def bimodal(random, count, rows, size):
    own = 1 + 0.01 * np.sign(random.standard_normal((count, rows)))
    return (size * own).astype(np.float32)


class TestCompareBatches:
    ROWS, TRIALS = 40, 40

    @pytest.mark.parametrize("make", [drifting, spiky, bimodal])
    def test_equal_runs_raise_no_alarm_and_a_slow_row_is_found(self, make):
        random = np.random.default_rng(7)
        alarms = found = 0
        for _ in range(self.TRIALS):
            size = np.exp(random.normal(-3, 1, self.ROWS))
            base, new = (batch_medians(make(random, 1000, self.ROWS, size)) for _ in range(2))
            alarms += int((~compare_batches(base, new).is_noise).any())
            new[:, 3] *= 1.05
            found += int(not compare_batches(base, new).is_noise[3])
        assert alarms / self.TRIALS <= 0.1
        assert found / self.TRIALS >= 0.95

    def test_intervals_cover_the_true_ratio(self):
        random = np.random.default_rng(3)
        hits = []
        for _ in range(20):
            base, new = (batch_medians(spiky(random, 1000, 40, 1.0)) for _ in range(2))
            judgement = compare_batches(base, 2 * new)
            estimate = 2 * new.mean(axis=0) / base.mean(axis=0)
            hits.append((estimate * judgement.low <= 2) & (estimate * judgement.high >= 2))
        assert np.mean(hits) == pytest.approx(0.95, abs=0.04)

    def test_too_few_batches_cannot_be_judged(self):
        judgement = compare_batches(np.ones((5, 2)), np.ones((9, 2)))
        assert np.isnan(judgement.low).all()
        assert not judgement.is_noise.any()

    def test_rows_without_time_cannot_be_judged(self):
        base, new = np.ones((10, 2)), np.ones((10, 2))
        base[:, 0] = 0
        judgement = compare_batches(base, new)
        assert np.isnan(judgement.low).tolist() == [True, False]

    def test_no_rows(self):
        assert compare_batches(np.empty((10, 0)), np.empty((10, 0))).low.shape == (0,)

    def test_same_seed_same_answer(self):
        random = np.random.default_rng(0)
        base, new = random.random((20, 3)), random.random((20, 3))
        one, other = compare_batches(base, new), compare_batches(base, new)
        assert one.low.tolist() == other.low.tolist()
