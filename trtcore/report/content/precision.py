"""What a report says of precision: what the engine has, and what it did to the outputs."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence

from trtcore.report.content.facts import Fact
from trtcore.result.records import Accuracy, Build, LayerPrecision, OutputAccuracy, Profile

_MOST_ISLANDS = 10
# What exporters put behind an operator's name to make it unique: LayerNormalization_3.
_OPERATOR = re.compile(r"_\d+$")


def precision_facts(profile: Profile) -> tuple[Fact, ...]:
    """Returns what the engine has beside what was asked for, its islands, and the accuracy."""
    build = profile.build
    facts = build_facts(build) if build else ()
    return (*facts, *(accuracy_facts(profile.accuracy) if profile.accuracy else ()))


def build_facts(build: Build) -> tuple[Fact, ...]:
    """Returns the line of the truth check and one per island, longest first."""
    if not build.precision:
        return ()
    verdict = " (NOT MET)" if build.precision_verdict == "not met" else ""
    facts = [("Precision", build.precision + verdict)]
    alike: dict[tuple[str, str, bool, int], list[LayerPrecision]] = defaultdict(list)
    for i, island in enumerate(build.islands):
        what = _what(island)
        alike[what, island.dtype, island.is_requested, 0 if what else i].append(island)
    kinds = list(alike.values())
    facts += [("Island", _islands(kind)) for kind in kinds[:_MOST_ISLANDS]]
    if rest := [island for kind in kinds[_MOST_ISLANDS:] for island in kind]:
        facts.append(("Islands", f"{len(rest)} more{_share(rest)}"))
    return tuple(facts)


def _what(island: LayerPrecision) -> str:
    """What layers that are the same but for their place share: the operators of exported names.

    ``""`` for names that do not tell operators.
    """
    ops = [_OPERATOR.sub("", node.rsplit("/", 1)[-1]) for node in island.nodes]
    is_exported = bool(ops) and all(node.startswith("/") for node in island.nodes)
    return " + ".join(dict.fromkeys(ops)) if is_exported else ""


def _islands(alike: Sequence[LayerPrecision]) -> str:
    """Layers of one kind, such as ``LayerNormalization: 13 layers in Float, 2.8% of time``."""
    first = alike[0]
    if len(alike) == 1:
        return _island(first)
    count = f"{len(alike)} layers in {first.dtype}"
    return f"{_what(first)}: {count}{_share(alike)}{_requested(first)}"


def accuracy_facts(accuracy: Accuracy) -> tuple[Fact, ...]:
    """Returns a line per output, and what was compared with what."""
    outputs = (("Accuracy", output_line(output)) for output in accuracy.outputs)
    return (*outputs, ("Compared", accuracy.method))


def output_line(output: OutputAccuracy) -> str:
    """Returns the figures of one output, such as ``prob: relative L2 3.1e-03, ...``."""
    bad = output.nan_count + output.inf_count
    where = f", first in node '{output.first_bad_node}'" if output.first_bad_node else ""
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


def _lost(output: OutputAccuracy) -> str:
    return f"{output.uncompared} values are NaN or infinite in FP32 already"


def _island(island: LayerPrecision) -> str:
    name = " + ".join(island.nodes) or island.layer
    time = "" if island.median_ms is None else f", {island.median_ms:.4f} ms{_share((island,))}"
    return f"{name} ({island.kind}): {island.dtype}{time}{_requested(island)}"


def _share(islands: Sequence[LayerPrecision]) -> str:
    if any(island.share is None for island in islands):
        return ""
    return f", {sum(island.share or 0.0 for island in islands):.1%} of time"


def _requested(island: LayerPrecision) -> str:
    return ", on request" if island.is_requested else ""
