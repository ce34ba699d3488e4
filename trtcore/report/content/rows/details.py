"""Everything a report shows of single layers: kind, block, precision, tensors, tactic, times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from trtcore.report.content.rows.costs import LayerCosts
from trtcore.report.content.rows.hierarchy import names_at
from trtcore.report.content.rows.labels import node_list, row_labels
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.layers import LayerProfile, TensorInfo
from trtcore.result.types.dtypes import DTYPES, numpy_name
from trtcore.result.types.layer_types import layer_dtype

Fact = tuple[str, str]


@dataclass(frozen=True)
class LayerDetail:
    """One layer, as a row of a table and as a list of facts.

    Attributes:
        row: its times.
        label: its name in tables.
        kind: of work, such as ``convolution``.
        block: module of the network around it.
        precision: the type it computes in, such as ``FP16``; ``""`` if unknown.
        facts: labels and texts: nodes, tensors, tactic, stream.
    """

    row: LayerProfile
    label: str
    kind: str
    block: str
    precision: str
    facts: tuple[Fact, ...]


def layer_details(analysis: Analysis) -> tuple[LayerDetail, ...]:
    """Returns every layer in order of execution, those that only synchronise streams too."""
    rows = analysis.rows
    labels = row_labels(analysis, range(len(rows)))
    costs = LayerCosts(analysis)
    kinds, blocks = names_at(analysis, "type"), names_at(analysis, "block")
    return tuple(
        LayerDetail(
            row,
            label,
            kinds.get(row.index, ""),
            blocks.get(row.index, ""),
            precision_of(row),
            (*_facts(row), *_cost(row, costs)),
        )
        for row, label in zip(rows, labels, strict=True)
    )


def precision_of(row: LayerProfile) -> str:
    """Returns such as ``FP16``; ``""`` for layers of integers, and where types are unknown."""
    word = layer_dtype(row.layer)
    known = DTYPES.get(numpy_name(word))
    return known.label or word if known else word


def _facts(row: LayerProfile) -> tuple[Fact, ...]:
    layer = row.layer
    facts = (
        ("Nodes", node_list(layer) if layer.nodes else ""),
        ("Layer", " ".join(filter(None, (layer.name, layer.kind and f"({layer.kind})")))),
        ("Reads", _tensors(layer.inputs)),
        ("Writes", _tensors(layer.outputs)),
        ("Constants", ", ".join(layer.constant_types)),
        ("Tactic", layer.tactic),
        ("Stream", str(layer.stream) if layer.stream >= 0 else ""),
        ("95 % interval", _interval(row)),
    )
    return tuple((label, text) for label, text in facts if text)


def _cost(row: LayerProfile, costs: LayerCosts) -> tuple[Fact, ...]:
    """How near to the peaks, where the work of the layer's group and the peaks are known."""
    least_ms, bound = costs.least_ms([row.index]), costs.bound([row.index])
    if isnan(least_ms) or not bound or not row.own_ms > 0:
        return ()
    return (("Cost", f"{least_ms / row.own_ms:.0%} of the peaks, {bound}-bound"),)


def _tensors(tensors: Sequence[TensorInfo]) -> str:
    return "; ".join(_tensor(tensor) for tensor in tensors)


def _tensor(tensor: TensorInfo) -> str:
    shape = "x".join(map(str, tensor.shape))
    return " ".join(filter(None, (tensor.name, shape, tensor.dtype, tensor.format)))


def _interval(row: LayerProfile) -> str:
    low, high = row.interval
    if isnan(low):
        return ""
    return f"{low:.4f} to {high:.4f} ms, of the median as measured"
