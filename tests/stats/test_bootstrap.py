"""Bootstrap intervals: what is drawn, and how often the truth lies inside."""

from __future__ import annotations

import numpy as np
import pytest
from stats_reference import weighted_medians

from trtcore.errors import OptionError
from trtcore.stats.bootstrap import (
    _WORTH_A_THREAD,
    _block_weights,
    difference_intervals,
    draw_medians,
    draw_ranks,
    median_intervals,
    ratio_intervals,
)
from trtcore.stats.histogram import fold


def series(*levels: float, count: int = 400, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).lognormal(0, 0.02, (count, len(levels)))
    return (np.array(levels) * noise).astype(np.float32)


@pytest.mark.parametrize(("count", "block"), [(1, 1), (10, 1), (10, 3), (100, 32), (7, 7)])
def test_every_draw_is_whole_blocks_of_neighbours(count: int, block: int) -> None:
    weights = np.concatenate(list(_block_weights(count, block, 40, np.random.default_rng(1))))
    assert weights.shape == (40, count)
    assert weights.min() >= 0
    assert set(weights.sum(axis=1)) == {-(-count // block) * block}
    assert np.all(weights.mean(axis=1) > 0)
    if block == count:
        assert np.all(weights == 1)


def test_draws_are_shared_by_all_layers_and_repeat_with_the_seed() -> None:
    samples = series(1.0, 2.0)
    together = np.stack([samples[:, 0], 2 * samples[:, 0]], axis=1)
    drawn = draw_medians(together)
    assert np.array_equal(2 * drawn[:, 0], drawn[:, 1])
    assert np.array_equal(drawn, draw_medians(together, threads=1))
    assert not np.array_equal(drawn, draw_medians(together, seed=1))


def test_threads_share_the_series_and_change_nothing() -> None:
    samples = np.random.default_rng(0).random((800, 5), np.float32)
    assert samples.size * 1000 > 3 * _WORTH_A_THREAD
    alone = draw_medians(samples, threads=1)
    for threads in (2, 3, 9):
        assert np.array_equal(draw_medians(samples, threads=threads), alone)


def test_many_samples_are_drawn_in_parts() -> None:
    samples = series(1.0, count=3000)
    weights = np.concatenate(list(_block_weights(3000, 32, 700, np.random.default_rng(0))))
    drawn = draw_medians(samples, draws=700)
    assert drawn.shape == (700, 1)
    some = [0, 348, 349, 350, 699]
    assert np.array_equal(drawn[some], weighted_medians(samples, weights[some]))


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_ranks_lie_where_drawing_samples_puts_them(share: float) -> None:
    random = np.random.default_rng(0)
    drawn = np.sort(random.integers(0, 500, (2000, 500)), axis=1)[:, round(share * 499)]
    ranks = draw_ranks(500, share, draws=2000, seed=1)
    assert (ranks.min() >= 0, ranks.max() < 500) == (True, True)
    assert ranks.mean() == pytest.approx(drawn.mean(), abs=1)
    assert ranks.std() == pytest.approx(drawn.std(), rel=0.06)


def test_ranks_of_one_sample_and_of_none() -> None:
    assert set(draw_ranks(1, 0.99).tolist()) == {0}
    with pytest.raises(OptionError, match="the histograms hold no samples"):
        draw_ranks(0)


def coverage(intervals: list[np.ndarray], truth: float) -> float:
    rows = np.concatenate(intervals)
    return float(np.mean((rows[:, 0] <= truth) & (truth <= rows[:, 1])))


def test_the_median_lies_inside_as_often_as_promised() -> None:
    ones = [1.0] * 40
    found = [median_intervals(series(*ones, seed=i)) for i in range(5)]
    assert 0.88 <= coverage(found, 1.0) <= 0.99
    streamed = [median_intervals(fold(series(*ones, seed=i))) for i in range(5)]
    assert coverage(streamed, 1.0) >= 0.9


def test_neighbours_that_resemble_each_other_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    level = np.zeros(40)
    rows = []
    for _ in range(2000):
        level = 0.9 * level + rng.normal(0, 0.01, 40)
        rows.append(1 + level)
    samples = np.array(rows, np.float32)
    blocks, single = (draw_medians(samples, block=block).std(axis=0).mean() for block in (64, 1))
    assert blocks > 2.5 * single


def test_difference_and_ratio_of_two_runs() -> None:
    base, new = series(1.0, 2.0, 4.0, seed=1), series(1.0, 1.8, 4.4, seed=2)
    for runs in ((base, new), (fold(base), fold(new)), (base, fold(new))):
        difference, ratio = difference_intervals(*runs), ratio_intervals(*runs)
        for i, truth in enumerate((0.0, -0.2, 0.4)):
            assert difference[i, 0] - 0.01 < truth < difference[i, 1] + 0.01
        for i, truth in enumerate((1.0, 0.9, 1.1)):
            assert ratio[i, 0] - 0.003 < truth < ratio[i, 1] + 0.003
        assert np.all(ratio[:, 1] - ratio[:, 0] < 0.03)


def test_a_median_of_zero_has_no_ratio() -> None:
    zero = np.zeros((50, 1), np.float32)
    assert np.isnan(ratio_intervals(zero, zero)).all()
    assert difference_intervals(zero, zero).tolist() == [[0.0, 0.0]]


def test_one_sample_is_all_there_is() -> None:
    assert median_intervals(np.ones((1, 2), np.float32)).tolist() == [[1, 1], [1, 1]]


def test_bad_input() -> None:
    good = series(1.0)
    with pytest.raises(OptionError, match=r"times have shape \(0, 2\)"):
        median_intervals(np.empty((0, 2), np.float32))
    with pytest.raises(OptionError, match=r"times have shape \(400,\)"):
        median_intervals(good[:, 0])
    with pytest.raises(OptionError, match="one run has 1 series, the other 2"):
        ratio_intervals(good, series(1.0, 2.0))
    with pytest.raises(OptionError, match="confidence is 95"):
        median_intervals(good, 95)
