"""Rules about the engine as a whole: its streams, and what it copies to the host."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trtcore.result.analysis.findings.evidence import Evidence
from trtcore.result.analysis.findings.finding import Finding, FindingKind, Part

# TensorRT's layers that carry shapes between device and host, for which the host waits.
_COPIES = re.compile("DeviceToShapeHost|ShapeHostToDevice|DeviceToHost|HostToDevice", re.IGNORECASE)


def streams(evidence: Evidence) -> Iterator[Finding]:
    """Layers on several streams take longer than the same layers one after the other would."""
    reconciled = evidence.reconciliation
    if reconciled is None or not reconciled.is_corrected or len(reconciled.stream_ms) < 2:
        return
    span, total = reconciled.span_ms, reconciled.corrected_sum_ms
    numbers = (len(reconciled.stream_ms), span, total)
    yield Finding(FindingKind.STREAMS, span - total, Part.STREAMS, numbers)


def host_copies(evidence: Evidence) -> Iterator[Finding]:
    """Layers that copy to the host or from it."""
    layers = tuple(
        i
        for i, layer in enumerate(evidence.profile.layers)
        if _COPIES.search(layer.kind) or _COPIES.search(layer.name)
    )
    if layers:
        ms = evidence.time_of(layers)
        numbers = (len(layers), ms, evidence.part_of(ms))
        names = (evidence.longest(layers),)
        yield Finding(FindingKind.HOST_COPIES, ms, numbers=numbers, names=names, layers=layers)
