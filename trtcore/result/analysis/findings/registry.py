"""Every rule, and the findings of all of them in the order of what they could save."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from trtcore.result.analysis.findings import converting, engine, lagging, launching, layers
from trtcore.result.analysis.findings.evidence import Evidence
from trtcore.result.analysis.findings.finding import Finding, Part

Rule = Callable[[Evidence], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    launching.cuda_graph,
    launching.gaps,
    launching.larger_batch,
    converting.reformats,
    converting.quantization,
    converting.fallbacks,
    engine.streams,
    engine.host_copies,
    layers.channels,
    layers.weights,
    lagging.slow_groups,
    layers.opaque,
)

LEAST_SAVING = 0.01
"""Part of the latency below which a saving is not told: processes that run the same plan lie as far
apart."""


def find_all(evidence: Evidence) -> tuple[Finding, ...]:
    """Returns what is worth telling, the largest saving first; none twice."""
    found = [finding for rule in RULES for finding in rule(evidence)]
    least = LEAST_SAVING * evidence.latency_ms
    # What is opaque saves nothing by itself, but says what the other figures leave out.
    told = [one for one in found if one.part is Part.UNKNOWN or one.saves_ms >= least]
    return tuple(_distinct(sorted(told, key=lambda one: -one.saves_ms)))


def _distinct(found: list[Finding]) -> Iterator[Finding]:
    """Findings of which no two want to save the same time.

    Of those about layers, the largest that has a layer of its own; of those about whole iterations
    one for each part, and the measured one before estimates.
    """
    covered: set[int] = set()
    for finding in found:
        if finding.part is Part.LAYERS:
            if covered.issuperset(finding.layers):
                continue
            covered.update(finding.layers)
        elif finding is not _best(finding.part, found):
            continue
        yield finding


def _best(part: Part, found: list[Finding]) -> Finding:
    same = [finding for finding in found if finding.part is part]
    return next((finding for finding in same if finding.is_measured), same[0])
