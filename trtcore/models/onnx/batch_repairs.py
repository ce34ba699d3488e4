"""What can be changed at one node so that its output has the new batch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from onnx import GraphProto, NodeProto

from trtcore.models.onnx.batch_edits import Edit, Extend, Repeat, Retarget
from trtcore.models.onnx.batch_operands import image_numbers, operand_repairs
from trtcore.models.onnx.batch_picks import axis_of, picks_every_item, picks_items
from trtcore.models.onnx.batch_scatter import counted_rows, updates_axis
from trtcore.models.onnx.batch_values import Batch, Known, Shape, Values
from trtcore.models.onnx.walk import walk_nodes

# The input of each operator that holds the shape of its output.
_SHAPE_INPUTS = {"Expand": 1, "Reshape": 1, "Resize": 3}
# `end` of a Slice that goes to the end, whatever that is.
_TO_THE_END = 2**63 - 1
_RECURRENT = frozenset({"GRU", "LSTM", "RNN"})
# The axis of the batch in the lengths of their sequences and in their initial states.
_STATES = {4: 0, 5: 1, 6: 1}


def reshaped(source: Known, target: Shape, batch: Batch) -> tuple[int, int] | None:
    """Where the batch is after a Reshape: the axis, and what lies around it in that axis.

    The order of the elements stays, so that the batch is behind as many elements as before. With a
    batch of 1 several axes may be meant: dimensions that both shapes have on the outside are taken
    for the same.

    Args:
        source: the value at both batches.
        target: the shape it is given at the old batch.
        batch: both batches.
    """
    axis = source.axis
    assert source.old is not None
    around = math.prod(source.old[:axis]) * source.outer
    start = 0
    while start < min(axis, len(target)) and target[start] == source.old[start]:
        start += 1
    for place in range(start, len(target)):
        before = math.prod(target[:place])
        if before == 0 or around % before or before > around:
            continue
        outer = around // before
        if target[place] % outer == 0 and (target[place] // outer) % batch.old == 0:
            return place, outer
    return None


def is_misplaced(node: NodeProto, inputs: Sequence[Known], output: Known, batch: Batch) -> bool:
    """Whether a Reshape to constant numbers moves the batch into another axis than its own.

    A target of [1, -1, C] makes one long item of all of them.
    """
    if node.op_type != "Reshape" or output.old is None or not batch.has(inputs[0]):
        return False
    if len(inputs) > 1 and inputs[1].changes:
        return False
    place = reshaped(inputs[0], output.old, batch)
    return place is not None and place[0] != output.axis


def repairs(
    node: NodeProto, inputs: Sequence[Known], outputs: Sequence[Known], batch: Batch
) -> Iterator[tuple[Edit, ...]]:
    """Ways to let the batch through a node, the likeliest first.

    Args:
        node: where it is lost.
        inputs: at both batches, as far as known.
        outputs: at the old batch.
        batch: both batches.
    """
    if picks_every_item(node, inputs):
        axis = axis_of(node, inputs[0])
        if inputs[0].old is not None and inputs[0].old[axis] == batch.old:
            yield (Repeat(node.name, 0, axis, (batch.old, batch.new)),)
        return
    source = next((one for one in inputs if batch.has(one)), None)
    if source is None or not outputs or outputs[0].old is None:
        return
    if node.op_type == "Reshape":
        yield from _reshape(node, source, outputs[0].old, batch)
    elif node.op_type == "Resize" and len(node.input) > 3 and node.input[3]:
        yield from _resize(node, inputs, batch)
    elif node.op_type == "Expand":
        target = _with_axis(outputs[0].old, source, batch)
        if target is not None:
            yield (_retarget(node, 1, target, batch),)
    elif node.op_type == "Slice":
        yield from _slice(node, inputs, source, batch)
    elif node.op_type == "ScatterND":
        axis = updates_axis(inputs, batch)
        if axis >= 0:
            yield (Repeat(node.name, 2, axis, (batch.old, batch.new)),)
        return
    yield from operand_repairs(node, inputs, batch)
    yield from _repeats(node, inputs, source, batch)


# Arithmetic between a constant that counts the batch and the indices made of it; the inputs of the
# latter three that it comes by.
_INDEX_ARITHMETIC = {"Add": 2, "Mul": 2, "Sub": 2, "Concat": 99}
_HANDED_ON = frozenset({"Cast", "Expand", "Identity", "Reshape", "Unsqueeze"})


def counters(
    graph: GraphProto, node: NodeProto, known: Mapping[str, Known], batch: Batch
) -> dict[str, Extend]:
    """Constants 0, 1, 2 ... of the old batch's length, which the indices of a Gather are made of.

    Args:
        graph: the graph.
        node: where the batch is lost.
        known: what is known of the values before it.
        batch: both batches.
    """
    if node.op_type == "RoiAlign":
        images = known.get(node.input[2], Known())
        numbers = image_numbers(images, batch)
        if numbers is None or images.old_values is None:
            return {}
        name = node.input[2]
        return {name: Extend(node.name, name, images.old_values, numbers, batch.new)}
    if not node.op_type.startswith(("Gather", "Scatter")):
        return {}
    writers = {name: one for one in walk_nodes(graph) for name in one.output}
    found: dict[str, Extend] = {}
    todo, seen = [node.input[1]], set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        one = known.get(name, Known())
        if (values := _counted(one, batch)) is None:
            values = counted_rows(node, name, known, batch)
        if values is not None and one.old_values is not None:
            found[name] = Extend(node.name, name, one.old_values, values, batch.new)
        elif (writer := writers.get(name)) is not None and writer.op_type != "Constant":
            most = 1 if writer.op_type in _HANDED_ON else _INDEX_ARITHMETIC.get(writer.op_type, 0)
            todo += list(writer.input[:most])
    return found


def _counted(value: Known, batch: Batch) -> Values | None:
    """The numbers of the items of the new batch, where a constant holds those of the old one."""
    if value.old_values is None or value.old is None or value.changes:
        return None
    # A lone 0 counts a batch of 1 only where it has an axis for it.
    is_count = max(value.old, default=0) == value.old_values.size == batch.old
    if not is_count or value.old_values.dtype.kind != "i":
        return None
    if not np.array_equal(value.old_values.ravel(), np.arange(batch.old)):
        return None
    axis = value.old.index(batch.old)
    shape = [*value.old[:axis], batch.new, *value.old[axis + 1 :]]
    return np.arange(batch.new, dtype=value.old_values.dtype).reshape(shape)


def _reshape(
    node: NodeProto, source: Known, target: Shape, batch: Batch
) -> Iterator[tuple[Edit, ...]]:
    place = reshaped(source, target, batch)
    if place is not None:
        new = list(target)
        new[place[0]] = batch.scaled(target[place[0]])
        yield (_retarget(node, 1 if len(node.input) > 1 else -1, new, batch, "shape"),)


def _resize(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> Iterator[tuple[Edit, ...]]:
    sizes, axis = inputs[3].old_values, inputs[0].axis
    axes = next((list(a.ints) for a in node.attribute if a.name == "axes"), None)
    rank = len(inputs[0].old or ())
    places = list(range(rank)) if axes is None else [one % rank for one in axes]
    if sizes is not None and axis in places:
        new = [int(size) for size in sizes]
        place = places.index(axis)
        new[place] = batch.scaled(new[place])
        yield (_retarget(node, 3, new, batch),)


def _slice(
    node: NodeProto, inputs: Sequence[Known], source: Known, batch: Batch
) -> Iterator[tuple[Edit, ...]]:
    """A part that is the whole of the old batch is meant to be the whole."""
    assert source.old is not None
    given = {a.name: list(a.ints) for a in node.attribute}
    for index, name in enumerate(("", "starts", "ends", "axes", "steps")):
        if name and index < len(inputs) and node.input[index]:
            values = inputs[index].old_values
            if values is None:
                return
            given[name] = [int(value) for value in values]
    starts, ends = given.get("starts", []), given.get("ends", [])
    axes = [axis % len(source.old) for axis in given.get("axes", range(len(ends)))]
    if source.axis not in axes:
        return
    place = axes.index(source.axis)
    if starts[place] == 0 and ends[place] >= source.old[source.axis]:
        ends[place] = _TO_THE_END
        yield (_retarget(node, 2 if len(inputs) > 1 else -1, ends, batch, "ends"),)


def _repeats(
    node: NodeProto, inputs: Sequence[Known], source: Known, batch: Batch
) -> Iterator[tuple[Edit, ...]]:
    """Inputs of the old batch that meet one of the new batch, repeated."""
    # Numbers of items, repeated, would pick the same item for all of the batch.
    if source.outer != 1 or source.old is None or picks_items(node, source):
        return
    is_recurrent = node.op_type in _RECURRENT
    axis_from_end = len(source.old) - source.axis
    edits = []
    for index, one in enumerate(inputs):
        if not node.input[index] or one.old is None or one.old != one.new:
            continue
        axis = _STATES.get(index, -1) if is_recurrent else len(one.old) - axis_from_end
        length = batch.old if is_recurrent else source.old[source.axis]
        if axis < 0 or one.old[axis] != length:
            continue
        edits.append(Repeat(node.name, index, axis, (length, batch.scaled(length))))
    if edits:
        yield tuple(edits)


def _with_axis(target: Shape, source: Known, batch: Batch) -> list[int] | None:
    """A shape whose axis, counted from the end as broadcasting does, has the new batch."""
    assert source.old is not None
    axis = len(target) - (len(source.old) - source.axis)
    if not 0 <= axis < len(target):
        return None
    new = list(target)
    new[axis] = batch.scaled(new[axis])
    return new


def _retarget(
    node: NodeProto, index: int, values: Sequence[int], batch: Batch, attribute: str = ""
) -> Retarget:
    return Retarget(
        node.name,
        index,
        tuple(values),
        (batch.old, batch.new),
        attribute if index < 0 else "",
    )
