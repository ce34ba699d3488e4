"""Where the batch of a value lies in its memory: what a Reshape does to it follows from that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from onnx import NodeProto

from trtcore.models.onnx.batch_values import Batch, Known

# `outer` of a value whose batch lies in no such way in its axis.
NO_LAYOUT = 0
# Operators that leave the order of the elements as it is.
RESHAPING = frozenset({"Flatten", "Reshape", "Squeeze", "Unsqueeze"})


def followed(node: NodeProto, inputs: Sequence[Known], output: Known, batch: Batch) -> Known:
    """The output of a node, with how its batch axis is made up."""
    source = next((one for one in inputs if batch.has(one)), None)
    if source is None or output.old is None or not batch.has(output):
        return output
    if node.op_type in RESHAPING:
        assert source.old is not None
        around = math.prod(source.old[: source.axis]) * source.outer
        before = math.prod(output.old[: output.axis])
        return replace(output, outer=around // before) if around % before == 0 else output
    if node.op_type == "Concat" and _axis(node, output) == output.axis:
        return replace(output, outer=_joined(inputs, batch))
    if node.op_type in ("Slice", "Split"):
        return replace(output, outer=_cut(source, output, batch))
    assert source.old is not None
    is_same = output.old[output.axis] == source.old[source.axis]
    return replace(output, outer=source.outer) if is_same else output


def _axis(node: NodeProto, output: Known) -> int:
    axis = next((int(one.i) for one in node.attribute if one.name == "axis"), 0)
    return axis % len(output.old or (0,))


def _joined(inputs: Sequence[Known], batch: Batch) -> int:
    """How batches one behind the other are made up: the whole batch, as often as there are."""
    rows = [one.old[one.axis] // batch.old for one in inputs if one.old]
    # Where items have several rows each, those of one item are no longer beside each other.
    whole = all(batch.has(one) and one.outer == row for one, row in zip(inputs, rows, strict=False))
    return sum(rows) if whole and len(rows) == len(inputs) else NO_LAYOUT


def _cut(source: Known, output: Known, batch: Batch) -> int:
    """How a part of batches one behind the other is made up."""
    if source.old is None or output.old is None or output.old == source.old:
        return source.outer
    if source.axis != output.axis or output.old[output.axis] == source.old[source.axis]:
        return source.outer
    is_whole = source.outer * batch.old == source.old[source.axis]
    return output.old[output.axis] // batch.old if is_whole else NO_LAYOUT
