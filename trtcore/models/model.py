"""The one in-memory form of every model source."""

from __future__ import annotations

from dataclasses import dataclass, field

import onnx


@dataclass(frozen=True)
class Model:
    """An ONNX graph and where it came from.

    Attributes:
        name: short name for titles and file names, such as ``googlenet``.
        proto: the graph; weights are inside it (external data is read in).
        source: where it came from: a path or ``built-in``.
        weights: where its weights came from, such as ``file`` or ``He-normal, seed 0``;
            the reports repeat it, because accuracy means nothing on random weights.
        notes: lines for the report, such as what an importer dropped.
    """

    name: str
    proto: onnx.ModelProto = field(repr=False)
    source: str
    weights: str = "file"
    notes: tuple[str, ...] = ()
