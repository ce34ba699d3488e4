"""Every sentence that trtcore 0.1.0 put into a saved result, and what is said of it now."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isnan, nan

import pytest

from tests.hand_made_profiles import make_profile
from trtcore.report.content.mapping import mapping_text
from trtcore.report.content.method import method_text
from trtcore.report.content.precision import compared_text, precision_line
from trtcore.report.content.run_ends import stop_text, warm_up_text
from trtcore.report.content.warning_words import warning_text
from trtcore.result.accuracy import Accuracy, Compared
from trtcore.result.build import CacheUse, PrecisionVerdict
from trtcore.result.counts import Stop, StopReason, WarmUpEnd, WarmUpReason
from trtcore.result.kernel_pass import MappingMethod, ObstacleKind
from trtcore.result.layers import Layer
from trtcore.result.method import Timer
from trtcore.result.saved import dump_profile, parse_profile
from trtcore.result.schema1.build import upgraded_build
from trtcore.result.schema1.ends import stop_of, warm_up_of
from trtcore.result.schema1.kernels import mapping_of
from trtcore.result.schema1.method import accuracy_of, method_of
from trtcore.result.schema1.warnings import is_derived, warning_of
from trtcore.result.warnings import RunWarning, WarningKind

SAME = ""
"""What is said now is what was said then."""

NOW = {
    WarningKind.NOT_GATED: (
        "not gated, so times include launch overhead: CUDA_LAUNCH_BLOCKING is set"
    ),
    WarningKind.BUILT_NOT_TIMED: (
        "the fp16 engine was built, but the CPU timed the unmodified model"
    ),
    WarningKind.ASKED_NOT_TIMED: "fp16 was requested, but the CPU timed the unmodified model",
    WarningKind.NOT_STREAMED: "streaming has no effect on the CPU: every time was kept",
    WarningKind.NODES_CONSTANT: (
        "1 of 2 model nodes have no row, because their results are constant: 1 Constant"
    ),
    WarningKind.NODES_ADDED: (
        "ONNX Runtime inserted nodes where it lacks a kernel: 2 Cast; each is listed with the "
        "model node it was inserted for"
    ),
    WarningKind.IMPOSSIBLE_TIME: "layer 'da'ta' is left out: 3.68935e+11 ms is not plausible",
    WarningKind.NO_TOTAL: (
        "the file has no line 'Average Forward pass': part of the log may be missing"
    ),
    WarningKind.NAMES_CUT: (
        "37 names end after 40 characters: what else is fused into those layers is unknown"
    ),
    WarningKind.NAMES_MADE_UP: (
        "132 of 206 layer names map to no model node, such as '12': give what trtexec "
        "--exportLayerInfo wrote with --layer-info"
    ),
    WarningKind.NO_NODES_TOLD: (
        "the layer information has no model nodes (profiling verbosity NONE): build the engine "
        "with trtexec --profilingVerbosity=detailed"
    ),
}
"""What is said now of warnings that were worded otherwise then."""


@pytest.mark.parametrize(
    ("sentence", "end"),
    [
        ("steady", WarmUpEnd(WarmUpReason.STEADY, nan)),
        (
            "not steady: 200 ms and 32 iterations are needed",
            WarmUpEnd(WarmUpReason.TOO_SHORT, nan, least_ms=200.0, iterations=32),
        ),
        (
            "not steady: two windows of 64 iterations are needed",
            WarmUpEnd(WarmUpReason.TOO_FEW, nan, iterations=64),
        ),
        (
            "not steady: two windows of 4 iterations are needed after the layers changed",
            WarmUpEnd(WarmUpReason.TOO_FEW, nan, iterations=4, have_layers_changed=True),
        ),
        (
            "not steady: iterations still changed by 12.5%",
            WarmUpEnd(WarmUpReason.TIMES_CHANGE, nan, change=0.125),
        ),
        (
            "not steady: the clock still changed by 2.5%",
            WarmUpEnd(WarmUpReason.CLOCK_CHANGES, nan, change=0.025),
        ),
        ("not steady: the moon", WarmUpEnd(WarmUpReason.OTHER, nan, note="not steady: the moon")),
    ],
)
def test_warm_up(sentence: str, end: WarmUpEnd) -> None:
    found = warm_up_of(sentence)
    assert isnan(found.seconds)
    assert replace(found, seconds=0.0) == replace(end, seconds=0.0)
    assert warm_up_text(found) == sentence


@pytest.mark.parametrize(
    ("sentence", "stop", "now"),
    [
        (
            "stable after 3.2 s: the total is within 0.50%",
            Stop(StopReason.CONVERGED, 3.2, figures=(0.005,)),
            SAME,
        ),
        (
            "not stable after 1.0 s: 31 batches of iterations, 32 are needed",
            Stop(StopReason.TOO_FEW_BATCHES, 1.0, figures=(31, 32)),
            SAME,
        ),
        (
            "not stable after 0.2 s: 0.5 s are needed",
            Stop(StopReason.TOO_SHORT, 0.2, figures=(0.5,)),
            SAME,
        ),
        (
            "not stable after 15.0 s: the total is not known, as a time is not a number",
            Stop(StopReason.NOT_A_NUMBER, 15.0),
            SAME,
        ),
        (
            "not stable after 15.0 s: layer a is b takes -0.1 ms, which no work does",
            Stop(StopReason.NOT_POSITIVE, 15.0, "a is b", figures=(-0.1,)),
            "not stable after 15.0 s: layer a is b has a non-positive duration (-0.1 ms)",
        ),
        (
            "not stable after 15.0 s: layer c (number 2 of that name) is within 1.25%, wanted "
            "1.00%",
            Stop(StopReason.TOO_WIDE, 15.0, "c", 2, (0.0125, 0.01)),
            SAME,
        ),
        (
            "not stable after 15.0 s: the total jumps between 0.5 and 0.52 ms",
            Stop(StopReason.JUMPS, 15.0, figures=(0.5, 0.52)),
            SAME,
        ),
        (
            "not stable after 15.0 s: 3 of 40 batches of the total lie apart from the others",
            Stop(StopReason.STRAYS, 15.0, figures=(3, 40)),
            SAME,
        ),
        (
            "not stable after 15.0 s: the total drifts, so far by -0.50%",
            Stop(StopReason.DRIFTS, 15.0, figures=(-0.005,)),
            SAME,
        ),
    ],
)
def test_stop(sentence: str, stop: Stop, now: str) -> None:
    found = stop_of(sentence)
    assert found == stop
    assert stop_text(found) == (now or sentence)


@pytest.mark.parametrize("sentence", ["by magic", "not stable after 2.0 s: by magic"])
def test_a_stop_that_is_not_known(sentence: str) -> None:
    found = stop_of(sentence)
    assert (found.reason, found.is_cut_short) == (StopReason.OTHER, False)
    assert stop_text(found) == sentence


@pytest.mark.parametrize(
    ("sentence", "method", "obstacles"),
    [
        (
            "by order: 80 kernels for as many layers, 6 of them by name too",
            MappingMethod.ORDER,
            (),
        ),
        (
            "by order: 80 kernels for as many layers, no name tells more",
            MappingMethod.ORDER,
            (),
        ),
        ("by order within each of 4 streams", MappingMethod.STREAMS, ()),
        (
            "5 of 9 kernels by sequence and times of 10 profiled iterations (not by order: 9 "
            "kernels for 3 layers)",
            MappingMethod.TIMES,
            (ObstacleKind.COUNTS_DIFFER,),
        ),
        (
            "1 of 5 kernels by name alone (not by order: kernel 'a' of layer 'x; y' is in the "
            "place of layer 'b'; not by streams: they can be paired in no way)",
            MappingMethod.NAME,
            (ObstacleKind.WRONG_PLACE, ObstacleKind.STREAMS_CONTRADICT),
        ),
        (
            "0 of 5 kernels by name alone (not by order: kernel 'f(int)' is in the place of layer "
            "'b', whose kernel is 'g'; not by streams: they can be paired in several ways)",
            MappingMethod.NAME,
            (ObstacleKind.OTHER_KERNEL, ObstacleKind.STREAMS_AMBIGUOUS),
        ),
        (
            "0 of 5 kernels by name alone (not by order: kernels of one engine stream would be on "
            "several of 2 CUDA streams; not by streams: 2 CUDA streams for 1 of the engine)",
            MappingMethod.NAME,
            (ObstacleKind.STREAMS_TANGLED, ObstacleKind.STREAM_COUNTS_DIFFER),
        ),
        *(
            (
                f"2 of 5 kernels by name alone (not by order: 5 kernels for 3 layers; {why})",
                MappingMethod.NAME,
                (ObstacleKind.COUNTS_DIFFER, kind),
            )
            for why, kind in (
                ("no profiled iteration to compare with", ObstacleKind.NO_ITERATIONS),
                ("600 layers and 1400 kernels are too many to align", ObstacleKind.TOO_MANY),
                ("profiled iterations launch other kernels", ObstacleKind.OTHER_KERNELS),
                (
                    "0 of 5 kernels by sequence and times of 10 profiled iterations",
                    ObstacleKind.NO_TIME_FITS,
                ),
                ("interrupted", ObstacleKind.INTERRUPTED),
                (
                    "no profiled iterations: cuLaunch failed (CUDA error 700); try again",
                    ObstacleKind.FAILED,
                ),
            )
        ),
        ("by magic", MappingMethod.OTHER, ()),
        ("2 of 5 kernels by name alone (because)", MappingMethod.OTHER, ()),
    ],
)
def test_mapping(sentence: str, method: MappingMethod, obstacles: tuple[ObstacleKind, ...]) -> None:
    found = mapping_of(sentence)
    assert found.method is method
    assert tuple(one.kind for one in found.obstacles) == obstacles
    assert mapping_text(found) == sentence


@pytest.mark.parametrize(
    ("sentence", "counts", "now"),
    [
        (
            "asked fp16: 76 of 80 layers Half, 3 Int8, 1 Float (a, b), 3.1 % of time; 2 layers do "
            "not tell; 126 signal and wait markers and 3 layers of integers left out",
            ({"Half": 76, "Int8": 3, "Float": 1}, 2, 126, 3),
            "asked fp16: 76 of 80 layers Half, 3 Int8, 1 Float; 2 layers unreported; 126 stream "
            "sync layers and 3 layers of integers not counted",
        ),
        ("engine: 2 of 3 layers Int8, 1 Half", ({"Int8": 2, "Half": 1}, 0, 0, 0), SAME),
        (
            "asked fp16: 0 of 8 layers Half, 8 Float (a); 1 layers of integers left out",
            ({"Float": 8}, 0, 0, 1),
            "asked fp16: 0 of 8 layers Half, 8 Float; 1 layers of integers not counted",
        ),
        (
            "asked bf16: the plan does not tell the types of its layers, build it DETAILED",
            ({}, 0, 0, 0),
            "asked bf16: layer data types unavailable; rebuild with profiling verbosity DETAILED",
        ),
        (
            "asked fp16: 1 of 1 layers Half; kept in FP32 on request: 0 of 1 nodes; fc only inside "
            "layers that read and write no FP32",
            ({}, 0, 0, 0),
            SAME,
        ),
        ("asked fp12: 1 of 1 layers Half", ({"Half": 1}, 0, 0, 0), SAME),
        ("by magic", ({}, 0, 0, 0), SAME),
    ],
)
def test_precision(sentence: str, counts: tuple[object, ...], now: str) -> None:
    tree = {"backend": "RTX", "seconds": 1.0, "plan_bytes": 9, "islands": []}
    verdict = "opaque" if "does not tell the types" in sentence else "met"
    old = {**tree, "precision": sentence, "precision_verdict": verdict, "cache": ""}
    text = dump_profile(make_profile([Layer("a")], [[1.0]]))
    whole = {**json.loads(text), "build": upgraded_build(old)}
    build = parse_profile(json.dumps(whole)).build
    assert build is not None
    check = build.precision
    assert check is not None
    assert check.verdict is PrecisionVerdict(verdict)
    assert (check.dtypes, check.unreported, check.markers, check.integers) == counts
    assert precision_line(check) == (now or sentence)


@pytest.mark.parametrize(
    ("cache", "use", "note"),
    [
        ("", CacheUse.NONE, ""),
        ("timing cache created", CacheUse.TIMING_CREATED, ""),
        ("timing cache reused", CacheUse.TIMING_REUSED, ""),
        ("runtime cache used", CacheUse.NONE, "runtime cache used"),
    ],
)
def test_cache(cache: str, use: CacheUse, note: str) -> None:
    build = upgraded_build({"cache": cache, "precision": ""})
    assert build == {"cache": use.value, "note": note}


@pytest.mark.parametrize(
    ("sentence", "timer", "now"),
    [
        *(
            (
                f"{sync} ({callbacks}); {inputs} input; latency in a context of its own that is "
                "never profiled; the passes take turns in rounds",
                Timer.TENSORRT,
                f"{sync} ({callbacks}); {inputs} input; latency in a context of its own that is "
                "never profiled; passes interleaved in rounds",
            )
            for sync, callbacks, inputs in (
                (
                    "enqueueV3 and synchronise; layers by IProfiler, reported after each iteration",
                    "native callbacks",
                    "random",
                ),
                ("executeV2, synchronous; layers by IProfiler", "in Python callbacks", "a b.npz"),
            )
        ),
        *(
            (
                f"un-fused model on the CPU, ONNX Runtime 1.32.0, graph optimisation off, {how}; "
                "layers by its own profile in whole microseconds, latency by a session without "
                "one; the two take turns in rounds",
                Timer.ONNXRUNTIME,
                f"un-fused model on the CPU, ONNX Runtime 1.32.0, graph optimisation off, {how}; "
                "layers by its own profile in whole microseconds, latency by a session without "
                "one; passes interleaved in rounds",
            )
            for how in (
                "1 thread",
                "2 threads, as many iterations as fit 0.5 s, up to 1000",
                "2 threads, as many iterations as fit 10 s, at least 12, up to 1000",
            )
        ),
        (
            "un-fused model in PyTorch eager on the CPU, 2 threads, as many iterations as fit 10 "
            "s, up to 1000; layers by the host clock around each node, latency in passes without; "
            "the two take turns in rounds",
            Timer.TORCH_HOST,
            "un-fused model in PyTorch eager on the CPU, 2 threads, as many iterations as fit 10 "
            "s, up to 1000; layers by the host clock around each node, latency in passes without; "
            "passes interleaved in rounds",
        ),
        (
            "un-fused model in PyTorch eager on the GPU; layers by a pair of CUDA events around "
            "each node, latency in passes without; the two take turns in rounds; FP32 convolutions "
            "run in TF32, matrix products in FP32",
            Timer.TORCH_EVENTS,
            "un-fused model in PyTorch eager on the GPU; layers by a pair of CUDA events around "
            "each node, latency in passes without; passes interleaved in rounds; FP32 convolutions "
            "run in TF32, matrix products in FP32",
        ),
        (
            "caffe time on the GPU with device ID 0: mean of 50 iterations, forward pass, every "
            "layer timed alone",
            Timer.CAFFE_TIME,
            SAME,
        ),
        (
            "caffe time: mean of all iterations, forward pass, every layer timed alone",
            Timer.CAFFE_TIME,
            SAME,
        ),
        (
            "trtexec: mean of all profiled iterations, each layer between two events",
            Timer.TRTEXEC,
            SAME,
        ),
        (
            "trtexec: median of 12 profiled iterations, each layer between two events",
            Timer.TRTEXEC,
            SAME,
        ),
        (
            "TensorRT's GoogLeNet sample: mean time of each layer, by IProfiler",
            Timer.TENSORRT_SAMPLE,
            SAME,
        ),
        ("by magic", Timer.OTHER, SAME),
    ],
)
def test_method(sentence: str, timer: Timer, now: str) -> None:
    found = method_of(sentence)
    assert found.timer is timer
    profile = make_profile([Layer("a")], [[1.0]], method=found)
    environment = replace(profile.environment, runtime="ONNX Runtime 1.32.0")
    assert method_text(replace(profile, environment=environment)) == (now or sentence)


@pytest.mark.parametrize(
    ("sentence", "accuracy"),
    [
        (
            "the engine against the model in FP32 under ONNX Runtime, random input of seed 7",
            Accuracy((), Compared.ENGINE, "random", 7),
        ),
        (
            "the graph on the CPU, every value rounded to its type and sums in FP32, against the "
            "model in FP32 under ONNX Runtime, zeros; weights He-normal, seed 0",
            Accuracy((), Compared.GRAPH_ON_CPU, "zeros", weights="He-normal, seed 0"),
        ),
        (
            "the engine against the model in FP32 under ONNX Runtime, a, b.npz",
            Accuracy((), Compared.ENGINE, "a, b.npz"),
        ),
        ("by magic", Accuracy((), note="by magic")),
    ],
)
def test_accuracy(sentence: str, accuracy: Accuracy) -> None:
    assert accuracy_of(sentence) == accuracy
    assert compared_text(accuracy) == sentence


ON_CPU = "a run on the CPU has no precision target: it"


@pytest.mark.parametrize(
    ("sentence", "warning"),
    [
        (
            "not gated, so that times hold launch gaps: CUDA_LAUNCH_BLOCKING is set",
            RunWarning(WarningKind.NOT_GATED, note="CUDA_LAUNCH_BLOCKING is set"),
        ),
        ("no CUDA graph: a: b", RunWarning(WarningKind.NO_GRAPH, note="a: b")),
        (
            "callbacks run in Python: no gate, no CUDA graph, over a microsecond a layer",
            RunWarning(WarningKind.PYTHON_CALLBACKS),
        ),
        (
            "the event cost was not calibrated: interrupted",
            RunWarning(WarningKind.NO_EVENT_COST, note="interrupted"),
        ),
        ("no kernel times: no CUPTI", RunWarning(WarningKind.NO_KERNELS, note="no CUPTI")),
        (
            "T4 (compute capability 7.5) has no TF32, which needs 8.0 or newer: this is FP32",
            RunWarning(WarningKind.PRECISION_MISSING, names=("T4", "7.5", "TF32", "8.0", "FP32")),
        ),
        (
            "P40 (compute capability 6.1) has no fast FP16: it saves memory there, not time",
            RunWarning(WarningKind.PRECISION_SLOW, names=("P40", "6.1", "FP16")),
        ),
        ("timed on the CPU: no GPU", RunWarning(WarningKind.TIMED_ON_CPU, note="no GPU")),
        (
            "fp16 was built; the CPU timed the model as it is",
            RunWarning(WarningKind.BUILT_NOT_TIMED, names=("fp16",)),
        ),
        (
            "fp16 was asked for; the CPU timed the model as it is",
            RunWarning(WarningKind.ASKED_NOT_TIMED, names=("fp16",)),
        ),
        (
            "nothing is streamed on the CPU: every time was kept",
            RunWarning(WarningKind.NOT_STREAMED),
        ),
        (f"{ON_CPU} measures its iterations", RunWarning(WarningKind.NO_TARGET_COUNTED)),
        (f"{ON_CPU} ends when its time is over", RunWarning(WarningKind.NO_TARGET_TIMED)),
        ("a CPU has no TF32: this is FP32", RunWarning(WarningKind.CPU_TF32)),
        ("a CPU has no vectorised formats: this is FP16", RunWarning(WarningKind.CPU_HALF2)),
        (
            "TF32 is not chosen here but in PyTorch; the model is in FP32",
            RunWarning(WarningKind.BASELINE_TF32),
        ),
        (
            "there are no vectorised formats here: this is FP16",
            RunWarning(WarningKind.BASELINE_HALF2),
        ),
        (
            "3 of 5 model nodes have no row, because ONNX Runtime did not run them: 1 Cast, 2 Loop",
            RunWarning(WarningKind.NODES_NOT_RUN, (3, 5, 1, 2), ("Cast", "Loop")),
        ),
        (
            "1 of 2 model nodes have no row, because their results are known before the run: "
            "1 Constant",
            RunWarning(WarningKind.NODES_CONSTANT, (1, 2, 1), ("Constant",)),
        ),
        (
            "ONNX Runtime put nodes of its own into the model, for want of a kernel: 2 Cast; each "
            "is listed with the model node it works for",
            RunWarning(WarningKind.NODES_ADDED, (2,), ("Cast",)),
        ),
        (
            "layers were timed in the first 90 of 100 iterations: ONNX Runtime's profile has no "
            "room for more",
            RunWarning(WarningKind.NODE_PROFILE_FULL, (90, 100)),
        ),
        (
            "no engine was timed: the converted graphs ran on the CPU",
            RunWarning(WarningKind.GRAPHS_ON_CPU),
        ),
        (
            "the outputs were not compared: no kernel",
            RunWarning(WarningKind.NO_REFERENCE, note="no kernel"),
        ),
        (
            "layer 'da'ta' is left out: 3.68935e+11 ms cannot be",
            RunWarning(WarningKind.IMPOSSIBLE_TIME, (3.68935e11,), ("da'ta",)),
        ),
        (
            "it has no line 'Average Forward pass': part of the log may be missing",
            RunWarning(WarningKind.NO_TOTAL, names=("Average Forward pass",)),
        ),
        (
            "its rows add up to 3.25 ms, more than the 2.00 ms of the whole: that total is cut "
            "short, or rows are there twice",
            RunWarning(WarningKind.ROWS_EXCEED_TOTAL, (3.25, 2)),
        ),
        (
            "its rows add up to 82.03 of 1046.79 ms: part of the log is missing",
            RunWarning(WarningKind.ROWS_MISSING, (82.03, 1046.79)),
        ),
        (
            "37 names end after 40 characters: what else is fused into those layers is not known",
            RunWarning(WarningKind.NAMES_CUT, (37, 40)),
        ),
        (
            "132 of 206 layer names lead to no model node, such as '12': give what trtexec "
            "--exportLayerInfo wrote with --layer-info",
            RunWarning(WarningKind.NAMES_MADE_UP, (132, 206), ("12",)),
        ),
        (
            "2 of 2 layers are not in the layer information, such as '2': it may be of another "
            "engine",
            RunWarning(WarningKind.OTHER_LAYER_INFO, (2, 2), ("2",)),
        ),
        (
            "the layer information tells no model nodes, as its verbosity is NONE: build the "
            "engine with trtexec --profilingVerbosity=detailed",
            RunWarning(WarningKind.NO_NODES_TOLD, names=("NONE",)),
        ),
        ("the moon was full", RunWarning(WarningKind.OTHER, note="the moon was full")),
    ],
)
def test_warnings_of_the_run(sentence: str, warning: RunWarning) -> None:
    assert not is_derived(sentence)
    assert warning_of(sentence) == warning
    assert warning_text(warning) == NOW.get(warning.kind, sentence)


def test_an_unconfirmed_format() -> None:
    words = "not confirmed: x:chw2, y:hwc8: the engine does not {} the format it has there"
    found = warning_of(words.format("tell"))
    assert found == RunWarning(WarningKind.FORMAT_UNCONFIRMED, names=("x:chw2", "y:hwc8"))
    assert warning_text(found) == words.format("report")


@pytest.mark.parametrize(
    "sentence",
    [
        "the run was interrupted after its 200 iterations: what follows is cut",
        "the run was interrupted: 200 of 700 profiled iterations were measured",
        "the run was interrupted: 200 profiled iterations were measured",
        "the warm-up ended not steady: iterations still changed by 1.3%",
        "the run ended not stable after 15.0 s: the total drifts, so far by +0.50%",
        "the plan is opaque: its profiling verbosity is NONE, so layers have no model nodes, "
        "formats or tactics; build it with DETAILED to see them",
        "enqueue-bound: the enqueue call takes 0.8100 ms of 1.0000 ms GPU time, so the GPU waits "
        "for the host; a CUDA graph or a larger batch would help",
        "the un-profiled GPU time is unsteady: CoV 16.0%, steady is below 2.5%",
        "the un-profiled latency jumps between 0.5247 and 0.8630 ms (its quartiles are 0.5162 and "
        "0.5466 ms), so that its median is a matter of luck",
        "the un-profiled gated GPU time drifts: in the second half of the last 1024 iterations it "
        "was 2.0% longer",
        "layer a jumps between 0.1000 and 0.2000 ms (its quartiles are 0.1000 and 0.2000 ms), so "
        "that its median is a matter of luck",
        "layer a + b drifts: in the second half it was 2.0% shorter",
        "2 of the 9 longest layers jump between two values: a (0.1000 and 0.2000 ms), b",
        "4 of the 9 longest layers drift: a (2.0% longer), b (3.0% longer), c and 1 more",
        "unstable clock: the SM clock went from 1905 to 1980 MHz; held down by SW power cap",
        "heat or a power brake slowed the GPU in 2 of the rounds of passes (2, 5, counted from 0); "
        "the samples are kept",
        "layers run on 2 streams, so their times overlap and do not add up to the latency; an "
        "engine built without auxiliary streams (--serial) does not overlap",
        "times are below zero: 1 layer time; the device's event times cannot be trusted, as is "
        "known of Confidential Computing (NVIDIA/TensorRT#4740)",
        "times are not numbers: 2 layer times; figures that rest on them are not to be trusted",
        "the layer times are not reconciled with the latency: a layer time is not a number",
        "the layer times add up to 1.20x the un-profiled latency: profiling costs time of its own; "
        "compare layers with each other, not with the latency",
    ],
)
def test_what_follows_from_the_figures_is_not_kept(sentence: str) -> None:
    assert is_derived(sentence)
