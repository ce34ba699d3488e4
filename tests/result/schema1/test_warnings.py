"""Every warning that trtcore 0.1.0 put into a saved result, and what is said of it now."""

from __future__ import annotations

import pytest

from trtcore.report.content.warning_words import warning_text
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.result.schema1.warnings import is_derived, warning_of

NOW = {
    WarningKind.NOT_GATED: (
        "GPU times include launch overhead, as the stream was not gated: CUDA_LAUNCH_BLOCKING is "
        "set"
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
