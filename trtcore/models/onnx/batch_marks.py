"""What a value is made of: places within items, numbers of items, or all items together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from onnx import NodeProto

from trtcore.models.onnx.batch_mixing import mixes_items
from trtcore.models.onnx.batch_values import Batch, Known
from trtcore.models.onnx.index_operators import HANDED_ON, JOINED

# The output of each operator that holds places within what it reads.
_PLACES = {"ArgMax": 0, "ArgMin": 0, "TopK": 1}
_ARITHMETIC = frozenset({"Add", "Clip", "Div", "Max", "Min", "Mod", "Mul", "Split", "Sub"})
_INDEX_OPERATORS = HANDED_ON | JOINED | _ARITHMETIC
# The data and the indices of operators that pick, and of those that write by place.
_DATA, _INDICES = 0, 1


def marked(
    node: NodeProto,
    inputs: Sequence[Known],
    outputs: Mapping[str, Known],
    batch: Batch,
    opset: int,
) -> dict[str, Known]:
    """The outputs of a node with what they are made of.

    Args:
        node: the node.
        inputs: at both batches.
        outputs: the same of what it writes, by name.
        batch: both batches.
        opset: of ONNX's operators in the graph.
    """
    handed = inputs if node.op_type in _INDEX_OPERATORS else ()
    is_within = any(one.is_within for one in handed)
    tells_items = any(one.tells_items or _differs(one, batch) for one in handed)
    mixed = _mixed(node, inputs, batch, opset)
    found = dict(outputs)
    for name, one in outputs.items():
        has_batch = batch.has(one)
        is_place = has_batch and list(node.output).index(name) == _PLACES.get(node.op_type, -1)
        found[name] = replace(
            one,
            is_within=is_within or is_place,
            tells_items=tells_items,
            mixed=None if has_batch or not one.is_known else one.mixed or mixed,
        )
    return found


def picks_of_one_item(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> bool:
    """Whether places within items are taken for places in the whole batch.

    ``x[arange(B), argmax]`` exported with a batch of 1 has a constant 0 for the items: with another
    batch, it would pick from the first one for all of them.
    """
    is_indexing = node.op_type.startswith(("Gather", "Scatter"))
    if not is_indexing or batch.new == 1 or not batch.has(inputs[_DATA]):
        return False
    indices = inputs[_INDICES]
    return (
        indices.is_within
        and not (indices.tells_items or _differs(indices, batch))
        and inputs[_DATA].axis in _picked_axes(node, inputs)
    )


def _picked_axes(node: NodeProto, inputs: Sequence[Known]) -> range:
    """The axes of the data that the indices are of."""
    numbers = {one.name: one.i for one in node.attribute}
    if node.op_type.endswith("ND"):
        first = numbers.get("batch_dims", 0)
        depth = (inputs[_INDICES].old or (0,))[-1]
        return range(first, first + depth)
    axis = numbers.get("axis", 0) % len(inputs[_DATA].old or (0,))
    return range(axis, axis + 1)


def _differs(one: Known, batch: Batch) -> bool:
    """Whether known numbers differ from item to item."""
    if one.new_values is None or not batch.has(one) or batch.new == 1:
        return False
    first = np.take(one.new_values, [0], axis=one.axis)
    return not np.array_equal(one.new_values, np.broadcast_to(first, one.new_values.shape))


def _mixed(node: NodeProto, inputs: Sequence[Known], batch: Batch, opset: int) -> str | None:
    if mixes_items(node, inputs, batch, opset):
        return node.name
    return next((one.mixed for one in inputs if one.mixed is not None), None)
