"""Where the batch of a value lies in its memory: what a Reshape does to it follows from that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from onnx import NodeProto

from trtcore.models.onnx.batch_values import Batch, Known

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
    assert source.old is not None
    is_same = output.old[output.axis] == source.old[source.axis]
    return replace(output, outer=source.outer) if is_same else output
