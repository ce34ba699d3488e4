"""The terminal report, compared in full."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from trtcore.errors import OptionError
from trtcore.report.content.rows.labels import layer_labels, shorten
from trtcore.report.terminal.profile import print_table, render_table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import Layer
from trtcore.result.records.profile import EventCost
from trtcore.result.records.samples import Samples

GPU_TABLE = """\
Input data (4, 3, 224, 224) Half linear
Output prob (4, 1000) Half linear

Layer                                                                                              median ms   share  p95 ms  min ms
conv1/7x7_s2 + conv1/relu_7x7 [MoveConc]                                                              0.0304   14.5%  0.0307  0.0301
conv1/7x7_s2 + conv1/relu_7x7 [correlation]                                                           0.1636   77.9%  0.1651  0.1620
inception_3a/3x3_reduce + inception_3a/relu_3x3_reduce + inception_3a/3x3 + inception_3a/relu_3x3     0.0125    6.0%  0.0126  0.0124
__myl_Move_myl0_5                                                                                     0.0025    1.2%  0.0025  0.0025
2 stream sync layers                                                                                  0.0010    0.5%
Time over all layers                                                                                  0.2100  100.0%
Medians of 200 profiled iterations; the total and the shares are of the medians.

Latency     0.2500 ms, median of 700 un-profiled iterations (95 % interval 0.2498 to 0.2502), host
            time from enqueue to synchronised; p90 0.2520; p95 0.2522; p99 0.2525
GPU time    0.2050 ms, median of 700 un-profiled iterations (95 % interval 0.2048 to 0.2052),
            between CUDA events around an iteration; p90 0.2066; p95 0.2068; p99 0.2070
Enqueue     0.0600 ms, median of 700 un-profiled iterations (95 % interval 0.0600 to 0.0600), host
            time of the enqueue call alone; p90 0.0605; p95 0.0605; p99 0.0606
Throughput  16000.0 items per second: batch 4 over the mean latency
Iterations  requested 700, warm-up 64, measured 700 un-profiled and 200 profiled, interrupted
Samples     outliers 1.5 to 3 and beyond 3 IQR from the quartiles, all kept: latency 0 and 0 of 700,
            GPU time 0 and 0 of 700
Method      native IProfiler, reported after each synchronise

Model    googlenet (built-in), 2 nodes, weights He-normal, seed 0, precision fp16, batch 4
Fusion   2 of 2 model nodes (100.0%) accounted for in 1 group; 92.4% of the layer time is in
         groups; reformats, casts and copies take 14.5%
Engine   built in 1.2 s by TensorRT-RTX 1.6.1, 14.1 MB, 6 layers, 1 auxiliary stream, verbosity
         DETAILED, timing cache reused
GPU      NVIDIA H200, compute capability 9.0, driver 580.65, 139 GiB, persistence mode on
Clocks   SM 1980 MHz before, 1950 MHz after (1905 to 1980 while measuring), memory 2619 MHz, 45
         C, 312 W, throttled: SW power cap
CPU      Xeon, 16 processors, load average 3.2
Runtime  TensorRT-RTX 1.6.1
Host     2025-06-01T12:00:00+00:00, Linux-6.1, Python 3.11.7, trtcore 0.1.0

Findings  1, with what it could save
Reformat  0.0304 ms (12.2%), at most, estimated: 1 layer (0.0304 ms, 14.5% of all) with a change
          of format or type only, or a copy, longest conv1/7x7_s2 + conv1/relu_7x7; the layers
          beside them want different ones: look at their formats with inspect

Warning  the input was zeros
Warning  the run was interrupted: 200 of 700 profiled iterations were measured
Warning  unstable clock: the SM clock went from 1905 to 1980 MHz; throttled: SW power cap
Warning  layers run on 2 streams, so their times overlap and do not add up to the latency; an
         engine built without auxiliary streams (serial=True) does not overlap
"""  # noqa: E501

CPU_TABLE = """\
Input x (1, 8) float32
Output y (1, 8) float32

Layer                 median ms   share  p95 ms  min ms
swish [HardSigmoid]       1.500    7.5%       -   1.485
swish [Mul]               0.500    2.5%       -   0.495
fc                       18.000   90.0%       -  17.820
Time over all layers     20.000  100.0%
Medians of 11 profiled iterations; the total and the shares are of the medians. A p95 needs 130 iterations.

Latency     20.0000 ms, median of 11 un-profiled iterations (95 % interval 19.8400 to 20.1600), host
            time of a run
Throughput  50.0 items per second: batch 1 over the mean latency
Iterations  requested as many as fit the time, warm-up 2, measured 11 un-profiled and 11 profiled
Method      un-fused model on the CPU, 2 threads

Model    net (net.onnx), weights file, precision fp32, batch 1
Engine   built in 0.9 s by TensorRT-RTX 1.7.1, 2.0 MB, 3 layers, verbosity DETAILED, not run here
CPU      Intel Xeon
Runtime  ONNX Runtime 1.31.1
Host     2025-06-01T12:00:00+00:00, Linux-6.1, Python 3.11.7, trtcore 0.1.0

Note  3 nodes had no name
"""  # noqa: E501


def table_of(text: str) -> str:
    """The part between the tensors and the facts."""
    return text.split("\n\n")[1] + "\n"


class TestWholeText:
    def test_gpu(self, gpu_profile):
        assert render_table(gpu_profile, full_names=True) + "\n" == GPU_TABLE

    def test_cpu(self, cpu_profile):
        assert render_table(cpu_profile) + "\n" == CPU_TABLE


RECONCILIATION = """\
Layer                                                                                              median ms  corrected   share  p95 ms  min ms
conv1/7x7_s2 + conv1/relu_7x7 [MoveConc]                                                              0.0304     0.0285   14.1%  0.0307  0.0301
conv1/7x7_s2 + conv1/relu_7x7 [correlation]                                                           0.1636     0.1617   79.9%  0.1651  0.1620
inception_3a/3x3_reduce + inception_3a/relu_3x3_reduce + inception_3a/3x3 + inception_3a/relu_3x3     0.0125     0.0106    5.2%  0.0126  0.0124
__myl_Move_myl0_5                                                                                     0.0025    ~0.0006   ~0.3%  0.0025  0.0025
2 stream sync layers                                                                                  0.0010     0.0010    0.5%
Time over all layers                                                                                  0.2100     0.2024  100.0%
Medians of 200 profiled iterations; the total is of the medians, the shares are of the corrected times.
~ Corrected time below 0.002 ms: below timer resolution; indicative only.

Layer times as measured   0.2100 ms  4 layers
Of it, markers            0.0010 ms  2 signals and waits, in the sum above
Events between layers    -0.0076 ms  4 layers x 1.90 us, calibrated apart from this run, 95 % within
                                     1.80 us to 2.00 us; this run alone would give at least 0.00 us
Layer times corrected     0.2024 ms  1 layer below the resolution
Of it, stream 0           0.1908 ms
Of it, stream 1           0.0116 ms
Overlap of streams        0.0000 ms  layers ran beside each other; serial=True builds an engine
                                     whose layers add up
Unexplained               0.0000 ms  +0.0% of the un-profiled 0.2024 ms; the interval of the event
                                     cost alone allows 0.0004 ms either way
Un-profiled, gated        0.2024 ms
Waiting for the host      0.0476 ms  latency less gated span: launches the GPU waited for, and the
                                     synchronise
Un-profiled, latency      0.2500 ms  host time from enqueue to synchronised
"""  # noqa: E501


class TestReconciliation:
    def test_rows_are_marked_and_words_fold_under_words(self, gpu_profile):
        gated = np.full(200, 0.2024, np.float32)
        profile = replace(
            gpu_profile,
            samples=replace(gpu_profile.samples, gated_ms=gated),
            event_cost=EventCost(0.0019, 0.0018, 0.002, 0.001, 0.0, 6),
        )
        text = render_table(profile, full_names=True)
        start, end = text.index("Layer  "), text.index("\nLatency")
        assert text[start:end] == RECONCILIATION

    def test_streams_that_are_not_known_leave_the_times_as_they_are(self, gpu_profile):
        layers = tuple(replace(layer, stream=-1) for layer in gpu_profile.layers)
        samples = replace(gpu_profile.samples, gated_ms=np.full(200, 0.15, np.float32))
        text = render_table(replace(gpu_profile, layers=layers, samples=samples))
        assert "corrected" not in text.split("\n\n")[1]
        assert (
            "\nUnexplained or overlap   -0.0600 ms  -40.0% of the un-profiled 0.1500 ms; " in text
        )

    @pytest.mark.parametrize(
        ("gated", "layer", "cost", "why"),
        [
            (-0.2, 1.0, 0.0019, "the gated GPU time is -0.2000 ms"),
            (0.0, 1.0, 0.0019, "the gated GPU time is 0.0000 ms"),
            (np.nan, 1.0, 0.0019, "a gated GPU time is NaN or infinite"),
            (0.2, np.nan, 0.0019, "a layer time is NaN or infinite"),
            (0.2, 1.0, np.nan, "the event cost is nan ms"),
            (0.2, 1.0, -0.1, "the event cost is -0.1 ms"),
        ],
    )
    def test_times_that_make_no_sense_cost_the_block_only(
        self, gpu_profile, gated, layer, cost, why
    ):
        layer_ms = gpu_profile.samples.layer_ms.copy()
        layer_ms[3, 1] *= layer
        samples = replace(
            gpu_profile.samples, gated_ms=np.full(200, gated, np.float32), layer_ms=layer_ms
        )
        event_cost = EventCost(cost, 0.0018, 0.002, 0.001, 0.0, 6)
        text = render_table(replace(gpu_profile, samples=samples, event_cost=event_cost))
        words = " ".join(text.split())
        assert f"Warning layer times are not reconciled with the latency: {why}" in words
        assert "corrected" not in table_of(text)
        assert "\nUnexplained" not in text


class TestRows:
    def test_by_time_on_a_narrow_terminal(self, gpu_profile):
        text = render_table(gpu_profile, sort="time", top=3, width=80)
        assert table_of(text) == (
            "Layer                                          median ms   share  p95 ms  min ms\n"
            "conv1/7x7_s2 + conv1/relu_7x7 [correlation]       0.1636   77.9%  0.1651  0.1620\n"
            "conv1/7x7_s2 + conv1/relu_7x7 [MoveConc]          0.0304   14.5%  0.0307  0.0301\n"
            "inception_3a/3x3_reduce + ... +                   0.0125    6.0%  0.0126  0.0124\n"
            "inception_3a/relu_3x3 (4 nodes)\n"
            "1 further layer                                   0.0025    1.2%\n"
            "2 stream sync layers                              0.0010    0.5%\n"
            "Time over all layers                              0.2100  100.0%\n"
            "Medians of 200 profiled iterations; the total and the shares are of the medians.\n"
        )

    def test_top_keeps_the_order_of_execution(self, gpu_profile):
        lines = table_of(render_table(gpu_profile, top=2)).splitlines()
        assert [line.split("  ")[0] for line in lines[1:4]] == [
            "conv1/7x7_s2 + conv1/relu_7x7 [MoveConc]",
            "conv1/7x7_s2 + conv1/relu_7x7 [correlation]",
            "2 further layers",
        ]

    @pytest.mark.parametrize("width", [1, 40, 60, 80, 120])
    def test_long_names_are_folded_and_never_cut(self, gpu_profile, width):
        text = render_table(gpu_profile, width=width)
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= max(width, 60)

    def test_one_iteration_is_no_median(self, cpu_profile):
        samples = Samples(np.ones((1, 3), np.float32), np.full(1, 7.0, np.float32))
        text = render_table(replace(cpu_profile, samples=samples, counts=Counts(1, 0, 1)))
        assert "One figure per layer; the total and the shares are of these." in text
        assert "Latency     7.0000 ms, a single figure" in text

    def test_nothing_measured_at_all(self, cpu_profile):
        samples = Samples(np.empty((0, 3), np.float32), np.empty(0, np.float32))
        text = render_table(replace(cpu_profile, samples=samples, counts=Counts(9, 0, 0)))
        assert "Latency     not measured" in text
        assert "fc                            -      -       -       -\n" in text

    def test_names_are_not_markup(self, cpu_profile):
        layers = tuple(
            replace(x, name=f"[red]{i}[/]", nodes=()) for i, x in enumerate(cpu_profile.layers)
        )
        assert "[red]2[/]  " in render_table(replace(cpu_profile, layers=layers))


class TestFacts:
    def test_a_mean_far_above_the_median_is_said_to_be(self, cpu_profile):
        wall = np.where(np.arange(100) < 20, 90.0, 20.0).astype(np.float32)
        profile = replace(cpu_profile, samples=replace(cpu_profile.samples, wall_ms=wall))
        text = " ".join(render_table(profile).split())
        assert (
            "Throughput 29.4 items per second: batch 1 over the mean latency, which slow "
            "iterations raise to 1.7x the median"
        ) in text
        assert "host time of a run; p90 90.0000 Throughput" in text

    def test_intervals_allow_for_neighbours_that_correlate(self, cpu_profile):
        wall = (20 + np.sin(np.arange(400) / 20)).astype(np.float32)
        profile = replace(cpu_profile, samples=replace(cpu_profile.samples, wall_ms=wall))
        low, high = Analysis(profile).intervals["wall_ms"]
        assert high - low > 1
        assert f"(95 % interval {low:.4f} to {high:.4f})" in render_table(profile)


class TestPrintTable:
    def test_plain_text_when_not_a_terminal(self, gpu_profile):
        out = io.StringIO()
        print_table(gpu_profile, Console(file=out, width=40), full_names=True)
        assert out.getvalue() == GPU_TABLE

    def test_styled_and_fitted_on_a_terminal(self, gpu_profile):
        out = io.StringIO()
        console = Console(file=out, width=88, force_terminal=True, color_system="standard")
        print_table(gpu_profile, console, sort="time", top=1)
        assert "\x1b[1m" in out.getvalue()
        assert "3 further layers" in out.getvalue()


class TestBadOptions:
    def test_unknown_order(self, cpu_profile):
        with pytest.raises(OptionError, match="sort is 'name', must be one of order, time"):
            render_table(cpu_profile, sort="name")

    @pytest.mark.parametrize("top", [0, -1])
    def test_no_rows(self, cpu_profile, top):
        with pytest.raises(OptionError, match=f"top is {top}, must be 1 or more"):
            render_table(cpu_profile, top=top)


class TestLabels:
    def test_shared_nodes_are_told_apart(self):
        layers = (
            Layer("__myl_CastMul_myl0_3", "kgen", ("norm",)),
            Layer("norm_pooling_myl0_4", "avgpool", ("norm",)),
            Layer("a", "avgpool", ("norm",)),
            Layer("x", "kgen", ("alone", "too")),
            Layer("engine name"),
        )
        assert layer_labels(layers) == (
            "norm [CastMul]",
            "norm [avgpool] #1",
            "norm [avgpool] #2",
            "alone + too",
            "engine name",
        )

    @pytest.mark.parametrize(
        ("label", "width", "short"),
        [
            ("a + b + c", 9, "a + b + c"),
            ("a + b + c", 8, "a + ... + c (3 nodes)"),
            ("a + b", 2, "a + b"),
            ("one long name", 3, "one long name"),
            ("a + b [x] + c [gemm]", 8, "a + ... + c [gemm] (3 nodes)"),
        ],
    )
    def test_shorten(self, label, width, short):
        assert shorten(label, width) == short
