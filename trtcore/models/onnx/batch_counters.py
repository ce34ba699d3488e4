"""Constants that count the items of the old batch, made to count those of the new one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import GraphProto, NodeProto

from trtcore.models.onnx.batch_edits import Extend
from trtcore.models.onnx.batch_operands import image_numbers
from trtcore.models.onnx.batch_picks import axis_of
from trtcore.models.onnx.batch_scatter import counted, counted_rows
from trtcore.models.onnx.batch_values import Batch, Known, Values
from trtcore.models.onnx.walk import walk_nodes

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
    search = _Search(node, known, batch, writers)
    return search.rows() or search.found(node.input[1], _step(node, known, batch))


class _Search:
    """Looks for constants in what the indices of a node are made of."""

    def __init__(
        self,
        node: NodeProto,
        known: Mapping[str, Known],
        batch: Batch,
        writers: Mapping[str, NodeProto],
    ) -> None:
        self._node = node
        self._known = known
        self._batch = batch
        self._writers = writers
        self._seen: set[str] = set()

    def found(self, name: str, step: int) -> dict[str, Extend]:
        """The constants by name; a result of arithmetic only where none of its operands is one."""
        if name in self._seen:
            return {}
        self._seen.add(name)
        writer = self._writers.get(name, NodeProto())
        deeper: dict[str, Extend] = {}
        kind = writer.op_type
        most = 1 if kind in _HANDED_ON else _INDEX_ARITHMETIC.get(kind, 0)
        for read in self._operands(writer)[:most]:
            deeper |= self.found(read, 1 if kind == "Mul" else step)
        return deeper or self._itself(name, step)

    def _operands(self, writer: NodeProto) -> list[str]:
        """What a writer reads; of a Concat of places in several axes, the part of the batch's."""
        reads = list(writer.input)
        data = self._known.get(self._node.input[0], Known())
        known = [self._known.get(name, Known()) for name in reads]
        is_joined = writer.op_type == "Concat" and self._node.op_type.endswith("ND")
        if not is_joined or not self._batch.has(data) or any(one.old is None for one in known):
            return reads
        first = next((one.i for one in self._node.attribute if one.name == "batch_dims"), 0)
        parts = [name for name, one in zip(reads, known, strict=True) for _ in range(_last(one))]
        place = data.axis - first
        return [parts[place]] if 0 <= place < len(parts) else reads

    def _itself(self, name: str, step: int) -> dict[str, Extend]:
        return self._extend(name, _counted(self._known.get(name, Known()), self._batch, step))

    def rows(self) -> dict[str, Extend]:
        """The indices themselves, where they are constant places in several axes."""
        name = self._node.input[1]
        return self._extend(name, counted_rows(self._node, name, self._known, self._batch))

    def _extend(self, name: str, values: Values | None) -> dict[str, Extend]:
        was = self._known.get(name, Known()).old_values
        if values is None or was is None:
            return {}
        return {name: Extend(self._node.name, name, was, values, self._batch.new)}


def _last(one: Known) -> int:
    return one.old[-1] if one.old else 1


def _step(node: NodeProto, known: Mapping[str, Known], batch: Batch) -> int:
    """How far the items lie apart in the axis that a Gather picks along."""
    data = known.get(node.input[0], Known())
    is_along = node.op_type == "Gather" and batch.has(data) and data.outer == 1
    if not is_along or data.old is None or axis_of(node, data) != data.axis:
        return 1
    return data.old[data.axis] // batch.old


def _counted(value: Known, batch: Batch, step: int) -> Values | None:
    """The places of the items of the new batch, where a constant holds those of the old one.

    Args:
        value: the constant.
        batch: both batches.
        step: how far the items lie apart where the constant is used as it is; a constant that is
            multiplied with that, or that a row of each item is picked by, counts in ones.
    """
    if value.old_values is None or value.old is None or value.changes:
        return None
    # A lone 0 counts a batch of 1 only where it has an axis for it.
    axes = [axis for axis, length in enumerate(value.old) if length == batch.old]
    if value.old_values.dtype.kind != "i":
        return None
    for axis in axes:
        for one in (step, 1):
            if np.array_equal(value.old_values, counted(value.old, axis, one)):
                shape = (*value.old[:axis], batch.new, *value.old[axis + 1 :])
                return counted(shape, axis, one).astype(value.old_values.dtype)
    return None
