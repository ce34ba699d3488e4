"""What can be changed at one node so that its output has the new batch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from onnx import NodeProto

from trtcore.models.onnx.batch_cuts import retarget, slice_repairs, split_repairs
from trtcore.models.onnx.batch_edits import Edit, Repeat
from trtcore.models.onnx.batch_layout import NO_LAYOUT
from trtcore.models.onnx.batch_mixing import RECURRENT
from trtcore.models.onnx.batch_operands import operand_repairs
from trtcore.models.onnx.batch_picks import axis_of, picks_every_item, picks_items
from trtcore.models.onnx.batch_scatter import scattered_axis
from trtcore.models.onnx.batch_values import Batch, Known, Shape

# The input of each operator that holds the shape of its output.
_SHAPE_INPUTS = {"Expand": 1, "Reshape": 1, "Resize": 3}
# The axis of the batch in the lengths of their sequences and in their initial states.
_STATES = {4: 0, 5: 1, 6: 1}


def reshaped(source: Known, target: Shape, batch: Batch) -> Iterator[tuple[int, int]]:
    """Where the batch may be after a Reshape: the axis, and what lies around it in that axis.

    The order of the elements stays, so that the batch is behind as many elements as before. With a
    batch of 1 several axes may be meant: the likeliest comes first. Dimensions that both shapes
    have on the outside are taken for the same.

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
    places = range(start, len(target)), range(start)
    found = [one for some in places for one in _held(target, some, around, batch)]
    # An axis for the batch alone is meant for it.
    yield from sorted(found, key=lambda one: one[1] != 1 or target[one[0]] != batch.old)


def _held(
    target: Shape, places: Iterable[int], around: int, batch: Batch
) -> Iterator[tuple[int, int]]:
    """Axes that can hold a batch which lies inside of as many elements, and how many of these."""
    for place in places:
        before = math.prod(target[:place])
        if before == 0 or around % before or before > around:
            continue
        outer = around // before
        if target[place] % outer == 0 and (target[place] // outer) % batch.old == 0:
            yield place, outer


def is_misplaced(node: NodeProto, inputs: Sequence[Known], output: Known, batch: Batch) -> bool:
    """Whether a Reshape to constant numbers moves the batch into another axis than its own.

    A target of [1, -1, C] makes one long item of all of them.
    """
    if node.op_type != "Reshape" or output.old is None or not batch.has(inputs[0]):
        return False
    if len(inputs) > 1 and inputs[1].changes:
        return False
    places = dict(reshaped(inputs[0], output.old, batch))
    if not places or output.axis == (first := next(iter(places))):
        return False
    # Where no axis is for the batch alone, -1 says where it is meant to be.
    is_for_it = places[first] == 1 and output.old[first] == batch.old
    return is_for_it or output.axis not in places


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
    if node.op_type == "Expand" and inputs[1].changes:
        yield from _expanded(node, inputs, batch)
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
            yield (retarget(node, 1, target, batch),)
    elif node.op_type == "Slice":
        yield from slice_repairs(node, inputs, source, batch)
    elif node.op_type == "Split":
        yield from split_repairs(node, inputs, source, batch)
    elif node.op_type == "ScatterND":
        index, axis = scattered_axis(inputs, batch)
        if axis >= 0:
            yield (Repeat(node.name, index, axis, (batch.old, batch.new)),)
        return
    yield from operand_repairs(node, inputs, batch)
    yield from _repeats(node, inputs, source, batch)


def _reshape(
    node: NodeProto, source: Known, target: Shape, batch: Batch
) -> Iterator[tuple[Edit, ...]]:
    for place, _ in reshaped(source, target, batch):
        new = list(target)
        new[place] = batch.scaled(target[place])
        yield (retarget(node, 1 if len(node.input) > 1 else -1, new, batch, "shape"),)


def _resize(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> Iterator[tuple[Edit, ...]]:
    sizes, axis = inputs[3].old_values, inputs[0].axis
    axes = next((list(a.ints) for a in node.attribute if a.name == "axes"), None)
    rank = len(inputs[0].old or ())
    places = list(range(rank)) if axes is None else [one % rank for one in axes]
    if sizes is not None and axis in places:
        new = [int(size) for size in sizes]
        place = places.index(axis)
        new[place] = batch.scaled(new[place])
        yield (retarget(node, 3, new, batch),)


def _repeats(
    node: NodeProto, inputs: Sequence[Known], source: Known, batch: Batch
) -> Iterator[tuple[Edit, ...]]:
    """Inputs of the old batch that meet one of the new batch, repeated."""
    # Numbers of items, repeated, would pick the same item for all of the batch.
    if source.outer == NO_LAYOUT or source.old is None or picks_items(node, source):
        return
    is_recurrent = node.op_type in RECURRENT
    axis_from_end = len(source.old) - source.axis
    edits = []
    for index, one in enumerate(inputs):
        if not node.input[index] or one.old is None or one.old != one.new:
            continue
        axis = _STATES.get(index, -1) if is_recurrent else len(one.old) - axis_from_end
        length = batch.old if is_recurrent else source.old[source.axis]
        if axis < 0 or one.old[axis] != length:
            continue
        edits.append(Repeat(node.name, index, axis, (length, batch.scaled(length)), source.outer))
    if edits:
        yield tuple(edits)


def _expanded(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> Iterator[tuple[Edit, ...]]:
    """A value of the old batch that is expanded to the new one, as the states of a recurrent node.

    With a batch of 1, it would be expanded as it is.
    """
    data, shape = inputs[:2]
    if data.old != data.new or not data.old or shape.old_values is None or shape.new_values is None:
        return
    pairs = zip(shape.old_values[-len(data.old) :], shape.new_values[-len(data.old) :], strict=True)
    for axis, (was, now) in enumerate(pairs):
        if was != now and data.old[axis] == was and batch.scaled(int(was)) == now:
            yield (Repeat(node.name, 0, axis, (int(was), int(now))),)


def _with_axis(target: Shape, source: Known, batch: Batch) -> list[int] | None:
    """A shape whose axis, counted from the end as broadcasting does, has the new batch."""
    assert source.old is not None
    axis = len(target) - (len(source.old) - source.axis)
    if not 0 <= axis < len(target):
        return None
    new = list(target)
    new[axis] = batch.scaled(new[axis])
    return new
