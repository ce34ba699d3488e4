"""What a report says of precision: what the engine has, and what it did to the outputs."""

from __future__ import annotations

import math

from trtcore.report.content.facts import Fact
from trtcore.result.records import Accuracy, Build, LayerPrecision, OutputAccuracy, Profile

_MOST_ISLANDS = 10


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
    shown, rest = build.islands[:_MOST_ISLANDS], build.islands[_MOST_ISLANDS:]
    facts += [("Island", _island(island)) for island in shown]
    if rest:
        facts.append(("Islands", f"{len(rest)} more{_share(rest)}"))
    return tuple(facts)


def accuracy_facts(accuracy: Accuracy) -> tuple[Fact, ...]:
    """Returns a line per output, and what was compared with what."""
    outputs = (("Accuracy", output_line(output)) for output in accuracy.outputs)
    return (*outputs, ("Compared", accuracy.method))


def output_line(output: OutputAccuracy) -> str:
    """Returns the figures of one output, such as ``prob: relative L2 3.1e-03, ...``."""
    bad = output.nan_count + output.inf_count
    where = f", first in node '{output.first_bad_node}'" if output.first_bad_node else ""
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


def _island(island: LayerPrecision) -> str:
    name = " + ".join(island.nodes) or island.layer
    time = "" if island.median_ms is None else f", {island.median_ms:.4f} ms{_share((island,))}"
    return f"{name} ({island.kind}): {island.dtype}{time}{_requested(island)}"


def _share(islands: tuple[LayerPrecision, ...]) -> str:
    if any(island.share is None for island in islands):
        return ""
    return f", {sum(island.share or 0.0 for island in islands):.1%} of time"


def _requested(island: LayerPrecision) -> str:
    if island.is_fp32_only:
        return ", which TensorRT has in FP32 only"
    return ", on request" if island.is_requested else ""
