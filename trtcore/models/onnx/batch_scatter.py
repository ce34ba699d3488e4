"""Values that are written into others by their place: places that count the batch, and updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from onnx import NodeProto

from trtcore.models.onnx.batch_values import Batch, Known, Shape, Values

_BY_ELEMENT = frozenset({"Scatter", "ScatterElements"})


def is_scattered(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> bool:
    """Whether every item of the batch is written to; True for other nodes.

    The output of a Scatter has the shape of its data, whatever is written: ONNX's inference says
    nothing of updates for the old batch alone.
    """
    data, places, updates, *_ = (*inputs, Known(), Known(), Known())
    is_known = data.is_known and places.is_known and updates.is_known
    if not is_known:
        return True
    if not batch.has(data):
        # What is written has the batch, and what it is written to has not.
        return node.op_type != "ScatterND" or not batch.has(updates)
    if node.op_type == "ScatterND":
        return _is_by_rows(data, places, updates, batch)
    if node.op_type in _BY_ELEMENT:
        return _is_by_elements(node, data, places, updates, batch)
    return True


def _is_by_rows(data: Known, places: Known, updates: Known, batch: Batch) -> bool:
    assert data.new is not None
    assert places.new is not None
    depth = places.new[-1]
    # A place that names the item of the batch has to be there for each of them.
    names_item = data.axis < depth
    fits = updates.new == (*places.new[:-1], *data.new[depth:])
    return fits and (batch.has(places) or not names_item)


def _is_by_elements(
    node: NodeProto, data: Known, places: Known, updates: Known, batch: Batch
) -> bool:
    assert data.old is not None
    assert places.old is not None
    along = next((one.i for one in node.attribute if one.name == "axis"), 0) % len(data.old)
    is_whole = places.old[data.axis] == data.old[data.axis]
    is_meant = along == data.axis or is_whole
    return places.new == updates.new and (batch.has(places) or not is_meant)


def scattered_axis(inputs: Sequence[Known], batch: Batch) -> tuple[int, int]:
    """What of a ScatterND is of the old batch, while others are of the new one: input and axis.

    Returns:
        An axis of -1 if that cannot be told.
    """
    data, places, updates = inputs[:3]
    if not batch.has(data) and data.old is not None and data.old == data.new:
        return 0, _data_axis(data, places, updates, batch)
    if not batch.has(places) or places.old is None or places.axis == len(places.old) - 1:
        return 2, -1
    is_old = updates.old is not None and updates.old == updates.new
    return 2, places.axis if is_old else -1


def _data_axis(data: Known, places: Known, updates: Known, batch: Batch) -> int:
    """The axis by which data of one batch have to have the items that are written to them."""
    if not batch.has(updates) or places.old is None or data.old is None:
        return -1
    outer, depth = len(places.old) - 1, places.old[-1]
    if updates.axis >= outer:
        axis = depth + updates.axis - outer
    else:
        rows = places.old_values
        axes = [] if rows is None else _components(rows, updates.axis, depth, batch)
        axis = next((axis for axis in axes if data.old[axis] == batch.old), -1)
    return axis if 0 <= axis < len(data.old) and data.old[axis] == batch.old else -1


def _components(rows: Values, axis: int, depth: int, batch: Batch) -> list[int]:
    """The components of rows that count the items along an axis."""
    return [one for one in range(depth) if _counts(rows, axis, one, batch.old)]


def counted(shape: Shape, axis: int, step: int = 1) -> Values:
    """Numbers 0, 1, 2 ... times a step along an axis, the same along all others."""
    numbers = np.arange(shape[axis], dtype=np.int64) * step
    lengths = [-1 if place == axis else 1 for place in range(len(shape))]
    return np.broadcast_to(numbers.reshape(lengths), shape)


def counted_rows(
    node: NodeProto, name: str, known: Mapping[str, Known], batch: Batch
) -> Values | None:
    """Places in several axes, ``[[0, 3], [1, 3]]``, for every item of the new batch.

    Args:
        node: a GatherND or ScatterND.
        name: of a value that its places are made of: only they themselves are such rows.
        known: what is known of the values.
        batch: both batches.

    Returns:
        None where they do not count the items of the old batch along an axis. With a batch of 1
        that may be several: then the one by which the updates have the batch is meant.
    """
    data, places = known.get(node.input[0], Known()), known.get(name, Known())
    is_it = name == node.input[1] and node.op_type in ("GatherND", "ScatterND")
    if not is_it or places.changes or places.old_values is None:
        return None
    rows = places.old_values
    updates = known.get(node.input[2], Known()) if node.op_type == "ScatterND" else Known()
    of_items = data.axis if batch.has(data) else _data_axis(data, places, updates, batch)
    if rows.dtype.kind != "i" or rows.ndim < 2 or not 0 <= of_items < rows.shape[-1]:
        return None
    axes = [axis for axis in range(rows.ndim - 1) if _counts(rows, axis, of_items, batch.old)]
    if batch.has(updates) and updates.axis in axes:
        axes = [updates.axis]
    return _extended(rows, axes[0], of_items, batch) if len(axes) == 1 else None


def _counts(rows: Values, axis: int, component: int, old: int) -> bool:
    """Whether rows differ along an axis in one component alone, which is 0, 1, 2 ... there."""
    if rows.shape[axis] != old:
        return False
    first = np.take(rows, [0], axis=axis)
    count = np.arange(old).reshape([-1 if i == axis else 1 for i in range(rows.ndim - 1)])
    wanted = np.repeat(first, old, axis=axis)
    wanted[..., component] = count
    return np.array_equal(rows, wanted)


def _extended(rows: Values, axis: int, component: int, batch: Batch) -> Values:
    count = np.arange(batch.new, dtype=rows.dtype)
    new = np.repeat(np.take(rows, [0], axis=axis), batch.new, axis=axis)
    new[..., component] = count.reshape([-1 if i == axis else 1 for i in range(rows.ndim - 1)])
    return new
