"""The one in-memory form of every model source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx

from trtcore.result.types.shapes import ShapeRange


@dataclass(frozen=True)
class DynamicInput:
    """An input whose shape may vary in the engine that is built.

    Attributes:
        range: from where to where.
        dims: a number for each dimension that is fixed, a symbol for each that is not.
    """

    range: ShapeRange
    dims: tuple[int | str, ...]


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
        dynamic: the inputs whose shape may vary in an engine; the graph has the shapes of the run.
        ends: by layer of a Caffe net that not every builder has, the blobs to end the net with
            instead.
    """

    name: str
    proto: onnx.ModelProto = field(repr=False)
    source: str
    weights: str = "file"
    notes: tuple[str, ...] = ()
    dynamic: tuple[DynamicInput, ...] = ()
    ends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
