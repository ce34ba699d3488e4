"""What lets the batch through a Slice or a Split along it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onnx import NodeProto

from trtcore.models.onnx.batch_edits import Edit, Retarget
from trtcore.models.onnx.batch_picks import axis_of
from trtcore.models.onnx.batch_values import Batch, Known

# `end` of a Slice that goes to the end, whatever that is.
_TO_THE_END = 2**63 - 1
# From there on, the lengths of a Split are an input.
_SPLIT_INPUTS = 2


def retarget(
    node: NodeProto, index: int, values: Sequence[int], batch: Batch, attribute: str = ""
) -> Retarget:
    """Other constant integers for an input, or for an attribute where the index is -1."""
    return Retarget(
        node.name,
        index,
        tuple(values),
        (batch.old, batch.new),
        attribute if index < 0 else "",
    )


def slice_repairs(
    node: NodeProto, inputs: Sequence[Known], source: Known, batch: Batch
) -> Iterator[tuple[Edit, ...]]:
    """A part that is the whole of the old batch is meant to be the whole of the new one."""
    assert source.old is not None
    given = {a.name: list(a.ints) for a in node.attribute}
    for index, name in enumerate(("", "starts", "ends", "axes", "steps")):
        if name and index < len(inputs) and node.input[index]:
            read = inputs[index].old_values
            if read is None:
                return
            given[name] = [int(value) for value in read]
    starts, ends = given.get("starts", []), given.get("ends", [])
    axes = [axis % len(source.old) for axis in given.get("axes", range(len(ends)))]
    if source.axis not in axes:
        return
    place, length = axes.index(source.axis), source.old[source.axis]
    is_input = len(inputs) > 1
    if starts[place] == 0 and ends[place] >= length:
        ends[place] = _TO_THE_END
        yield (retarget(node, 2 if is_input else -1, ends, batch, "ends"),)
    elif are_batches(source, batch):
        edits = []
        for index, values, name in ((1, starts, "starts"), (2, ends, "ends")):
            if abs(values[place]) <= length and values[place] % batch.old == 0:
                values[place] = batch.scaled(values[place])
                edits.append(retarget(node, index if is_input else -1, values, batch, name))
        yield tuple(edits)


def split_repairs(
    node: NodeProto, inputs: Sequence[Known], source: Known, batch: Batch
) -> Iterator[tuple[Edit, ...]]:
    """Parts that are whole batches, one behind the other."""
    lengths = next((list(one.ints) for one in node.attribute if one.name == "split"), [])
    read = inputs[1].old_values if len(inputs) == _SPLIT_INPUTS else None
    is_input = read is not None
    if read is not None:
        lengths = [int(length) for length in read.ravel()]
    if lengths and are_batches(source, batch) and all(map(batch.scaled, lengths)):
        scaled = [batch.scaled(length) for length in lengths]
        yield (retarget(node, 1 if is_input else -1, scaled, batch, "split"),)


def are_batches(source: Known, batch: Batch) -> bool:
    """Whether an axis is made up of several whole batches, one behind the other."""
    return source.old is not None and 1 < source.outer == source.old[source.axis] // batch.old


def cuts_the_batch(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> bool:
    """Whether a Split into equal parts takes the items of one batch apart."""
    if node.op_type != "Split" or not batch.has(inputs[0]) or len(node.output) < 2:
        return False
    data = inputs[0]
    return axis_of(node, data) == data.axis and data.outer == 1 == _rows(data, batch)


def _rows(data: Known, batch: Batch) -> int:
    return (data.old or (0,))[data.axis] // batch.old
