"""Facts about precision: the types the engine computes in, and the accuracy of its outputs."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence

from trtcore.errors import few
from trtcore.report.content.facts.facts import Fact
from trtcore.result.analysis.requirements import layer_counts, subject
from trtcore.result.records.accuracy import (
    Accuracy,
    Compared,
    NotCompared,
    Obstacle,
    OutputAccuracy,
)
from trtcore.result.records.build import (
    Build,
    KeptNodes,
    LayerPrecision,
    PrecisionCheck,
    PrecisionVerdict,
)
from trtcore.result.records.profile import Profile
from trtcore.result.types.shapes import shape_text

# A screen of a report has room for no more; the rest is one line with its count and time.
_MOST_FALLBACKS = 10
# What exporters put behind an operator's name to make it unique: LayerNormalization_3.
_OPERATOR = re.compile(r"_\d+$")
# As many as fit two lines of a report.
_NAMES_SHOWN = 4
# TensorRT's inspector names, and the usual ones.
_DTYPES = {"Float": "FP32", "Half": "FP16", "BFloat16": "BF16", "Int8": "INT8", "Int4": "INT4"}
_COMPARED = {
    Compared.ENGINE: "the engine",
    Compared.GRAPH_ON_CPU: (
        "the graph on the CPU, every value rounded to its type and sums in FP32,"
    ),
}
_OBSTACLES = {
    Obstacle.ABSENT: "only one of the two sides has it",
    Obstacle.NO_NUMBERS: "it holds no plain numbers (text, maps, an empty optional, FP8)",
}


def precision_facts(profile: Profile) -> tuple[Fact, ...]:
    """Returns the precision check, the precision fallbacks and the accuracy."""
    build = profile.build
    facts = build_facts(build) if build else ()
    return (*facts, *(accuracy_facts(profile.accuracy) if profile.accuracy else ()))


def build_facts(build: Build) -> tuple[Fact, ...]:
    """Returns the line of the precision check and one per precision fallback, longest first."""
    check = build.precision
    if check is None:
        return ()
    verdict = " (NOT MET)" if check.verdict is PrecisionVerdict.NOT_MET else ""
    facts = [("Precision", precision_line(check) + verdict)]
    kinds = _kinds(check.fallbacks)
    facts += [("Precision fallback", _fallbacks(alike)) for alike in kinds[:_MOST_FALLBACKS]]
    if rest := [row for alike in kinds[_MOST_FALLBACKS:] for row in alike]:
        facts.append(("Precision fallbacks", f"{len(rest)} more{_share(rest)}"))
    return tuple(facts)


def _kinds(fallbacks: Sequence[LayerPrecision]) -> list[list[LayerPrecision]]:
    """Fallbacks of the same operators in the same type together, in the order of the first."""
    alike: dict[tuple[str, str, str, int], list[LayerPrecision]] = defaultdict(list)
    for i, row in enumerate(fallbacks):
        ops = _operators(row)
        # The position keeps layers apart whose names tell no operators: they may differ.
        alike[ops, row.dtype, _excuse(row), 0 if ops else i].append(row)
    return list(alike.values())


def _operators(row: LayerPrecision) -> str:
    """The operators in the names of a layer's nodes, which layers of one kind share.

    ``""`` for names without operators.
    """
    ops = [_OPERATOR.sub("", node.rsplit("/", 1)[-1]) for node in row.nodes]
    # PyTorch's exporter names nodes by path and operator: /layer1/layer1.0/conv1/Conv.
    is_exported = bool(ops) and all(node.startswith("/") for node in row.nodes)
    return " + ".join(dict.fromkeys(ops)) if is_exported else ""


def _fallbacks(alike: Sequence[LayerPrecision]) -> str:
    """Layers of one kind, such as ``LayerNormalization: 13 layers in FP32, 2.8% of time``."""
    first = alike[0]
    if len(alike) == 1:
        return _fallback(first)
    dtype = _DTYPES.get(first.dtype, first.dtype)
    return f"{_operators(first)}: {len(alike)} layers in {dtype}{_share(alike)}{_excuse(first)}"


def precision_line(check: PrecisionCheck) -> str:
    """Returns such as ``requested fp16: 76 of 80 layers Half, 4 Float (conv2/norm2)``.

    It accounts for all layers of the engine: counted, without reported types, and not counted.
    """
    if check.note:
        return check.note
    if check.verdict is PrecisionVerdict.OPAQUE and check.unknown:
        every = check.layers + check.unknown
        return (
            f"{subject(check)}unknown: {check.unknown} of {every} layers do not tell what they "
            "compute in"
        )
    if check.verdict is PrecisionVerdict.OPAQUE:
        unknown = "layer data types unavailable; rebuild with profiling verbosity DETAILED"
        return f"{subject(check)}{unknown}"
    text = layer_counts(check) + _places(check.fallbacks)
    return "; ".join(filter(None, (text, kept_text(check.kept), _not_counted(check))))


def kept_text(kept: KeptNodes) -> str:
    """Returns such as ``pinned to FP32: 3 of 4 nodes; fc only inside layers ... no FP32``."""
    count = len(kept.seen) + len(kept.hidden) + len(kept.missing)
    if not count:
        return ""
    hidden, missing = (few(names, _NAMES_SHOWN) for names in (kept.hidden, kept.missing))
    parts = (
        f"pinned to FP32: {len(kept.seen)} of {count} nodes",
        f"{hidden} only inside layers that read and write no FP32" if hidden else "",
        f"{missing} in no layer that reports its types" if missing else "",
    )
    return "; ".join(filter(None, parts))


def accuracy_facts(accuracy: Accuracy) -> tuple[Fact, ...]:
    """Returns a line per output, and the two sides of the comparison."""
    outputs = (("Accuracy", output_line(output)) for output in accuracy.outputs)
    left_out = (("Accuracy", not_compared_line(output)) for output in accuracy.not_compared)
    return (*outputs, *left_out, ("Compared", compared_text(accuracy)))


def not_compared_line(output: NotCompared) -> str:
    """Returns why an output was not compared, such as ``scores: not compared: ...``."""
    if output.obstacle is Obstacle.SHAPE:
        here, there = (shape_text(shape) for shape in output.shapes)
        why = f"its shape depends on the data, {here} here and {there} in FP32"
    elif output.obstacle is Obstacle.RANDOM:
        count = len(output.nodes)
        draws = f"{count} node{'s draw' if count > 1 else ' draws'}"
        why = f"{draws} random numbers ({few(output.nodes, _NAMES_SHOWN)})"
    else:
        why = _OBSTACLES[output.obstacle]
    return f"{output.name}: not compared: {why}"


def compared_text(accuracy: Accuracy) -> str:
    """Returns the reference of the outputs and the input they were computed on."""
    if accuracy.compared is Compared.OTHER:
        return accuracy.note
    is_random = accuracy.inputs == "random"
    source = f"random input of seed {accuracy.seed}" if is_random else accuracy.inputs
    weights = f"; weights {accuracy.weights}" if accuracy.weights else ""
    subject = _COMPARED[accuracy.compared]
    return f"{subject} against {_reference(accuracy)} under ONNX Runtime, {source}{weights}"


def _reference(accuracy: Accuracy) -> str:
    count = accuracy.quantized_nodes
    if not count:
        return "the model in FP32"
    if not accuracy.inseparable:
        return f"the same model in FP32 without its {count} quantized nodes"
    return (
        f"the model with its {count} quantized nodes (it cannot be had without: "
        f"'{accuracy.inseparable}' is quantized itself)"
    )


def output_line(output: OutputAccuracy) -> str:
    """Returns the figures of one output, such as ``prob: relative L2 3.1e-03, ...``."""
    bad = output.nan_count + output.inf_count
    where = f", first in node '{output.first_bad_node}'" if output.first_bad_node else ""
    # Relative errors divide by the reference: by zero, or by what the type cannot represent.
    if output.is_empty:
        return f"{output.name}: {_empty(output)}, so this says nothing"
    if math.isnan(output.relative_l2):
        return f"{output.name}: {_lost(output)}: there is nothing to compare"
    parts = (
        _lost(output) if output.uncompared else "",
        f"{output.nan_count} NaN and {output.inf_count} infinite values{where}; of the others"
        if bad
        else "",
        f"relative L2 {output.relative_l2:.2e}",
        f"largest error {output.max_abs:.2e}, mean {output.mean_abs:.2e}",
        f"cosine {output.cosine:.7f}",
        "" if output.top1 is None else f"top-1 the same {output.top1:.1%}",
        "" if output.top5 is None else f"within top-5 {output.top5:.1%}",
    )
    return f"{output.name}: {', '.join(filter(None, parts))}"


def _empty(output: OutputAccuracy) -> str:
    if output.reference_max == 0:
        size = "is zero in FP32 everywhere"
    else:
        size = (
            f"is {output.reference_max:.2e} at most in FP32, below the smallest normal value of "
            f"the type ({output.smallest_normal:.2e})"
        )
    return f"not judged: the output {size} (largest error {output.max_abs:.2e})"


def _lost(output: OutputAccuracy) -> str:
    return f"{output.uncompared} values are NaN or infinite in FP32 already"


def _places(fallbacks: Sequence[LayerPrecision]) -> str:
    """`` (pool1/norm1, conv2/norm2), 3.1 % of time``: the nodes of the fallbacks and their time."""
    if not fallbacks:
        return ""
    names = dict.fromkeys(name for row in fallbacks for name in row.nodes or (row.layer,))
    requested = sum(row.is_requested for row in fallbacks)
    text = f" ({few(names, _NAMES_SHOWN)})"
    text += f", {requested} of them on request" if requested else ""
    only = sum(row.is_fp32_only for row in fallbacks)
    text += f", {only} of them in FP32 only in TensorRT" if only else ""
    # No shares where the engine did not run, such as after `trtcore build`.
    if any(row.share is not None for row in fallbacks):
        text += f", {100 * sum(row.share or 0.0 for row in fallbacks):.1f} % of time"
    return text


def _not_counted(check: PrecisionCheck) -> str:
    left_out = (
        f"{check.markers} stream sync layers" if check.markers else "",
        f"{check.integers} layers of integers" if check.integers else "",
    )
    left = " and ".join(filter(None, left_out))
    unreported = f"{check.unreported} layers unreported" if check.unreported else ""
    unknown = f"{check.unknown} layers of unknown type" if check.unknown else ""
    return "; ".join(filter(None, (unreported, unknown, left and f"{left} not counted")))


def _fallback(row: LayerPrecision) -> str:
    name = " + ".join(row.nodes) or row.layer
    time = "" if row.median_ms is None else f", {row.median_ms:.4f} ms{_share((row,))}"
    dtype = _DTYPES.get(row.dtype, row.dtype)
    return f"{name} ({row.kind}) runs in {dtype}{time}{_excuse(row)}"


def _excuse(row: LayerPrecision) -> str:
    if row.is_fp32_only:
        return ", which TensorRT has in FP32 only"
    return ", on request" if row.is_requested else ""


def _share(fallbacks: Sequence[LayerPrecision]) -> str:
    if any(row.share is None for row in fallbacks):
        return ""
    return f", {sum(row.share or 0.0 for row in fallbacks):.1%} of time"
