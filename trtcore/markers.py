"""Rows that only order streams (`signal`, `wait`): told apart from layers, never dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trtcore.result import Layer, LayerProfile

_KINDS = frozenset({"signal", "wait"})
_NAME = re.compile(r"(?:^|[^a-z0-9])(?:signal|wait)(?:$|[^a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Markers:
    """All markers of a profile as one line: how many, their medians' sum and its share."""

    count: int
    median_ms: float
    share: float


def is_marker(layer: Layer) -> bool:
    """Whether a layer only synchronises streams.

    TensorRT says so by the layer's kind; where a plan has no kinds, the name has to do.
    """
    if layer.kind or layer.nodes:
        return layer.kind.lower() in _KINDS
    return _NAME.search(layer.name) is not None


def fold_markers(rows: Sequence[LayerProfile]) -> tuple[tuple[LayerProfile, ...], Markers]:
    """Splits rows into the layers and one line that holds the time of every marker."""
    markers = [row for row in rows if is_marker(row.layer)]
    folded = Markers(
        count=len(markers),
        median_ms=sum(row.median_ms for row in markers),
        share=sum(row.share for row in markers),
    )
    return tuple(row for row in rows if not is_marker(row.layer)), folded
