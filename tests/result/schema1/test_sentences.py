"""Every sentence that trtcore 0.1.0 put into a saved result, and what is said of it now."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isnan, nan

import pytest
from hand_made_profiles import make_profile

from trtcore.report.content.facts.method import method_text
from trtcore.report.content.facts.precision import compared_text, precision_line
from trtcore.report.content.facts.run_ends import stop_text, warm_up_text
from trtcore.report.content.times.mapping import mapping_text
from trtcore.result.records.accuracy import Accuracy, Compared
from trtcore.result.records.build import CacheUse, PrecisionVerdict
from trtcore.result.records.counts import Stop, StopReason, WarmUpEnd, WarmUpReason
from trtcore.result.records.kernel_pass import MappingMethod, ObstacleKind
from trtcore.result.records.layers import Layer
from trtcore.result.records.method import Timer
from trtcore.result.saved import dump_profile, parse_profile
from trtcore.result.schema1.build import upgraded_build
from trtcore.result.schema1.ends import stop_of, warm_up_of
from trtcore.result.schema1.kernels import mapping_of
from trtcore.result.schema1.method import accuracy_of, method_of

SAME = ""
"""What is said now is what was said then."""


@pytest.mark.parametrize(
    ("sentence", "end", "now"),
    [
        ("steady", WarmUpEnd(WarmUpReason.STEADY, nan), SAME),
        (
            "not steady: 200 ms and 32 iterations are needed",
            WarmUpEnd(WarmUpReason.TOO_SHORT, nan, least_ms=200.0, iterations=32),
            "not steady: 200 ms and 32 iterations required",
        ),
        (
            "not steady: two windows of 64 iterations are needed",
            WarmUpEnd(WarmUpReason.TOO_FEW, nan, iterations=64),
            "not steady: two windows of 64 iterations required",
        ),
        (
            "not steady: two windows of 4 iterations are needed after the layers changed",
            WarmUpEnd(WarmUpReason.TOO_FEW, nan, iterations=4, have_layers_changed=True),
            "not steady: two windows of 4 iterations required after the layers changed",
        ),
        (
            "not steady: iterations still changed by 12.5%",
            WarmUpEnd(WarmUpReason.TIMES_CHANGE, nan, change=0.125),
            "not steady: iteration time still changing by 12.5%",
        ),
        (
            "not steady: the clock still changed by 2.5%",
            WarmUpEnd(WarmUpReason.CLOCK_CHANGES, nan, change=0.025),
            "not steady: SM clock still changing by 2.5%",
        ),
        (
            "not steady: the moon",
            WarmUpEnd(WarmUpReason.OTHER, nan, note="not steady: the moon"),
            SAME,
        ),
    ],
)
def test_warm_up(sentence: str, end: WarmUpEnd, now: str) -> None:
    found = warm_up_of(sentence)
    assert isnan(found.seconds)
    assert replace(found, seconds=0.0) == replace(end, seconds=0.0)
    assert warm_up_text(found) == (now or sentence)


@pytest.mark.parametrize(
    ("sentence", "stop", "now"),
    [
        (
            "stable after 3.2 s: the total is within 0.50%",
            Stop(StopReason.CONVERGED, 3.2, figures=(0.005,)),
            "stable after 3.2 s: iteration time within 0.50%",
        ),
        (
            "not stable after 1.0 s: 31 batches of iterations, 32 are needed",
            Stop(StopReason.TOO_FEW_BATCHES, 1.0, figures=(31, 32)),
            "not stable after 1.0 s: 31 batches of iterations, 32 required",
        ),
        (
            "not stable after 0.2 s: 0.5 s are needed",
            Stop(StopReason.TOO_SHORT, 0.2, figures=(0.5,)),
            "not stable after 0.2 s: 0.5 s required",
        ),
        (
            "not stable after 15.0 s: the total is not known, as a time is not a number",
            Stop(StopReason.NOT_A_NUMBER, 15.0),
            "not stable after 15.0 s: iteration time has a time that is NaN or infinite",
        ),
        (
            "not stable after 15.0 s: layer a is b takes -0.1 ms, which no work does",
            Stop(StopReason.NOT_POSITIVE, 15.0, "a is b", figures=(-0.1,)),
            "not stable after 15.0 s: layer a is b is not positive (-0.1 ms)",
        ),
        (
            "not stable after 15.0 s: layer c (number 2 of that name) is within 1.25%, wanted "
            "1.00%",
            Stop(StopReason.TOO_WIDE, 15.0, "c", 2, (0.0125, 0.01)),
            "not stable after 15.0 s: layer c (no. 2 of this name) within 1.25%, target 1.00%",
        ),
        (
            "not stable after 15.0 s: the total jumps between 0.5 and 0.52 ms",
            Stop(StopReason.JUMPS, 15.0, figures=(0.5, 0.52)),
            "not stable after 15.0 s: iteration time is bimodal (0.5 and 0.52 ms)",
        ),
        (
            "not stable after 15.0 s: 3 of 40 batches of the total lie apart from the others",
            Stop(StopReason.STRAYS, 15.0, figures=(3, 40)),
            "not stable after 15.0 s: 3 of 40 batches of iteration time are outliers",
        ),
        (
            "not stable after 15.0 s: the total drifts, so far by -0.50%",
            Stop(StopReason.DRIFTS, 15.0, figures=(-0.005,)),
            "not stable after 15.0 s: iteration time drifts (-0.50% so far)",
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
            "requested fp16: 76 of 80 layers Half, 3 Int8, 1 Float; 2 layers unreported; 126 "
            "stream sync layers and 3 layers of integers not counted",
        ),
        ("engine: 2 of 3 layers Int8, 1 Half", ({"Int8": 2, "Half": 1}, 0, 0, 0), SAME),
        (
            "asked fp16: 0 of 8 layers Half, 8 Float (a); 1 layers of integers left out",
            ({"Float": 8}, 0, 0, 1),
            "requested fp16: 0 of 8 layers Half, 8 Float; 1 layers of integers not counted",
        ),
        (
            "asked bf16: the plan does not tell the types of its layers, build it DETAILED",
            ({}, 0, 0, 0),
            "requested bf16: layer data types unavailable; rebuild with profiling verbosity "
            "DETAILED",
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
