"""A streamed run beside the same run with every time: the same reports, as near as promised."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from typing import Any

import numpy as np
import pytest

from trtcore.compare import compare_profiles
from trtcore.diagnosis import diagnose
from trtcore.histogram import fold
from trtcore.reconcile import reconcile_profile
from trtcore.report.perfetto import render_trace
from trtcore.report.table import render_table
from trtcore.report.tabular import render_csv
from trtcore.report.trtexec import export_profile
from trtcore.result import Counts, Profile, Samples, StreamedSeries
from trtcore.schema import dump_profile, parse_profile
from trtcore.statistics import summarise_latency, summarise_layers

COUNT, KEPT = 5000, 64


def noisy(*levels: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).lognormal(0, 0.03, (COUNT, len(levels)))
    return (np.array(levels) * noise).astype(np.float32)


@pytest.fixture
def whole(gpu_profile: Profile) -> Profile:
    """A run of 5000 iterations with every time."""
    layer_ms = noisy(0.0304, 0.1636, 0.0, 0.001, 0.0125, 0.0025, seed=0)
    series = noisy(0.25, 0.06, 0.205, 0.2, seed=1)
    names = ("wall_ms", "enqueue_ms", "gpu_ms", "gated_ms")
    times: dict[str, Any] = dict(zip(names, series.T, strict=True))
    return dataclasses.replace(
        gpu_profile, samples=Samples(layer_ms, **times), counts=Counts(COUNT, 64, COUNT)
    )


@pytest.fixture
def streamed(whole: Profile) -> Profile:
    """The same run, streamed."""
    names = ("wall_ms", "enqueue_ms", "gpu_ms", "gated_ms")
    all_times = {name: getattr(whole.samples, name) for name in names}
    last: dict[str, Any] = {name: times[-KEPT:] for name, times in all_times.items()}
    samples = Samples(
        whole.samples.layer_ms[-KEPT:],
        **last,
        layer_histograms=fold(whole.samples.layer_ms),
        streamed=tuple(StreamedSeries(n, fold(times[:, None])) for n, times in all_times.items()),
    )
    return dataclasses.replace(whole, samples=samples)


def test_rows_and_latency(whole: Profile, streamed: Profile) -> None:
    for exact, row in zip(summarise_layers(whole), summarise_layers(streamed), strict=True):
        assert (row.index, row.layer, row.min_ms) == (exact.index, exact.layer, exact.min_ms)
        assert row.mean_ms == pytest.approx(exact.mean_ms, rel=1e-6)
        for name in ("median_ms", "p95_ms", "share"):
            assert getattr(row, name) == pytest.approx(getattr(exact, name), rel=0.008)
        assert row.corrected_ms == pytest.approx(exact.corrected_ms, rel=0.01, abs=2e-5)
    exact_latency, latency = summarise_latency(whole), summarise_latency(streamed)
    for name in ("wall", "gpu", "enqueue"):
        one, other = getattr(exact_latency, name), getattr(latency, name)
        assert other.count == one.count == COUNT
        assert other.median_ms == pytest.approx(one.median_ms, rel=0.004)
        assert other.p99_ms == pytest.approx(one.p99_ms, rel=0.004)
    assert latency.items_per_s == pytest.approx(exact_latency.items_per_s, rel=1e-6)


def test_the_table_says_that_it_was_streamed(whole: Profile, streamed: Profile) -> None:
    exact, text = render_table(whole), render_table(streamed)
    words = " ".join(text.split())
    assert (
        "Streamed counts, means and minima are exact, medians and percentiles within 0.4%; single "
        "iterations are there for the last 64 only"
    ) in words
    assert "Streamed" not in exact
    assert "Medians of 5000 profiled iterations" in text
    assert "measured 5000 un-profiled and 5000 profiled" in text
    rows = [re.sub(r"\d+\.\d+", "x", part.split("\n\n")[1]) for part in (exact, text)]
    assert rows[0] == rows[1]


def test_files_for_other_tools(whole: Profile, streamed: Profile) -> None:
    one, other = (json.loads(export_profile(profile)) for profile in (whole, streamed))
    assert other[0] == one[0] == {"count": COUNT}
    for exact, row in zip(one[1:], other[1:], strict=True):
        assert row["name"] == exact["name"]
        for key in ("timeMs", "averageMs", "percentage"):
            assert row[key] == pytest.approx(exact[key], rel=1e-5)
        assert row["medianMs"] == pytest.approx(exact["medianMs"], rel=0.004)
    lines = list(csv.DictReader(io.StringIO(render_csv(streamed))))
    assert len(lines) == len(streamed.layers)
    assert all(line["low_ms"] <= line["median_ms"] <= line["high_ms"] for line in lines)
    names = [event["name"] for event in json.loads(render_trace(streamed))["traceEvents"]]
    assert len(names) > 60


def test_it_is_saved_and_read_back(streamed: Profile) -> None:
    text = dump_profile(streamed)
    back = parse_profile(text)
    assert back.samples.layer_histograms is not None
    assert streamed.samples.layer_histograms is not None
    for name in ("count", "mean_ms", "deviations_ms2", "min_ms", "max_ms", "buckets"):
        one = getattr(streamed.samples.layer_histograms, name)
        other = getattr(back.samples.layer_histograms, name)
        assert np.array_equal(one, other)
        assert getattr(one, "dtype", None) == getattr(other, "dtype", None)
    assert [series.name for series in back.samples.streamed] == [
        series.name for series in streamed.samples.streamed
    ]
    assert repr(summarise_layers(back)) == repr(summarise_layers(streamed))
    assert len(text) < 100_000


def test_the_remainder_agrees(whole: Profile, streamed: Profile) -> None:
    exact, found = reconcile_profile(whole), reconcile_profile(streamed)
    assert exact is not None
    assert found is not None
    assert found.span_ms == pytest.approx(exact.span_ms, rel=0.004)
    assert found.raw_sum_ms == pytest.approx(exact.raw_sum_ms, rel=0.004)


def test_comparisons(whole: Profile, streamed: Profile) -> None:
    samples = dataclasses.replace(whole.samples, layer_ms=whole.samples.layer_ms * np.float32(1.2))
    exact = compare_profiles(whole, dataclasses.replace(whole, samples=samples))
    found = compare_profiles(streamed, dataclasses.replace(whole, samples=samples))
    for one, other in zip(exact.rows, found.rows, strict=True):
        assert other.name == one.name
        assert other.ratio == pytest.approx(one.ratio, rel=0.004)
        assert other.interval[0] < one.ratio < other.interval[1]
    assert (
        "base was streamed: medians of its layers are within 0.4%; noise and un-profiled times are "
        "judged by its last 64 iterations"
    ) in found.notes


def test_times_below_zero_are_still_seen(streamed: Profile) -> None:
    samples = streamed.samples
    assert samples.layer_histograms is not None
    assert not any("below zero" in line for line in diagnose(streamed))
    least = samples.layer_histograms.min_ms.copy()
    least[1] = -0.5
    bad = dataclasses.replace(samples.layer_histograms, min_ms=least)
    profile = dataclasses.replace(
        streamed, samples=dataclasses.replace(samples, layer_histograms=bad)
    )
    words = "1 layer has times below zero: the device's event times cannot be trusted"
    assert words in diagnose(profile)


def test_damaged_histograms_are_refused(streamed: Profile) -> None:
    from trtcore.errors import ResultError

    tree = json.loads(dump_profile(streamed))
    histograms = tree["samples"]["layer_histograms"]
    histograms["mean_ms"], histograms["min_ms"] = histograms["min_ms"], histograms["mean_ms"]
    with pytest.raises(ResultError, match="mean_ms is not a packed float64 array"):
        parse_profile(json.dumps(tree))
    tree = json.loads(dump_profile(streamed))
    tree["samples"]["layer_histograms"] = tree["samples"]["streamed"][0]["times"]
    with pytest.raises(ResultError, match="layer_histograms should hold 6 series of 4354 buckets"):
        parse_profile(json.dumps(tree))
