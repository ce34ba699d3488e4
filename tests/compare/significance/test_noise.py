"""Telling change from chance: exact cases, and rates over many comparisons of equal things."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trtcore.compare.significance.noise import compare_times, judge_total
from trtcore.compare.significance.processes import process_times
from trtcore.compare.significance.times import SampledTimes, dependence, sample_times
from trtcore.stats.histogram import fold


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


def pair(make, random, *args):
    """Two runs of one kind, ready to be compared."""
    return tuple(sample_times(make(random, *args), seed=seed) for seed in range(2))


def slowed(times, factors):
    """The same run with every series so much slower."""
    return replace(
        times,
        medians=times.medians * factors,
        batches=times.batches * factors,
        draws=times.draws * factors,
    )


def hand_made(batches):
    batches = np.asarray(batches, dtype=np.float64)
    medians = np.median(batches, axis=0)
    return SampledTimes(medians, batches, np.tile(medians, (20, 1)))


class TestCompareTimes:
    ROWS = 40

    @pytest.mark.parametrize("trials", [20, pytest.param(40, marks=pytest.mark.slow)])
    @pytest.mark.parametrize("make", [drifting, spiky, bimodal])
    def test_equal_runs_raise_no_alarm_and_a_slow_row_is_found(self, make, trials):
        random = np.random.default_rng(7)
        one_slow = np.where(np.arange(self.ROWS) == 3, 1.05, 1.0)
        alarms = found = 0
        for _ in range(trials):
            size = np.exp(random.normal(-3, 1, self.ROWS))
            base, new = pair(make, random, 1000, self.ROWS, size)
            alarms += int((~compare_times(base, new).is_noise).any())
            found += int(not compare_times(base, slowed(new, one_slow)).is_noise[3])
        assert alarms / trials <= 0.05
        assert found / trials >= 0.95

    @pytest.mark.parametrize("make", [spiky, bimodal])
    def test_intervals_cover_the_true_ratio(self, make):
        random = np.random.default_rng(3)
        hits = []
        for _ in range(20):
            base, new = pair(make, random, 1000, 40, 1.0)
            judgement = compare_times(base, slowed(new, 2.0))
            hits.append((judgement.low <= 2) & (judgement.high >= 2))
        assert 0.93 <= np.mean(hits) <= 1

    def test_a_difference_that_its_interval_explains_is_noise(self):
        steps = np.repeat([[0.99], [1.01]], 30, axis=0)
        base = SampledTimes(np.array([1.0]), np.tile([[0.999], [1.001]], (15, 1)), steps)
        new = slowed(base, 1.01)
        found = compare_times(base, replace(new, draws=steps[::-1] * 1.01))
        assert found.low[0] < 1 < found.high[0]
        assert found.is_noise.tolist() == [True]
        assert compare_times(base, replace(new, draws=steps * 1.01)).is_noise.tolist() == [False]

    def test_of_streamed_runs_the_distribution_counts_as_well(self):
        """Its last iterations may be steadier than the others."""
        random = np.random.default_rng(0)
        rows = np.arange(40)
        batches, draws = random.normal(1, 1e-4, (30, 1)), random.normal(1, 0.01, (2, 400, 1))
        base, new = (
            SampledTimes(np.ones(1), batches, own, is_streamed=True).sums([[0]] * rows.size)
            for own in draws
        )
        found = compare_times(base, slowed(new, 1.045))
        assert np.all(found.low > 1)
        assert np.all(found.is_noise)
        assert not compare_times(base, slowed(new, 1.1)).is_noise.any()

    def test_streamed_medians_within_their_buckets_are_noise(self):
        base = replace(hand_made(np.ones((20, 2))), is_streamed=True)
        found = compare_times(base, slowed(base, np.array([1 + 1 / 129, 1 + 1 / 127])))
        assert found.is_noise.tolist() == [True, False]
        assert np.all(found.high - found.low > 0.015)

    @pytest.mark.parametrize("factor", [1 / 1.03, 1.03])
    def test_a_streamed_run_and_a_kept_one_are_compared_by_the_same_figure(self, factor):
        """Every third batch is slow: the mean over batches is 3 % above the median."""
        random = np.random.default_rng(0)
        steps = np.where(np.arange(3072) // 32 % 3 == 0, 1.1, 1.0)
        samples = (steps * random.normal(1, 0.005, 3072)).astype(np.float32)[:, None]
        kept, streamed = sample_times(samples), sample_times(samples, fold(samples), seed=1)
        for base, new in ((kept, streamed), (streamed, kept)):
            assert compare_times(base, new).is_noise.tolist() == [True]
            found = compare_times(base, slowed(new, factor))
            assert found.is_noise.tolist() == [False]

    def test_too_few_batches_cannot_be_judged(self):
        judgement = compare_times(hand_made(np.ones((5, 2))), hand_made(np.ones((9, 2))))
        assert not judgement.is_known.any()
        assert not judgement.is_noise.any()
        assert compare_times(*[hand_made(np.ones((6, 2)))] * 2).is_known.all()

    def test_rows_without_time_cannot_be_judged(self):
        base, new = np.ones((10, 2)), np.ones((10, 2))
        base[:, 0] = 0
        judgement = compare_times(hand_made(base), hand_made(new))
        assert judgement.is_known.tolist() == [False, True]
        assert judgement.is_noise.tolist() == [False, True]
        draws = np.ones((20, 2))
        draws[3, 0] = 0
        judgement = compare_times(*[replace(hand_made(np.ones((10, 2))), draws=draws)] * 2)
        assert judgement.is_noise.tolist() == [False, True]

    def test_no_rows(self):
        nothing = hand_made(np.ones((10, 1))).sums([])
        assert compare_times(nothing, nothing).low.shape == (0,)

    def test_correlated_batches_widen_noise_and_interval(self):
        random = np.random.default_rng(1)
        level, rows = np.zeros(40), []
        for _ in range(100):
            level = 0.8 * level + random.normal(0, 0.01, 40)
            rows.append(1 + level)
        ordered = np.array(rows)
        mixed = random.permuted(ordered, axis=0)
        widths = []
        for batches in (ordered, mixed):
            base, new = (replace(hand_made(batches), draws=mixed) for _ in range(2))
            found = compare_times(base, replace(new, draws=mixed[::-1]))
            widths.append(float(np.median(np.log(found.high / found.low))))
        assert 2 < widths[0] / widths[1] < 4


class TestSampledTimes:
    def test_whole(self):
        times = sample_times(np.arange(33, dtype=np.float32).reshape(-1, 1) + 1)
        assert times.batches[:, 0].tolist() == [2 * i + 1.5 for i in range(16)]
        assert times.medians.tolist() == [17.0]
        assert times.draws.shape == (400, 1)
        assert abs(np.median(times.draws) - 17) < 2

    def test_spikes_do_not_count(self):
        samples = np.ones((640, 2), dtype=np.float32)
        samples[::10] = 50.0
        times = sample_times(samples)
        assert np.all(times.batches == 1.0)
        assert np.all(times.draws == 1.0)

    def test_rows_are_drawn_together(self):
        times = sample_times(spiky(np.random.default_rng(0), 320, 3, 1.0))
        rows = times.sums([(0, 2), (1,), ()])
        assert np.array_equal(rows.draws[:, 0], times.draws[:, 0] + times.draws[:, 2])
        assert np.array_equal(rows.batches[:, 1], times.batches[:, 1])
        assert rows.medians[2] == 0
        rest = rows.over(times.sums([(0, 1, 2)]))
        assert rest.medians[1] == pytest.approx(times.medians[1] / rows.medians[0])
        less = times.less(np.full(3, 0.5))
        assert np.array_equal(less.draws, times.draws - 0.5)
        assert np.array_equal(less.medians, times.medians - 0.5)

    def test_runs_have_draws_of_their_own(self):
        samples = spiky(np.random.default_rng(0), 320, 2, 1.0)
        for histograms in (None, fold(samples)):
            one, same, other = (sample_times(samples, histograms, seed).draws for seed in (0, 0, 1))
            assert np.array_equal(one, same)
            assert abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 0.15

    def test_of_a_streamed_run_all_iterations_count(self):
        random = np.random.default_rng(0)
        samples = spiky(random, 20_000, 2, [1.0, 2.0])
        last = samples[-512:] * np.float32(1.3)
        times = sample_times(last, fold(samples))
        assert times.medians == pytest.approx([1, 2], rel=0.004)
        assert len(times.batches) == 16
        assert np.all(np.abs(times.draws / [1, 2] - 1) < 0.01)

    def test_neighbours_that_resemble_each_other_count_for_less(self):
        random = np.random.default_rng(0)
        samples = drifting(random, 1024, 3, 1.0)
        mixed = random.permuted(samples, axis=0)
        assert np.all(dependence(mixed, fold(samples)) < 1.15)
        assert np.all(dependence(samples, fold(samples)) > 1.17)

    @pytest.mark.parametrize(("factor", "least", "most"), [(1.0, 1.0, 1.2), (1.1, 7.9, 8.1)])
    def test_a_run_that_ended_differently_was_not_steady(self, factor, least, most):
        samples = spiky(np.random.default_rng(0), 5000, 3, 1.0)
        found = dependence(samples[-256:] * np.float32(factor), fold(samples))
        assert np.all((found >= least) & (found <= most))

    def test_steps_of_the_clock_are_no_change(self):
        random = np.random.default_rng(0)
        samples = random.choice([1.0, 1.05], (5000, 2), p=[0.3, 0.7]).astype(np.float32)
        assert np.all(dependence(samples[-1024:], fold(samples)) < 1.2)
        assert np.all(dependence(np.ones((1024, 2), np.float32), fold(np.ones((9, 2)))) == 1)

    def test_dependence_of_a_tail(self):
        samples = spiky(np.random.default_rng(0), 5000, 2, 1.0)
        assert np.all(dependence(samples[-1024:], fold(samples), 0.99) < 1.2)
        last = np.sort(samples, axis=0)[-60:]
        assert np.all(dependence(last, fold(samples), 0.99) > 10)

    def test_of_few_iterations_nothing_is_known(self):
        samples = drifting(np.random.default_rng(0), 1024, 1, 1.0)
        assert dependence(samples[::341][:3], fold(samples)).tolist() == [1.0]


@pytest.mark.parametrize(("totals", "is_noise"), [(1, False), (2, True)])
def test_two_totals_share_the_alarms_of_one(totals, is_noise):
    # Of five processes each, 3.2 standard errors apart: p is 0.0126, between 0.05 / 6 and 0.05 / 3.
    base = np.exp(0.001 * np.arange(-2.0, 3.0))[:, None]
    sides = process_times(base, 0), process_times(base * np.exp(0.0032), 1)
    assert judge_total("total", *sides, 0.0, totals).is_noise is is_noise
