"""Warnings, from the words of version 1."""

from __future__ import annotations

import re

from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.result.schema1.trees import Rule, first_match

# What `trtcore.result.analysis.diagnosis.diagnose` returns anew for the figures of the file. Kept
# as well, it would be printed twice: once in the words of version 1, once in those of today.
_DERIVED = re.compile(
    "|".join(
        (
            r"the run was interrupted after its \d+ iterations: what follows is cut",
            r"the run was interrupted: \d+(?: of \d+)? profiled iterations were measured",
            r"the warm-up ended not .*",
            r"the run ended not .*",
            r"the plan is opaque: its profiling verbosity is \w+, so layers have no model nodes.*",
            r"enqueue-bound: the enqueue call takes .* a larger batch would help",
            r"the un-profiled .* is unsteady: .*",
            r"(?:the un-profiled|layer) .* jumps between [\d.]+ and [\d.]+ ms \(its quartiles.*",
            r"(?:the un-profiled|layer) .* drifts: in the second half.*",
            r"\d+ of the \d+ longest layers (?:jump between two values|drift): .*",
            r"unstable clock: .*",
            r"heat or a power brake slowed the GPU in \d+ of the rounds of passes .*",
            r"layers run on \d+ streams, so their times overlap .*",
            r"times are below zero: .*; the device's event times cannot be trusted.*",
            r"times are not numbers: .*; figures that rest on them are not to be trusted",
            r"the layer times are not reconciled with the latency: .*",
            r"the layer times add up to \S+x the un-profiled .*; compare layers with each other.*",
        )
    ),
    re.DOTALL,
)


def is_derived(text: str) -> bool:
    """Whether a warning follows from the figures of the profile, and need not be kept."""
    return _DERIVED.fullmatch(text) is not None


def warning_of(text: str) -> RunWarning:
    """Returns a warning of the run or of a file that was read."""
    return first_match(_RULES, text) or RunWarning(WarningKind.OTHER, note=text)


def _fixed(text: str, kind: WarningKind) -> Rule[RunWarning]:
    return re.escape(text), lambda _: RunWarning(kind)


def _noted(head: str, kind: WarningKind) -> Rule[RunWarning]:
    """A fixed beginning, then quoted text such as an error message."""
    return rf"{re.escape(head)}: (.*)", lambda match: RunWarning(kind, note=match[1])


def _named(pattern: str, kind: WarningKind) -> Rule[RunWarning]:
    return pattern, lambda match: RunWarning(kind, names=match.groups())


def _counted(pattern: str, kind: WarningKind) -> Rule[RunWarning]:
    """Numbers, and a name at the end where the pattern has a group called ``name``."""

    def make(match: re.Match[str]) -> RunWarning:
        *numbers, last = match.groups()
        if "name" in match.re.groupindex:
            return RunWarning(kind, tuple(map(float, numbers)), (last,))
        return RunWarning(kind, (*map(float, numbers), float(last)))

    return pattern, make


def _listed(pattern: str, kind: WarningKind) -> Rule[RunWarning]:
    """Numbers, and then a list such as ``1 Cast, 2 Loop``."""

    def make(match: re.Match[str]) -> RunWarning:
        *numbers, listed = match.groups()
        pairs = [item.split(" ", 1) for item in listed.split(", ")]
        amounts = (*numbers, *(count for count, _ in pairs))
        return RunWarning(kind, tuple(map(float, amounts)), tuple(name for _, name in pairs))

    return pattern, make


def _impossible(match: re.Match[str]) -> RunWarning:
    return RunWarning(WarningKind.IMPOSSIBLE_TIME, (float(match[2]),), (match[1],))


def _unconfirmed(match: re.Match[str]) -> RunWarning:
    names = tuple(match[1].split(", "))
    return RunWarning(WarningKind.FORMAT_UNCONFIRMED, names=names)


_ITEMS = r"(\d+ [^\s,;]+(?:, \d+ [^\s,;]+)*)"
_GPU = r"(.*) \(compute capability ([\d.]+)\)"
_ON_CPU = "a run on the CPU has no precision target: it "

_RULES: tuple[Rule[RunWarning], ...] = (
    _noted("not gated, so that times hold launch gaps", WarningKind.NOT_GATED),
    _noted("no CUDA graph", WarningKind.NO_GRAPH),
    _fixed(
        "callbacks run in Python: no gate, no CUDA graph, over a microsecond a layer",
        WarningKind.PYTHON_CALLBACKS,
    ),
    _noted("the event cost was not calibrated", WarningKind.NO_EVENT_COST),
    _noted("no kernel times", WarningKind.NO_KERNELS),
    _named(
        rf"{_GPU} has no (\w+), which needs ([\d.]+) or newer: this is (\w+)",
        WarningKind.PRECISION_MISSING,
    ),
    _named(
        rf"{_GPU} has no fast (\w+): it saves memory there, not time",
        WarningKind.PRECISION_SLOW,
    ),
    (
        r"not confirmed: (.*): the engine does not tell the format it has there",
        _unconfirmed,
    ),
    _noted("timed on the CPU", WarningKind.TIMED_ON_CPU),
    _named(r"(\w+) was built; the CPU timed the model as it is", WarningKind.BUILT_NOT_TIMED),
    _named(r"(\w+) was asked for; the CPU timed the model as it is", WarningKind.ASKED_NOT_TIMED),
    _fixed("nothing is streamed on the CPU: every time was kept", WarningKind.NOT_STREAMED),
    _fixed(f"{_ON_CPU}measures its iterations", WarningKind.NO_TARGET_COUNTED),
    _fixed(f"{_ON_CPU}ends when its time is over", WarningKind.NO_TARGET_TIMED),
    _fixed("a CPU has no TF32: this is FP32", WarningKind.CPU_TF32),
    _fixed("a CPU has no vectorised formats: this is FP16", WarningKind.CPU_HALF2),
    _fixed(
        "TF32 is not chosen here but in PyTorch; the model is in FP32", WarningKind.BASELINE_TF32
    ),
    _fixed("there are no vectorised formats here: this is FP16", WarningKind.BASELINE_HALF2),
    _listed(
        r"(\d+) of (\d+) model nodes have no row, because ONNX Runtime did not run them: "
        rf"{_ITEMS}",
        WarningKind.NODES_NOT_RUN,
    ),
    _listed(
        r"(\d+) of (\d+) model nodes have no row, because their results are known before the run: "
        rf"{_ITEMS}",
        WarningKind.NODES_CONSTANT,
    ),
    _listed(
        r"ONNX Runtime put nodes of its own into the model, for want of a kernel: "
        rf"{_ITEMS}; each is listed with the model node it works for",
        WarningKind.NODES_ADDED,
    ),
    _counted(
        r"layers were timed in the first (\d+) of (\d+) iterations: ONNX Runtime's profile has no "
        r"room for more",
        WarningKind.NODE_PROFILE_FULL,
    ),
    _fixed("no engine was timed: the converted graphs ran on the CPU", WarningKind.GRAPHS_ON_CPU),
    _noted("the outputs were not compared", WarningKind.NO_REFERENCE),
    (r"layer '(.*)' is left out: (\S+) ms cannot be", _impossible),
    _named(r"it has no line '(.*)': part of the log may be missing", WarningKind.NO_TOTAL),
    _counted(
        r"its rows add up to (\S+) ms, more than the (\S+) ms of the whole: that total is cut "
        r"short, or rows are there twice",
        WarningKind.ROWS_EXCEED_TOTAL,
    ),
    _counted(
        r"its rows add up to (\S+) of (\S+) ms: part of the log is missing",
        WarningKind.ROWS_MISSING,
    ),
    _counted(
        r"(\d+) names end after (\d+) characters: what else is fused into those layers is not "
        r"known",
        WarningKind.NAMES_CUT,
    ),
    _counted(
        r"(\d+) of (\d+) layer names lead to no model node, such as '(?P<name>.*)': give what "
        r"trtexec --exportLayerInfo wrote with --layer-info",
        WarningKind.NAMES_MADE_UP,
    ),
    _counted(
        r"(\d+) of (\d+) layers are not in the layer information, such as '(?P<name>.*)': it may "
        r"be of another engine",
        WarningKind.OTHER_LAYER_INFO,
    ),
    _named(
        r"the layer information tells no model nodes, as its verbosity is (\w+): build the engine "
        r"with trtexec --profilingVerbosity=detailed",
        WarningKind.NO_NODES_TOLD,
    ),
)
