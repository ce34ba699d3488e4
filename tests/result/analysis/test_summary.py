"""Statistics: small exact cases, laws, and coverage by simulation."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import comb, isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trtcore.errors import OptionError
from trtcore.result.analysis.summary import (
    Markers,
    fold_markers,
    summarise_latency,
    summarise_layers,
)
from trtcore.result.layers import Layer, LayerProfile, ModelRecord, is_marker
from trtcore.result.method import Method
from trtcore.result.records import Build, Counts, Profile
from trtcore.result.samples import Samples
from trtcore.stats.intervals import (
    TimeSummary,
    interval_rank,
    longest_layers,
    median_interval,
    summarise_times,
)
from trtcore.system.records import Environment


def make_profile(layer_ms, layers=None, **samples) -> Profile:
    layer_ms = np.asarray(layer_ms, dtype=np.float32)
    layers = layers or tuple(Layer(f"layer{i}") for i in range(layer_ms.shape[1]))
    series = {k: np.asarray(v, dtype=np.float32) for k, v in samples.items()}
    return Profile(
        model=ModelRecord("net", "built-in"),
        backend="tensorrt_rtx",
        precision="fp16",
        batch=4,
        method=Method(note="by hand"),
        io=(),
        layers=layers,
        samples=Samples(layer_ms, series.pop("wall_ms", np.empty(0, np.float32)), **series),
        counts=Counts(len(layer_ms), 0, len(layer_ms)),
        environment=Environment("", "", "", "", "", ""),
    )


class TestMedianInterval:
    # ranks from the usual table of distribution-free 95 % intervals of the median
    @pytest.mark.parametrize(
        ("count", "rank"), [(6, 1), (8, 1), (9, 2), (20, 6), (50, 18), (100, 40), (1000, 469)]
    )
    def test_ranks_are_those_of_the_tables(self, count, rank):
        values = np.arange(1, count + 1)
        assert median_interval(values) == (rank, count + 1 - rank)

    @pytest.mark.parametrize("count", range(6))
    def test_too_few_samples_have_no_interval(self, count):
        low, high = median_interval(np.ones(count))
        assert isnan(low)
        assert isnan(high)

    def test_nan_samples_have_no_interval(self):
        assert isnan(median_interval([1.0] * 20 + [nan])[0])

    @pytest.mark.parametrize("count", [7, 33, 400, 1000])
    def test_rank_is_the_largest_that_keeps_the_confidence(self, count):
        rank = interval_rank(count, 0.95)

        def below(r):
            return sum(comb(count, i) for i in range(r)) / 2**count

        assert below(rank) <= 0.025 < below(rank + 1)

    def test_exact_and_approximate_ranks_meet(self):
        ranks = [interval_rank(n, 0.95) for n in range(990, 1012)]
        assert all(0 <= b - a <= 1 for a, b in pairwise(ranks))

    @pytest.mark.parametrize("count", [10, 40, 1500])
    def test_covers_the_true_median_of_a_skewed_distribution(self, count):
        rng = np.random.default_rng(count)
        hits = 0
        for _ in range(600):
            low, high = median_interval(rng.lognormal(0.0, 1.0, count))
            hits += low <= 1.0 <= high
        assert hits / 600 >= 0.925  # 95 % less three standard errors

    def test_higher_confidence_is_wider(self):
        values = np.arange(100)
        assert median_interval(values, 0.99) == (36, 63)
        assert median_interval(values, 0.5) == (46, 53)

    @pytest.mark.parametrize("confidence", [0, 1, -1, 95, nan])
    def test_confidence_out_of_range(self, confidence):
        with pytest.raises(OptionError, match=r"confidence is .*, expected .* between 0 and 1"):
            median_interval([1, 2, 3], confidence)


class TestSummariseTimes:
    def test_whole_summary(self):
        assert summarise_times(np.arange(1, 102)) == TimeSummary(
            count=101,
            median_ms=51,
            interval=(41, 61),
            min_ms=1,
            mean_ms=51,
            p90_ms=91,
            p95_ms=pytest.approx(nan, nan_ok=True),
            p99_ms=pytest.approx(nan, nan_ok=True),
            variation=pytest.approx(29.3002 / 51, rel=1e-5),
            spread=pytest.approx(50 / 51),
        )

    @pytest.mark.parametrize(
        ("field", "needed"), [("p90_ms", 64), ("p95_ms", 130), ("p99_ms", 662)]
    )
    def test_tails_need_samples(self, field, needed):
        assert isnan(getattr(summarise_times(np.ones(needed - 1)), field))
        assert getattr(summarise_times(np.ones(needed)), field) == 1.0

    def test_empty_and_single(self):
        assert summarise_times([]) is None
        one = summarise_times([2.5])
        assert (one.count, one.median_ms, one.mean_ms, one.min_ms) == (1, 2.5, 2.5, 2.5)
        assert isnan(one.variation)
        assert isnan(one.spread)

    def test_all_zero_is_not_a_division_by_zero(self):
        zero = summarise_times(np.zeros(200))
        assert zero.p95_ms == 0
        assert isnan(zero.variation)
        assert isnan(zero.spread)

    @given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=300))
    @settings(max_examples=60, deadline=None)
    def test_agrees_with_numpy_and_ignores_order(self, values):
        summary = summarise_times(values)
        assert repr(summary) == repr(summarise_times(values[::-1]))
        assert summary.median_ms == pytest.approx(np.median(np.float64(values)))
        if not isnan(summary.p90_ms):
            assert summary.p90_ms == pytest.approx(np.percentile(np.float64(values), 90))
        low, high = summary.interval
        assert isnan(low) or low <= summary.median_ms <= high


class TestLatency:
    def test_series_that_were_not_measured_are_none(self):
        latency = summarise_latency(make_profile([[1.0]], wall_ms=[2.0, 2.0]))
        assert (latency.gpu, latency.enqueue) == (None, None)
        assert latency.wall.median_ms == 2.0
        assert latency.items_per_s == 2000.0  # batch 4, 2 ms each

    def test_gpu_series(self):
        latency = summarise_latency(
            make_profile([[1.0]], wall_ms=[4.0], gpu_ms=[3.0], enqueue_ms=[0.5])
        )
        assert (latency.gpu.median_ms, latency.enqueue.median_ms) == (3.0, 0.5)

    def test_nothing_measured(self):
        latency = summarise_latency(make_profile([[1.0]]))
        assert latency.wall is None
        assert isnan(latency.items_per_s)


class TestLayers:
    def test_whole_rows(self):
        rows = summarise_layers(make_profile([[1.0, 30.0], [3.0, 10.0], [2.0, 20.0]]))
        assert [(r.index, r.layer.name, r.median_ms, r.min_ms, r.mean_ms) for r in rows] == [
            (0, "layer0", 2.0, 1.0, 2.0),
            (1, "layer1", 20.0, 10.0, 20.0),
        ]
        assert [r.share for r in rows] == pytest.approx([2 / 22, 20 / 22])
        assert all(isnan(r.p95_ms) and isnan(r.interval[0]) for r in rows)

    def test_many_columns_match_numpy(self):
        samples = np.random.default_rng(1).lognormal(-3, 1, (131, 37)).astype(np.float32)
        rows = summarise_layers(make_profile(samples))
        exact = samples.astype(np.float64)
        assert [r.median_ms for r in rows] == pytest.approx(np.median(exact, axis=0))
        assert [r.p95_ms for r in rows] == pytest.approx(np.percentile(exact, 95, axis=0))
        assert [r.min_ms for r in rows] == pytest.approx(exact.min(axis=0))
        assert [r.mean_ms for r in rows] == pytest.approx(exact.mean(axis=0))
        assert sum(r.share for r in rows) == pytest.approx(1.0, abs=1e-12)
        assert [r.interval for r in rows] == [median_interval(column) for column in samples.T]

    def test_order_of_iterations_does_not_matter(self):
        samples = np.random.default_rng(2).random((200, 5), dtype=np.float32)
        forth, back = (
            summarise_layers(make_profile(samples)),
            summarise_layers(make_profile(samples[::-1])),
        )
        assert [(r.median_ms, r.p95_ms, r.interval) for r in forth] == [
            (r.median_ms, r.p95_ms, r.interval) for r in back
        ]

    def test_mean_of_many_samples_is_not_summed_in_float32(self):
        samples = np.full((1_000_000, 1), 0.1, dtype=np.float32)
        (row,) = summarise_layers(make_profile(samples))
        assert row.mean_ms == pytest.approx(float(np.float32(0.1)), rel=1e-9)

    def test_no_time_at_all_has_no_shares(self):
        assert [r.share for r in summarise_layers(make_profile(np.zeros((3, 2))))] == [0.0, 0.0]

    def test_no_iterations_and_no_layers(self):
        (row,) = summarise_layers(make_profile(np.empty((0, 1)), (Layer("a"),)))
        assert all(isnan(v) for v in (row.median_ms, row.share, row.min_ms, row.mean_ms))
        assert summarise_layers(make_profile(np.empty((4, 0)))) == ()


class TestCorrected:
    def test_below_the_resolution(self):
        rows = summarise_layers(make_profile([[0.010, 0.003]], gated_ms=[0.009]))
        assert [row.corrected_ms for row in rows] == pytest.approx([0.008, 0.001])
        assert [row.is_below_resolution for row in rows] == [False, True]
        assert [row.share for row in rows] == pytest.approx([8 / 9, 1 / 9])

    def test_not_gated(self):
        (row,) = summarise_layers(make_profile([[0.001]]))
        assert isnan(row.corrected_ms)
        assert not row.is_below_resolution

    def test_streams_that_the_plan_does_not_tell(self):
        profile = make_profile([[0.010, 0.001]], gated_ms=[0.009])
        build = Build("TensorRT", 0.0, 1, auxiliary_streams=1, verbosity="NONE")
        rows = summarise_layers(replace(profile, build=build))
        assert all(isnan(row.corrected_ms) for row in rows)
        assert not any(row.is_below_resolution for row in rows)


class TestLongestLayers:
    @pytest.mark.parametrize(
        ("layer_ms", "share", "longest"),
        [
            ([1, 5, 3, 1], 0.8, [1, 2]),
            ([1, 5, 3, 1], 0.81, [1, 2, 0]),
            ([2, 1], 0.0, []),
            ([2, 1], 1.0, [0, 1]),
            ([0, 0], 0.9, []),
            ([], 0.9, []),
            ([-1, 0.5, 0.2], 0.9, [1, 2]),
        ],
    )
    def test_they_hold_that_part_of_the_time(self, layer_ms, share, longest):
        assert longest_layers(layer_ms, share).tolist() == longest


class TestMarkers:
    @pytest.mark.parametrize(
        "layer",
        [
            Layer("__mye1_myl0_3", kind="signal"),
            Layer("__mye1_myl0_4", kind="WAIT"),
            Layer("stream 1 wait 3"),
            Layer("[signal]"),
        ],
    )
    def test_markers(self, layer):
        assert is_marker(layer)

    @pytest.mark.parametrize(
        "layer",
        [
            Layer("conv1"),
            Layer("wait", kind="Conv"),
            Layer("signal", nodes=("signal",)),
            Layer("signalling"),
            Layer("await_conv"),
        ],
    )
    def test_not_markers(self, layer):
        assert not is_marker(layer)

    def test_fold_keeps_every_microsecond(self):
        def row(i, kind, ms):
            return LayerProfile(i, Layer(f"l{i}", kind), ms, ms / 8, nan, ms, ms, (nan, nan))

        rows = (row(0, "kgen", 4.0), row(1, "wait", 1.0), row(2, "gemm", 2.0), row(3, "signal", 1))
        layers, markers = fold_markers(rows)
        assert [r.index for r in layers] == [0, 2]
        assert markers == Markers(count=2, median_ms=2.0, share=0.25)

    def test_fold_without_markers(self):
        assert fold_markers(()) == ((), Markers(0, 0, 0))
