"""Rows, shares, corrected times and latency of a profile: small exact cases and laws."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest

from trtcore.result.analysis.summary import (
    Markers,
    fold_markers,
    summarise_latency,
    summarise_layers,
)
from trtcore.result.records.build import Build
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import Layer, LayerProfile, ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.stats.intervals import (
    median_interval,
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


class TestMarkers:
    def test_fold_keeps_every_microsecond(self):
        def row(i, kind, ms):
            return LayerProfile(i, Layer(f"l{i}", kind), ms, ms / 8, nan, ms, ms, (nan, nan))

        rows = (row(0, "kgen", 4.0), row(1, "wait", 1.0), row(2, "gemm", 2.0), row(3, "signal", 1))
        layers, markers = fold_markers(rows)
        assert [r.index for r in layers] == [0, 2]
        assert markers == Markers(count=2, median_ms=2.0, share=0.25)

    def test_fold_without_markers(self):
        assert fold_markers(()) == ((), Markers(0, 0, 0))
