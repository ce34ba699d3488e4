"""A streamed run beside the same run with every time: the same reports, as near as promised."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from words import diagnosis

from trtcore.cli import main
from trtcore.compare.limits import broken_conditions, parse_limit
from trtcore.compare.precisions.rows import compare_runs
from trtcore.compare.profiles import compare_profiles
from trtcore.compare.significance.tails import compare_tails
from trtcore.errors import OptionError
from trtcore.report.export.csv import render_csv
from trtcore.report.export.perfetto import render_trace
from trtcore.report.export.trtexec import export_profile
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.reconciliation.reconcile import reconcile_profile
from trtcore.result.analysis.summary import summarise_latency, summarise_layers
from trtcore.result.records.counts import Counts
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples, StreamedSeries
from trtcore.result.saved import dump_profile, parse_profile, save_profile
from trtcore.stats.histogram import fold

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
    return stream(whole)


def stream(whole: Profile) -> Profile:
    """What is left of a run if it is streamed."""
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
    assert re.search(r"all kept: latency \d+ and \d+ of the last 64, GPU time", words)
    assert "of the last 64" not in " ".join(exact.split())
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


def slower(profile: Profile, factor: float, where: slice = slice(None)) -> Profile:
    """The same run with every time of some iterations so much longer."""
    names = ("layer_ms", "wall_ms", "enqueue_ms", "gpu_ms", "gated_ms")
    changed: dict[str, Any] = {name: getattr(profile.samples, name).copy() for name in names}
    for times in changed.values():
        times[where] *= np.float32(factor)
    return dataclasses.replace(profile, samples=dataclasses.replace(profile.samples, **changed))


def other_run(profile: Profile) -> Profile:
    """An equal run with noise of its own."""
    layer_ms = noisy(0.0304, 0.1636, 0.0, 0.001, 0.0125, 0.0025, seed=2)
    series = noisy(0.25, 0.06, 0.205, 0.2, seed=3)
    names = ("wall_ms", "enqueue_ms", "gpu_ms", "gated_ms")
    times: dict[str, Any] = dict(zip(names, series.T, strict=True))
    return dataclasses.replace(profile, samples=Samples(layer_ms, **times))


GATE = tuple(parse_limit(text) for text in ("total > 3%", "layer > 3%", "p99 > 20%"))
LAST = slice(-KEPT, None)
BUT_LAST = slice(None, -KEPT)
TAIL = slice(0, -KEPT, 20)


@pytest.mark.parametrize(
    ("factor", "where", "broken"),
    [
        (1.0, slice(None), set()),
        (1.1, LAST, set()),
        (1.1, slice(None), {"total > 3%", "layer > 3%"}),
        (1.1, BUT_LAST, {"total > 3%", "layer > 3%"}),
        (2.0, TAIL, {"p99 > 20%"}),
        (1.5, LAST, set()),
    ],
    ids=["equal", "last slower", "all slower", "all but last slower", "tail", "last far slower"],
)
def test_comparisons_and_gates(
    whole: Profile, factor: float, where: slice, broken: set[str]
) -> None:
    """What a streamed run says, beside what the same run says with every time."""
    new = slower(other_run(whole), factor, where)
    exact = compare_profiles(whole, new)
    pairs = [(whole, stream(new)), (stream(whole), new), (stream(whole), stream(new))]
    assert {b.condition.text for b in broken_conditions(exact, GATE)} == broken
    for pair in pairs:
        found = compare_profiles(*pair)
        by_name = {row.name: row for row in found.rows}
        for one in (*exact.rows, exact.total):
            other = found.total if one is exact.total else by_name[one.name]
            assert other.name == one.name
            assert other.ratio == pytest.approx(one.ratio, rel=0.008)
            assert other.interval[0] < one.ratio < other.interval[1]
        assert {b.condition.text for b in broken_conditions(found, GATE)} == broken
        tails = [compare_tails(a.samples, b.samples, 99) for a, b in ((whole, new), pair)]
        assert tails[1].ratio == pytest.approx(tails[0].ratio, rel=0.008)


def test_precisions_side_by_side(whole: Profile) -> None:
    new = slower(other_run(whole), 1.2, BUT_LAST)
    exact, found = compare_runs((whole, new)), compare_runs((stream(whole), stream(new)))
    rows = zip((*exact.rows, *exact.totals), (*found.rows, *found.totals), strict=True)
    for one, other in rows:
        assert other.times[1].ratio == pytest.approx(one.times[1].ratio, rel=0.012)
        assert other.times[1].is_noise is one.times[1].is_noise is False


def test_a_comparison_says_what_was_streamed(whole: Profile, streamed: Profile) -> None:
    assert (
        "base was streamed: medians and percentiles of its 5000 iterations are within 0.4%; "
        "autocorrelation estimated from the last 64"
    ) in compare_profiles(streamed, whole).notes
    one = dataclasses.replace(whole.samples, layer_ms=whole.samples.layer_ms[-1:])
    one = dataclasses.replace(one, layer_histograms=fold(whole.samples.layer_ms))
    notes = compare_profiles(dataclasses.replace(whole, samples=one), whole).notes
    assert not any("one figure per layer" in note for note in notes)


def test_percentiles_on_either_side_of_a_bucket_s_end_are_noise(streamed: Profile) -> None:
    """Buckets end at 1 + 1/128 ms: times that differ by 0.2 % lie in two of them."""
    found = []
    for ms in (1.007, 1.009):
        times = np.append(np.full(2000, ms), (0.5, 2.0)).astype(np.float32)
        gpu = StreamedSeries("gpu_ms", fold(times[:, None]))
        found.append(dataclasses.replace(streamed.samples, gpu_ms=times[:64], streamed=(gpu,)))
    change = compare_tails(found[0], found[1], 99)
    assert change.ratio == pytest.approx(1.0078, abs=1e-4)
    assert change.interval[0] < 1.009 / 1.007 < change.interval[1]
    assert change.is_noise is True


def test_percentiles_of_too_few_iterations_are_counted_in_full(streamed: Profile) -> None:
    few = dataclasses.replace(streamed.samples, gpu_ms=streamed.samples.gpu_ms, streamed=())
    with pytest.raises(OptionError, match="on both sides, there are 5000 and 64"):
        compare_tails(streamed.samples, few, 99)


def test_times_below_zero_are_still_seen(streamed: Profile) -> None:
    samples = streamed.samples
    assert samples.layer_histograms is not None
    assert not any("below zero" in line for line in diagnosis(streamed))
    least = samples.layer_histograms.min_ms.copy()
    least[1] = -0.5
    bad = dataclasses.replace(samples.layer_histograms, min_ms=least)
    profile = dataclasses.replace(
        streamed, samples=dataclasses.replace(samples, layer_histograms=bad)
    )
    words = "negative times (1 layer): CUDA event times are unreliable on this device"
    assert words in diagnosis(profile)


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


@pytest.mark.parametrize(
    ("form", "written"),
    [("perfetto", "the first 10 of the last 64"), ("trtexec-times", "the last 64")],
)
def test_files_of_single_iterations_come_with_a_word(
    streamed: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, written: str
) -> None:
    saved, out = tmp_path / "run.json", tmp_path / "out.json"
    save_profile(streamed, saved)
    assert main(["report", str(saved), "--format", form, "-o", str(out)]) == 0
    assert out.is_file()
    words = f"trtcore: the run was streamed: of 5000 iterations {written} are written\n"
    assert capsys.readouterr().err == words
    if form == "perfetto":
        events = json.loads(out.read_text())["traceEvents"]
        assert len({e["name"] for e in events if e["name"].startswith("iteration ")}) == 10


def test_a_file_of_the_whole_run_comes_without_a_word(
    streamed: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved, out = tmp_path / "run.json", tmp_path / "out.json"
    save_profile(streamed, saved)
    assert main(["report", str(saved), "--format", "trtexec-profile", "-o", str(out)]) == 0
    assert capsys.readouterr().err == ""
