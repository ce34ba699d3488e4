"""Precisions side by side, from hand-made profiles to the whole report and the file."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hand_made_kernels import bridged_profile, kernel_pass

from trtcore.compare.precisions.comparison import PrecisionComparison
from trtcore.compare.precisions.rows import compare_runs
from trtcore.compare.precisions.saved import dump_precisions, load_precisions, parse_precisions
from trtcore.compare.precisions.saved import save_precisions as save
from trtcore.errors import OptionError, ResultError
from trtcore.report.terminal.precisions import render_precisions
from trtcore.result.records.accuracy import Accuracy, OutputAccuracy
from trtcore.result.records.build import Build, PrecisionCheck, PrecisionVerdict
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import IOTensor, Layer, ModelNode, ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.records import Environment

NODES = (
    ModelNode("conv1", "Conv", ("data",), ("a",)),
    ModelNode("relu1", "Relu", ("a",), ("b",)),
    ModelNode("norm", "LRN", ("b",), ("c",)),
    ModelNode("conv2", "Conv", ("c",), ("prob",)),
)
# How each precision fused the same four nodes, with the median of each layer in ms.
FP32 = (
    (Layer("c1", "correlation", ("conv1", "relu1")), 0.4),
    (Layer("n", "kgen", ("norm",)), 0.1),
    (Layer("c2", "correlation", ("conv2",)), 0.3),
)
FP16 = (
    (Layer("__myl_Cast_myl0_0", "kgen", ("conv1",)), 0.02),
    (Layer("c1", "correlation", ("conv1",)), 0.1),
    (Layer("rn", "kgen", ("relu1", "norm")), 0.15),
    (Layer("sync", "signal"), 0.001),
    (Layer("c2", "correlation", ("conv2",)), 0.2),
)


def times(*medians: float, count: int = 320) -> np.ndarray:
    """(count, L) samples that lie evenly within 1 % about each median, in mixed order."""
    spread = np.random.default_rng(0).permutation(np.linspace(0.99, 1.01, count))
    return (spread[:, None] * np.array(medians)).astype(np.float32)


def _check(precision: str) -> PrecisionCheck:
    note = f"asked {precision}: all Half"
    return PrecisionCheck(precision, "Half", PrecisionVerdict.MET, note=note)


def profile_of(
    precision: str, layers: tuple[tuple[Layer, float], ...], *, error: float = 0.0, nans: int = 0
) -> Profile:
    medians = [ms for _, ms in layers]
    total = times(sum(medians))[:, 0]
    output = OutputAccuracy("prob", error, error, error, 1.0, nans, 0)
    return Profile(
        model=ModelRecord("net", "net.onnx", "file", NODES, ("3 nodes had no name",)),
        backend="tensorrt_rtx",
        precision=precision,
        batch=4,
        method=Method(note="by hand"),
        io=(IOTensor("data", (4, 3), "Half", "linear", "input"),),
        layers=tuple(layer for layer, _ in layers),
        samples=Samples(layer_ms=times(*medians), wall_ms=total + 1, gpu_ms=total),
        counts=Counts(320, 64, 320),
        environment=Environment("2026-01-01", "0.1", "3.12", "Linux", "cpu", "GPU", runtime="RTX"),
        build=Build("RTX", 1.5, 2_000_000, len(layers), precision=_check(precision)),
        accuracy=Accuracy((output,), note="the engine against FP32"),
        warnings=() if precision == "fp32" else (RunWarning(WarningKind.NO_GRAPH, note="hot"),),
    )


@pytest.fixture
def comparison() -> PrecisionComparison:
    half2 = ((FP16[0][0], 0.3), *FP16[1:])
    profiles = (
        profile_of("fp32", FP32, error=2e-7),
        profile_of("fp16", FP16, error=3e-3),
        profile_of("half2", half2, error=4e-3),
    )
    return compare_runs(profiles, notes=(RunWarning(WarningKind.GRAPHS_ON_CPU),))


def medians(comparison: PrecisionComparison) -> dict[str, list[float]]:
    rows = (*comparison.rows, comparison.reformats, comparison.rest, comparison.layers)
    return {row.name: [round(time.median_ms, 4) for time in row.times] for row in rows}


def test_rows_are_what_every_precision_can_be_timed_for(comparison: PrecisionComparison) -> None:
    assert comparison.precisions == ("fp32", "fp16", "half2")
    assert medians(comparison) == {
        "conv1 + relu1 + norm": [0.5, 0.25, 0.25],
        "conv2": [0.3, 0.2, 0.2],
        "reformats, casts and copies": [0.0, 0.02, 0.3],
        "stream sync and unattributed": [0.0, 0.001, 0.001],
        "time over all layers": [0.8, 0.471, 0.751],
    }
    assert comparison.rows[0].nodes == ("conv1", "relu1", "norm")


def test_rows_that_the_first_precision_lacks_keep_their_place() -> None:
    without_norm = (FP32[0], FP32[2])
    apart = (
        (Layer("c1", "correlation", ("conv1", "relu1")), 0.4),
        (Layer("n", "kgen", ("norm",)), 0.1),
        (Layer("c2", "correlation", ("conv2",)), 0.3),
    )
    found = compare_runs((profile_of("fp32", without_norm), profile_of("fp16", apart)))
    assert [(row.name, round(row.times[0].median_ms, 4)) for row in found.rows] == [
        ("conv1 + relu1", 0.4),
        ("norm", 0.0),
        ("conv2", 0.3),
    ]


@pytest.mark.parametrize(("extra_ms", "is_noise"), [(0.0009, True), (0.0012, False)])
def test_steps_of_the_clock_are_noise_in_gpu_time_only(extra_ms: float, is_noise: bool) -> None:
    base = profile_of("fp32", FP32)
    flat = replace(base.samples, wall_ms=np.full(320, 1, np.float32))
    base = replace(base, samples=replace(flat, gpu_ms=np.full(320, 0.5, np.float32)))
    more = np.float32(extra_ms)
    slower = replace(base.samples, wall_ms=flat.wall_ms + more, gpu_ms=base.samples.gpu_ms + more)
    found = compare_runs((base, replace(base, precision="fp16", samples=slower)))
    assert [row.times[1].is_noise for row in found.totals] == [False, is_noise]


def test_nothing_is_left_out_of_the_sum(comparison: PrecisionComparison) -> None:
    parts = (*comparison.rows, comparison.reformats, comparison.rest)
    for i, whole in enumerate(comparison.layers.times):
        assert sum(row.times[i].median_ms for row in parts) == pytest.approx(whole.median_ms)


def test_ratios_have_intervals_and_noise_is_told(comparison: PrecisionComparison) -> None:
    first, second, third = comparison.rows[0].times
    assert (first.ratio, first.interval, first.is_noise) == (None, None, None)
    assert second.ratio == pytest.approx(0.5, rel=1e-3)
    assert second.interval is not None
    assert second.interval[0] < 0.5 < second.interval[1]
    assert second.interval[1] - second.interval[0] < 0.01
    assert second.is_noise is False
    same = compare_runs((profile_of("fp32", FP32), profile_of("tf32", FP32)))
    assert all(row.times[1].is_noise for row in (*same.rows, *same.totals))
    assert same.rows[0].times[1].ratio == 1.0
    assert third.ratio == second.ratio


def test_too_few_samples_give_no_interval() -> None:
    few = replace(
        profile_of("fp32", FP32),
        samples=Samples(times(0.4, 0.1, 0.3, count=2), times(1.0, count=2)[:, 0]),
    )
    time = compare_runs((few, few)).rows[0].times[1]
    assert (time.ratio, time.interval, time.is_noise) == (1.0, None, None)


def test_totals_are_those_that_every_precision_has(comparison: PrecisionComparison) -> None:
    assert [row.name for row in comparison.totals] == [
        "un-profiled latency",
        "un-profiled GPU time",
    ]
    gpu = comparison.totals[1].times
    assert [round(time.median_ms, 3) for time in gpu] == [0.8, 0.471, 0.751]


def test_corrected_times_are_used_where_all_have_them() -> None:
    def gated(precision: str, layers: tuple[tuple[Layer, float], ...]) -> Profile:
        profile = profile_of(precision, layers)
        timed = sum(layer.kind != "signal" for layer, _ in layers)
        span = profile.samples.gpu_ms - np.float32(0.01 * timed)
        return replace(profile, samples=replace(profile.samples, gated_ms=span))

    both = compare_runs((gated("fp32", FP32), gated("fp16", FP16)))
    assert both.is_corrected
    assert medians(both)["conv2"] == [0.29, 0.19]
    assert medians(both)["reformats, casts and copies"] == [0.0, 0.01]
    assert both.totals[-1].name == "un-profiled GPU time, gated"
    assert "(un-profiled GPU time, gated)" in both.verdict
    one = compare_runs((gated("fp32", FP32), profile_of("fp16", FP16)))
    assert not one.is_corrected
    assert medians(one)["conv2"] == [0.3, 0.2]


def test_one_method_corrects_all() -> None:
    """By CUPTI's event cost, 3 us, only where all have it; else by the calibrated one, 2.5 us."""
    traced, untraced = bridged_profile(kernel_pass()), bridged_profile(None)
    costs = {
        "both": [corrected_sum(traced), corrected_sum(traced)],
        "one": [corrected_sum(traced, untraced), corrected_sum(untraced, traced)],
        "none": [corrected_sum(untraced), corrected_sum(untraced)],
    }
    assert costs == {"both": [28.0, 28.0], "one": [29.5, 29.5], "none": [29.5, 29.5]}


def corrected_sum(first: Profile, second: Profile | None = None) -> float:
    """The time over all layers of the first of two that are compared, in us."""
    other = replace(second or first, precision="fp32")
    return round(1000 * compare_runs((first, other)).layers.times[0].median_ms, 2)


def test_a_profile_without_times_is_refused() -> None:
    empty = replace(
        profile_of("fp16", FP16), samples=Samples(np.empty((0, 5), np.float32), times(1.0)[:, 0])
    )
    with pytest.raises(ResultError, match="fp16: there are no times to compare"):
        compare_runs((profile_of("fp32", FP32), empty))


def test_verdict(comparison: PrecisionComparison) -> None:
    words = comparison.verdict
    assert words.startswith("fp16 is the fastest with 0.4710 ms (un-profiled GPU time): fp16 takes")
    assert "fp16 takes 0.589x the time of fp32 (95 % interval 0.58" in words
    assert (
        ", latency 0.817x, relative L2 error 3.0e-03, 4.2% of its layer time in reformats;" in words
    )
    assert "half2 takes 0.939x (95 % interval 0.93" in words
    assert words.endswith(", relative L2 error 4.0e-03, 39.9% of its layer time in reformats.")


def test_verdict_where_nothing_is_faster() -> None:
    same = compare_runs((profile_of("fp32", FP32), profile_of("tf32", FP32)))
    assert same.verdict.startswith("no precision is significantly faster than fp32, 0.8000 ms (")
    assert ", may be chance)" in same.verdict
    bad = compare_runs((profile_of("fp32", FP32), profile_of("fp16", FP16, nans=3)))
    assert ", NaN or infinite outputs" in bad.verdict


def test_the_whole_report(comparison: PrecisionComparison) -> None:
    lines = render_precisions(comparison, full_names=True).split("\n")
    assert lines[0] == "net in fp32, fp16, half2, batch 4, RTX on GPU"
    assert lines[1] == comparison.verdict
    table = [line.split("  ") for line in lines[3:12]]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in table]
    assert cells[0] == ["Nodes", "fp32 ms", "fp16 ms", "fp16/fp32", "half2 ms", "half2/fp32"]
    assert cells[1][:3] == ["conv1 + relu1 + norm", "0.5000", "0.2500"]
    assert cells[1][3] == "0.500x (0.500-0.501)"
    assert cells[3][:5] == ["reformats, casts and copies", "-", "0.0200", "-", "0.3000"]
    assert [row[0] for row in cells[4:]] == [
        "stream sync and unattributed",
        "time over all layers",
        "un-profiled latency",
        "un-profiled GPU time",
        "relative L2 error of the outputs",
    ]
    assert cells[8] == ["relative L2 error of the outputs", "2.0e-07", "3.0e-03", "4.0e-03"]
    assert lines[12:] == [
        "Medians of 320 iterations, measured interleaved; ratios with their 95 % interval, ~ where "
        "the difference may be chance.",
        "",
        "fp32       built in 1.5 s by RTX, 2.0 MB, 3 layers, verbosity DETAILED",
        "           Input data (4, 3) Half linear",
        "Precision  asked fp32: all Half",
        "Accuracy   prob: relative L2 2.00e-07, largest error 2.00e-07, mean 2.00e-07, cosine "
        "1.0000000",
        "",
        "fp16       built in 1.5 s by RTX, 2.0 MB, 5 layers, verbosity DETAILED",
        "           Input data (4, 3) Half linear",
        "Precision  asked fp16: all Half",
        "Accuracy   prob: relative L2 3.00e-03, largest error 3.00e-03, mean 3.00e-03, cosine "
        "1.0000000",
        "",
        "half2      built in 1.5 s by RTX, 2.0 MB, 5 layers, verbosity DETAILED",
        "           Input data (4, 3) Half linear",
        "Precision  asked half2: all Half",
        "Accuracy   prob: relative L2 4.00e-03, largest error 4.00e-03, mean 4.00e-03, cosine "
        "1.0000000",
        "",
        "Model     net (net.onnx), weights file",
        "Method    by hand",
        "Compared  the engine against FP32",
        "Date      2026-01-01",
        "Note      no engine was timed: the converted graphs ran on the CPU",
        "Note      3 nodes had no name",
        "Note      fp16, half2: no CUDA graph: hot",
    ]


def test_a_narrow_terminal_has_no_room_for_intervals(comparison: PrecisionComparison) -> None:
    ratio = re.compile(r"\dx \(\d\.\d+-\d")
    assert ratio.search(render_precisions(comparison, width=120))
    assert not ratio.search(render_precisions(comparison, width=60))
    words = " ".join(render_precisions(comparison, width=120).split())
    assert "ratios with their 95 % interval, ~ where" in words
    assert "No room" not in words
    for width in (60, 50, 34, 20):
        text = render_precisions(comparison, width=width)
        words = " ".join(text.split())
        assert "95 % intervals. Medians of" in words
        assert "with their" not in words
        assert words.count("No room for ") == 1
        assert "; ratios: ~ where the difference may be chance." in words
    narrow = render_precisions(comparison, width=34)
    assert "\nNodes        fp16/fp32  half2/fp32\n" in narrow


def test_only_the_longest_rows(comparison: PrecisionComparison) -> None:
    lines = render_precisions(comparison, sort="time", top=1, width=100).split("\n")
    (line,) = [line for line in lines if line.startswith("1 further row")]
    assert line.split()[3:] == ["0.3000", "0.2000", "-", "0.2000", "-"]
    for options, message in (
        ({"sort": "name"}, "sort is 'name', must be one of order, time"),
        ({"top": 0}, "top is 0, must be 1 or more"),
    ):
        with pytest.raises(OptionError, match=message):
            render_precisions(comparison, **options)


def test_a_saved_comparison_reads_back_the_same(
    comparison: PrecisionComparison, tmp_path: Path
) -> None:
    path = tmp_path / "comparison.json"
    save(comparison, path)
    found = load_precisions(path)
    assert render_precisions(found) == render_precisions(comparison)
    assert (found.rows, found.totals, found.verdict) == (
        comparison.rows,
        comparison.totals,
        comparison.verdict,
    )
    samples = found.profiles[2].samples
    np.testing.assert_array_equal(samples.layer_ms, comparison.profiles[2].samples.layer_ms)
    tree = json.loads(path.read_text())
    assert (tree["schema"], tree["version"]) == ("trtcore/precision-comparison", 2)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema",), "trtcore/profile", "not a saved trtcore precision comparison"),
        (("version",), 3, "schema version 3; this trtcore reads 2"),
        (("profiles",), [], "3 precisions have 0 profiles"),
        (
            ("reformats", "times"),
            [],
            "row 'reformats, casts and copies' has 0 times of 3 precisions",
        ),
        (("rows", 0, "times", 1, "ratio"), "half", r"times\[1\].ratio is 'half', expected float"),
    ],
)
def test_what_does_not_fit_is_named(
    comparison: PrecisionComparison, path: tuple[str | int, ...], value: object, message: str
) -> None:
    tree = json.loads(dump_precisions(comparison))
    place = tree
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ResultError, match=message):
        parse_precisions(json.dumps(tree))
