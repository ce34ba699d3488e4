"""Operators that compute one result of all items of the batch together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import onnx
from onnx import NodeProto

from trtcore.models.onnx.batch_edits import few_notes
from trtcore.models.onnx.batch_values import Batch, Known

RECURRENT = frozenset({"GRU", "LSTM", "RNN"})
# Where a Softmax normalises one axis; before, it does all axes from that one on.
_ONE_AXIS_SOFTMAX = 13


def mixes_items(node: NodeProto, inputs: Sequence[Known], batch: Batch, opset: int) -> bool:
    """Whether each result of a node depends on all items of the batch.

    Args:
        node: the node.
        inputs: at both batches.
        batch: both batches.
        opset: of ONNX's operators in the graph.
    """
    if not inputs or not batch.has(inputs[0]) or inputs[0].old is None:
        return False
    kind = "Reduce" if node.op_type.startswith("Reduce") else node.op_type
    axes_of = _AXES.get(kind)
    if axes_of is None:
        return False
    lists = onnx.AttributeProto.INTS
    given = {one.name: list(one.ints) if one.type == lists else one.i for one in node.attribute}
    axes = axes_of(given, inputs, opset)
    rank = len(inputs[0].old)
    return inputs[0].axis in {axis % rank for axis in axes if -rank <= axis < rank}


def mixing_notes(nodes: Sequence[NodeProto]) -> tuple[str, ...]:
    """A note on nodes by which the result of one item depends on the others."""
    if not nodes:
        return ()
    first = nodes[0]
    text = f"node '{first.name}' ({first.op_type}) computes over all items of the batch together"
    return (few_notes(text, [node.name for node in nodes]),)


_Given = Mapping[str, Any]
_Axes = Callable[[_Given, Sequence[Known], int], Sequence[int]]


def _rank(inputs: Sequence[Known]) -> int:
    return len(inputs[0].old or ())


def _reduced(given: _Given, inputs: Sequence[Known], _: int) -> Sequence[int]:
    axes = given.get("axes")
    if axes is None and len(inputs) > 1 and inputs[1].elem_type:
        values = inputs[1].old_values
        axes = [] if values is None else [int(axis) for axis in values.ravel()]
        if values is None:
            return ()
    if axes:
        return list(axes)
    return () if given.get("noop_with_empty_axes") else range(_rank(inputs))


def _one(default: int) -> _Axes:
    return lambda given, *_: [given.get("axis", default)]


def _softmax(given: _Given, inputs: Sequence[Known], opset: int) -> Sequence[int]:
    if opset >= _ONE_AXIS_SOFTMAX:
        return [given.get("axis", -1)]
    return range(given.get("axis", 1) % _rank(inputs), _rank(inputs))


def _normalized(given: _Given, inputs: Sequence[Known], _: int) -> Sequence[int]:
    return range(given.get("axis", -1) % _rank(inputs), _rank(inputs))


def _summed(_: _Given, inputs: Sequence[Known], __: int) -> Sequence[int]:
    values = inputs[1].old_values if len(inputs) > 1 else None
    return () if values is None else [int(values.ravel()[0])]


def _steps(given: _Given, *_: object) -> Sequence[int]:
    # With layout 1 the batch is the leading axis.
    return [1 if given.get("layout") else 0]


_AXES: Mapping[str, _Axes] = {
    "ArgMax": _one(0),
    "ArgMin": _one(0),
    "BatchNormalization": lambda given, *_: [0] if given.get("training_mode") else [],
    "CumSum": _summed,
    "Hardmax": _softmax,
    "LayerNormalization": _normalized,
    "LogSoftmax": _softmax,
    "LpNormalization": _one(-1),
    "MeanVarianceNormalization": lambda given, *_: given.get("axes", (0, 2, 3)),
    "Reduce": _reduced,
    "Softmax": _softmax,
    **dict.fromkeys(RECURRENT, _steps),
}
