"""Layers and tensors of an engine or a model, and what one layer cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isnan

from trtcore.result.records.work import NodeWork


@dataclass(frozen=True)
class TensorInfo:
    """A tensor as the engine (or the model) sees it: ``Half``, ``linear`` and so on."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    format: str = "linear"


@dataclass(frozen=True)
class IOTensor(TensorInfo):
    """An input or output of the network; ``mode`` is ``input`` or ``output``."""

    mode: str = "input"


@dataclass(frozen=True)
class ModelNode:
    """A node of the user's model, which the rows of reports are mapped to.

    ``module`` is the path of the module it was exported from, where the exporter recorded it;
    ``work`` what it computes and moves, None where its shapes are not known.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    module: str = ""
    work: NodeWork | None = None


@dataclass(frozen=True)
class ModelRecord:
    """The model that was profiled. ``nodes`` is empty for a plan whose model is not known.

    Attributes:
        weights_hash: SHA-256 of the weights that were built; ``""`` where they are not known.
    """

    name: str
    source: str
    weights: str = ""
    nodes: tuple[ModelNode, ...] = ()
    notes: tuple[str, ...] = ()
    weights_hash: str = ""


@dataclass(frozen=True)
class Layer:
    """One timed row in execution order: an engine layer, or a node of the un-fused model.

    Attributes:
        name: as the profiler reports it; names can repeat, the position is the key.
        kind: engine layer type (``kgen``, ``correlation``, ``signal``) or ONNX op.
        nodes: names of the model nodes it came from, in the engine's order; empty if unknown.
        tactic: kernel or tactic name; empty if the plan does not record it.
        stream: index of the CUDA stream inside the engine; -1 if the plan does not record it.
        inputs: the tensors it reads.
        outputs: the tensors it writes.
        constant_types: the types of its constants, of the largest first; empty if the plan does
            not tell them.
    """

    name: str
    kind: str = ""
    nodes: tuple[str, ...] = ()
    tactic: str = ""
    stream: int = -1
    inputs: tuple[TensorInfo, ...] = ()
    outputs: tuple[TensorInfo, ...] = ()
    constant_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayerProfile:
    """What one layer cost: the row of a report. NaN where the samples do not allow a figure.

    Attributes:
        index: position in execution order, the key of the layer.
        layer: what the layer is.
        median_ms: median over the N profiled iterations.
        share: its part of the sum of all corrected medians, or of all medians where those are not
            known, 0 to 1; all rows together make 1.
        p95_ms: 95th percentile; NaN below 130 iterations.
        min_ms: shortest time.
        mean_ms: arithmetic mean.
        interval: 95 % confidence interval of the median, in ms; NaN below 6 iterations.
        corrected_ms: the median less the cost of the profiler's event; NaN where that is unknown
            (no gated passes).
        is_below_resolution: ``corrected_ms`` is below timer resolution and indicative only.
    """

    index: int
    layer: Layer
    median_ms: float
    share: float
    p95_ms: float
    min_ms: float
    mean_ms: float
    interval: tuple[float, float]
    corrected_ms: float = float("nan")
    is_below_resolution: bool = False

    @property
    def own_ms(self) -> float:
        """The corrected time; the median where that is not known."""
        return self.median_ms if isnan(self.corrected_ms) else self.corrected_ms


# TensorRT's types of the layers that order its streams; they launch no kernel.
_KINDS = frozenset({"signal", "wait"})
_NAME = re.compile(r"(?:^|[^a-z0-9])(?:signal|wait)(?:$|[^a-z])", re.IGNORECASE)


def is_marker(layer: Layer) -> bool:
    """Whether a layer only synchronises streams.

    TensorRT gives such layers a kind of their own; in a plan without kinds the name decides.
    """
    # A layer that is known by its kind or its nodes may well have "wait" in its name.
    if layer.kind or layer.nodes:
        return layer.kind.lower() in _KINDS
    return _NAME.search(layer.name) is not None
