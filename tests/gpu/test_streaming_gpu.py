"""Streaming on a real GPU: distributions that hold the times which were kept one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import trtcore
from trtcore.measure.device.cuda import Stream
from trtcore.measure.engine_runs.store import KEPT_ITERATIONS
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.summary import summarise_latency, summarise_layers
from trtcore.result.saved import dump_profile, parse_profile
from trtcore.stats.histogram import fold

pytestmark = pytest.mark.gpu


def test_a_streamed_profile_of_googlenet() -> None:
    iterations = KEPT_ITERATIONS + 500
    # On one stream: layers that run beside each other settle into other times now and then.
    profile = trtcore.profile_model(
        "googlenet", precision="fp16", batch=4, serial=True, iterations=iterations, stream=True
    )
    samples, layers = profile.samples, profile.samples.layer_histograms
    assert layers is not None
    assert layers.count == profile.counts.measured == iterations
    assert samples.layer_ms.shape == (KEPT_ITERATIONS, len(profile.layers))
    assert np.all(fold(samples.layer_ms).buckets <= layers.buckets)
    for row, kept in zip(summarise_layers(profile), samples.layer_ms.T, strict=True):
        assert row.median_ms == pytest.approx(float(np.median(kept)), rel=0.1, abs=0.001)
    for name in ("wall_ms", "enqueue_ms", "gpu_ms", "gated_ms", "graph_ms"):
        times = samples.histogram_of(name)
        assert times is not None
        assert times.count == iterations
        assert getattr(samples, name).shape == (KEPT_ITERATIONS,)
    latency = summarise_latency(profile)
    assert latency.gpu is not None
    assert latency.gpu.median_ms == pytest.approx(float(np.median(samples.gpu_ms)), rel=0.1)
    assert "Streamed" in render_table(profile)
    back = parse_profile(dump_profile(profile))
    assert repr(summarise_layers(back)) == repr(summarise_layers(profile))


def test_streaming_agrees_with_keeping_every_time() -> None:
    options = {"precision": "fp16", "batch": 4, "serial": True, "calibrate": False}
    options["iterations"] = 300
    sums: dict[bool, list[float]] = {False: [], True: []}
    # Alternately, so that what drifts changes both.
    for stream in 3 * (False, True):
        rows = summarise_layers(trtcore.profile_model("googlenet", stream=stream, **options))
        sums[stream].append(sum(row.median_ms for row in rows))
    ratio = np.median(sums[True]) / np.median(sums[False])
    spread = max(max(one) / min(one) for one in sums.values()) - 1
    print(f"streamed over kept {ratio:.4f}; equal runs differ by up to {spread:.1%}")
    # A streamed median is known to its bucket, 1/64 of it.
    assert abs(ratio - 1) < 1 / 64 + spread


def test_a_foreign_loop_is_streamed(run_foreign: Callable[[str], Any]) -> None:
    running = run_foreign("fp16")
    with (
        Stream() as stream,
        trtcore.attach(running.context, max_iterations=16, stream=True) as recorder,
    ):
        for _ in range(600):
            running.infer(stream.handle)
    times = recorder.histograms()
    assert times is not None
    assert times.count == 600
    assert recorder.samples().shape == (16, len(recorder.names))
    assert recorder.dropped == 584
    assert np.all(fold(recorder.samples()).buckets <= times.buckets)
