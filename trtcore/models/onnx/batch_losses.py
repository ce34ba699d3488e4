"""Whether a node lets the batch through as it is: each of its outputs has it, or need not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import onnx
from onnx import NodeProto

from trtcore.models.onnx.batch_cuts import cuts_the_batch
from trtcore.models.onnx.batch_marks import picks_of_one_item
from trtcore.models.onnx.batch_mixing import RECURRENT, mixes_items
from trtcore.models.onnx.batch_operands import operands_fit
from trtcore.models.onnx.batch_picks import has_every_item, picks_every_item
from trtcore.models.onnx.batch_repairs import is_misplaced
from trtcore.models.onnx.batch_scatter import is_scattered
from trtcore.models.onnx.batch_values import Batch, Known
from trtcore.models.onnx.graph import ONNX_DOMAINS

# Operators whose outputs may rightly have no batch: they reduce over it, or it depends on values.
_MAY_LOSE = frozenset(
    {
        "ArgMax",
        "ArgMin",
        "Compress",
        "If",
        "Loop",
        "NegativeLogLikelihoodLoss",
        "NonMaxSuppression",
        "NonZero",
        "RoiAlign",
        "Scan",
        "SequenceAt",
        "Shape",
        "Size",
        "SoftmaxCrossEntropyLoss",
        "Unique",
    }
)
# Only the first output of these has the batch.
_FIRST_ONLY = frozenset({"BatchNormalization", "DynamicQuantizeLinear"})


def is_carried(
    node: NodeProto,
    inputs: Sequence[Known],
    outputs: Mapping[str, Known],
    batch: Batch,
    opset: int,
) -> bool:
    """Whether the outputs have the batch, if an input has it, or every item has its turn.

    Args:
        node: the node.
        inputs: at both batches, as far as known.
        outputs: the same of what it writes, by name.
        batch: both batches.
        opset: of ONNX's operators in the graph.
    """
    if picks_every_item(node, inputs):
        return has_every_item(node, inputs[0], batch)
    if _misses_items(node, inputs, batch, opset):
        return False
    if _may_lose(node, opset) or not any(batch.has(one) for one in inputs):
        return True
    named = [one for name, one in zip(node.input, inputs, strict=True) if name]
    if not all(one.is_known for one in named):
        return True  # it depends on values: only a run would tell
    # An initial state of one item passes ONNX's inference, and no runtime.
    if any(True for _ in _lone_states(node, inputs, batch)):
        return False
    names = node.output[:1] if node.op_type in _FIRST_ONLY else node.output
    known = [outputs[name] for name in names if name and outputs[name].is_known]
    return all(batch.has(one) and not is_misplaced(node, inputs, one, batch) for one in known)


def _may_lose(node: NodeProto, opset: int) -> bool:
    """Whether the outputs of a node may be without the batch."""
    # Nobody knows the shapes of a plugin.
    is_plugin = node.domain not in ONNX_DOMAINS or not onnx.defs.has(node.op_type, opset)
    return is_plugin or node.op_type in _MAY_LOSE or node.op_type.startswith("Reduce")


def _misses_items(node: NodeProto, inputs: Sequence[Known], batch: Batch, opset: int) -> bool:
    """Whether operands are of other items than the batch's, though ONNX's inference passes them."""
    return (
        picks_of_one_item(node, inputs, batch)
        or cuts_the_batch(node, inputs, batch)
        or _steps_through_items(node, inputs, batch, opset)
        or not is_scattered(node, inputs, batch)
        or not operands_fit(node, inputs, batch)
    )


def _steps_through_items(
    node: NodeProto, inputs: Sequence[Known], batch: Batch, opset: int
) -> bool:
    """Whether a recurrent node takes the items for its steps: its input has the time first."""
    is_recurrent = node.op_type in RECURRENT and not batch.is_open
    return is_recurrent and mixes_items(node, inputs, batch, opset)


def _lone_states(node: NodeProto, inputs: Sequence[Known], batch: Batch) -> Iterator[int]:
    """The initial states of a recurrent node that are of the old batch."""
    if node.op_type in RECURRENT and batch.has(inputs[0]):
        for index in (5, 6):
            if index < len(inputs) and node.input[index] and not batch.has(inputs[index]):
                yield index
