"""Items that are picked by their number: by a Loop over the batch, or along it."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import NodeProto

from trtcore.models.onnx.batch_values import Batch, Known


def picks_every_item(node: NodeProto, inputs: Sequence[Known]) -> bool:
    """Whether a node is the Gather by which a Loop over the batch takes each of its items."""
    return node.op_type == "Gather" and inputs[1].counts_items


def has_every_item(node: NodeProto, data: Known, batch: Batch) -> bool:
    """Whether what such a Gather picks from has the items of the new batch, if that is known."""
    if data.old is None or data.new is None:
        return True
    axis = axis_of(node, data)
    was, now = data.old[axis], data.new[axis]
    # As long as the old batch, it is one row for each of its items.
    return now >= batch.new and (now != was or was != batch.old)


def axis_of(node: NodeProto, data: Known) -> int:
    """The axis along which a Gather or GatherElements picks."""
    axis = next((int(one.i) for one in node.attribute if one.name == "axis"), 0)
    return axis % len(data.old or (0,))


def picks_items(node: NodeProto, source: Known) -> bool:
    """Whether a node picks along the batch, and not within each item of it."""
    if node.op_type == "GatherElements":
        return axis_of(node, source) == source.axis
    return node.op_type in ("Gather", "GatherND")
