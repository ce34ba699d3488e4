"""The text of each kind of warning."""

from __future__ import annotations

from collections.abc import Callable

from trtcore.errors import argument
from trtcore.report.content.facts.run_ends import stop_text, warm_up_text
from trtcore.result.analysis.diagnosis import UNSTEADY_SPREAD, UNSTEADY_VARIATION
from trtcore.result.analysis.failures import ended_by
from trtcore.result.records.counts import Counts
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

_TEMPLATES = {
    WarningKind.NOT_GATED: "GPU times include launch overhead, as the stream was not gated: {note}",
    WarningKind.NO_GRAPH: "no CUDA graph: {note}",
    WarningKind.PYTHON_CALLBACKS: (
        "callbacks run in Python: no gate, no CUDA graph, over a microsecond a layer"
    ),
    WarningKind.NEWER_TENSORRT: (
        "{names[0]} is newer than {names[1]}, the newest release that trtcore was compared with; "
        "its C++ layout passed the self-check"
    ),
    WarningKind.NO_EVENT_COST: "the event cost was not calibrated: {note}",
    WarningKind.NO_PEAKS: "not every peak of this device was measured: {note}",
    WarningKind.NO_KERNELS: "no kernel times: {note}",
    WarningKind.PRECISION_MISSING: (
        "{names[0]} (compute capability {names[1]}) has no {names[2]}, which needs "
        "{names[3]} or newer: this is {names[4]}"
    ),
    WarningKind.PRECISION_SLOW: (
        "{names[0]} (compute capability {names[1]}) has no fast {names[2]}: it saves memory "
        "there, not time"
    ),
    WarningKind.FORMAT_UNCONFIRMED: (
        "not confirmed: {joined}: the engine does not report the format it has there"
    ),
    WarningKind.TIMED_ON_CPU: "timed on the CPU: {note}",
    WarningKind.BUILT_NOT_TIMED: (
        "the {names[0]} engine was built, but the CPU timed the unmodified model"
    ),
    WarningKind.ASKED_NOT_TIMED: (
        "{names[0]} was requested, but the CPU timed the unmodified model"
    ),
    WarningKind.NOT_STREAMED: "streaming has no effect on the CPU: every time was kept",
    WarningKind.NO_TARGET_COUNTED: (
        "a run on the CPU has no precision target: it measures its iterations"
    ),
    WarningKind.NO_TARGET_TIMED: (
        "a run on the CPU has no precision target: it ends when its time is over"
    ),
    WarningKind.CPU_TF32: "a CPU has no TF32: this is FP32",
    WarningKind.CPU_HALF2: "a CPU has no vectorised formats: this is FP16",
    WarningKind.BASELINE_TF32: "TF32 is not chosen here but in PyTorch; the model is in FP32",
    WarningKind.BASELINE_HALF2: "there are no vectorised formats here: this is FP16",
    WarningKind.NODES_NOT_RUN: (
        "{0:g} of {1:g} model nodes have no row, because ONNX Runtime did not run them: {tail}"
    ),
    WarningKind.NODES_CONSTANT: (
        "{0:g} of {1:g} model nodes have no row, because their results are constant: {tail}"
    ),
    WarningKind.NODES_ADDED: (
        "ONNX Runtime inserted nodes where it lacks a kernel: {tail}; each is listed with the "
        "model node it was inserted for"
    ),
    WarningKind.NODE_PROFILE_FULL: (
        "layers were timed in the first {0:g} of {1:g} iterations: ONNX Runtime's profile has no "
        "room for more"
    ),
    WarningKind.GRAPHS_ON_CPU: "no engine was timed: the converted graphs ran on the CPU",
    WarningKind.NO_REFERENCE: "the outputs were not compared: {note}",
    WarningKind.IMPOSSIBLE_TIME: "layer '{names[0]}' is left out: {0:g} ms is not plausible",
    WarningKind.NO_TOTAL: "the file has no line '{names[0]}': part of the log may be missing",
    WarningKind.ROWS_EXCEED_TOTAL: (
        "its rows add up to {0:.2f} ms, more than the {1:.2f} ms of the whole: that total is cut "
        "short, or rows are there twice"
    ),
    WarningKind.ROWS_MISSING: (
        "its rows add up to {0:.2f} of {1:.2f} ms: part of the log is missing"
    ),
    WarningKind.NAMES_CUT: (
        "{0:g} names end after {1:g} characters: what else is fused into those layers is unknown"
    ),
    WarningKind.NAMES_MADE_UP: (
        "{0:g} of {1:g} layer names map to no model node, such as '{names[0]}': give what trtexec "
        "--exportLayerInfo wrote with {layer_info}"
    ),
    WarningKind.OTHER_LAYER_INFO: (
        "{0:g} of {1:g} layers are not in the layer information, such as '{names[0]}': it may be "
        "of another engine"
    ),
    WarningKind.OPERATORS_UNMAPPED: (
        "{0:g} of {1:g} operators map to no model node, as a trace of PyTorch names none: they "
        "count for the total only; torch.profiler.record_function around them gives them names"
    ),
    WarningKind.RUNS_GUESSED: (
        "taken as {0:g} inferences, the largest number that divides how often each kernel ran"
    ),
    WarningKind.NO_NODES_TOLD: (
        "the layer information has no model nodes (profiling verbosity {names[0]}): build the "
        "engine with trtexec --profilingVerbosity=detailed"
    ),
    WarningKind.OTHER: "{note}",
    WarningKind.PLAN_OPAQUE: (
        "engine built without DETAILED profiling verbosity ({names[0]}): no model nodes, formats "
        "or tactics"
    ),
    WarningKind.ENQUEUE_BOUND: (
        "enqueue-bound: the enqueue call takes {0:.4f} ms of {1:.4f} ms GPU time, so the GPU waits "
        "for the host; a CUDA graph or a larger batch would help"
    ),
    WarningKind.SERIES: "{note}",
    WarningKind.STREAMS_OVERLAP: (
        "layers run on {0:g} streams, so their times overlap and do not add up to the latency; an "
        "engine built without auxiliary streams ({serial}) does not overlap"
    ),
    WarningKind.NOT_NUMBERS: (
        "NaN or infinite times ({note}): figures derived from them are unreliable"
    ),
    WarningKind.NOT_RECONCILED: "layer times are not reconciled with the latency: {note}",
}


def warning_text(warning: RunWarning, counts: Counts | None = None) -> str:
    """Returns a warning in one line.

    Args:
        warning: the warning.
        counts: of the run, which alone say how its warm-up and its measurement ended.
    """
    if counts is not None and warning.kind in _OF_COUNTS:
        return _OF_COUNTS[warning.kind](counts)
    if warning.kind in _SPECIAL:
        return _SPECIAL[warning.kind](warning)
    # Counts of operators come last, one per name; the numbers before them are {0} and {1}.
    amounts = warning.numbers[-len(warning.names) :] if warning.names else ()
    pairs = zip(amounts, warning.names, strict=False)
    return _TEMPLATES[warning.kind].format(
        *warning.numbers,
        names=warning.names,
        note=warning.note,
        serial=argument("serial", True),
        layer_info=argument("layer_info"),
        joined=", ".join(warning.names),
        tail=", ".join(f"{count:g} {name}" for count, name in pairs),
    )


def _no_effect(warning: RunWarning) -> str:
    name, about = warning.names
    return f"{argument(name)} ({about}) has no effect: the model ran on the CPU"


def _interrupted(warning: RunWarning) -> str:
    measured, requested = warning.numbers
    # Every iteration was there, so that it was one of the passes behind them that Ctrl-C cut.
    if measured == requested:
        return (
            f"interrupted after all {requested:g} iterations; later passes (kernel trace, "
            "accuracy) are incomplete"
        )
    of = f" of {requested:g}" if requested else ""
    return f"the run was interrupted: {measured:g}{of} profiled iterations were measured"


def _unsteady(warning: RunWarning) -> str:
    variation, spread = warning.numbers
    exceeded = []
    if variation > UNSTEADY_VARIATION:
        exceeded.append(f"CoV {variation:.1%}, steady is below {UNSTEADY_VARIATION:.1%}")
    if spread > UNSTEADY_SPREAD:
        exceeded.append(f"IQR/median {spread:.1%}, steady is below {UNSTEADY_SPREAD:.0%}")
    return f"the un-profiled {warning.names[0]} is unsteady: {'; '.join(exceeded)}"


def _clock(warning: RunWarning) -> str:
    numbers = warning.numbers
    causes = [f"the SM clock went from {numbers[0]:g} to {numbers[1]:g} MHz"] if numbers else []
    if warning.names:
        causes.append(f"throttled: {', '.join(warning.names)}")
    return f"unstable clock: {'; '.join(causes)}"


def _throttled(warning: RunWarning) -> str:
    rounds = ", ".join(f"{number:g}" for number in warning.numbers)
    return (
        f"heat or a power brake slowed the GPU in {len(warning.numbers)} of the rounds of passes "
        f"({rounds}, counted from 0); the samples are kept"
    )


def _below_zero(warning: RunWarning) -> str:
    cause = ", a known problem of Confidential Computing (NVIDIA/TensorRT#4740)"
    return (
        f"negative times ({warning.note}): CUDA event times are unreliable on this device"
        f"{cause if warning.names else ''}"
    )


def _sum(warning: RunWarning) -> str:
    (ratio,), (latency, place) = warning.numbers, warning.names
    why = _why_not_one(ratio, on_cpu=place == "CPU")
    return (
        f"the layer times add up to {ratio:.2f}x the un-profiled {latency}: {why}; compare layers "
        f"with each other, not with the {latency}"
    )


def _why_not_one(ratio: float, *, on_cpu: bool) -> str:
    if on_cpu:
        if ratio > 1:
            return "profiling costs time of its own"
        return "the machine was slower in the un-profiled pass, or the threads waited between nodes"
    if ratio > 1:
        return (
            "the profiler records an event between layers, which weighs most on short ones, and "
            "without gated passes its cost cannot be subtracted"
        )
    return "there is time between the layers that belongs to none of them"


def _warm_up(counts: Counts) -> str:
    return f"the warm-up ended {warm_up_text(counts.warm_up)}" if counts.warm_up else ""


def _stopped(counts: Counts) -> str:
    return f"the run ended {stop_text(counts.stopped)}" if counts.stopped else ""


def _failed(counts: Counts) -> str:
    return str(ended_by(counts)) if counts.failure else ""


_OF_COUNTS: dict[WarningKind, Callable[[Counts], str]] = {
    WarningKind.FAILED: _failed,
    WarningKind.WARM_UP_NOT_STEADY: _warm_up,
    WarningKind.NOT_CONVERGED: _stopped,
}
# Kinds whose text depends on their numbers in more ways than a template can say.
_SPECIAL: dict[WarningKind, Callable[[RunWarning], str]] = {
    WarningKind.NO_EFFECT: _no_effect,
    WarningKind.INTERRUPTED: _interrupted,
    WarningKind.UNSTEADY: _unsteady,
    WarningKind.CLOCK_UNSTABLE: _clock,
    WarningKind.THROTTLED: _throttled,
    WarningKind.BELOW_ZERO: _below_zero,
    WarningKind.SUM_DIFFERS: _sum,
}
