"""What the readers of a value say of where the batch is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from onnx import NodeProto

from trtcore.models.onnx.batch_values import Known

# Products with weights, whose rows are as long as those of the old batch, and what is computed
# within an item.
_ASKED = frozenset({"Gemm", "LayerNormalization", "MatMul", "Softmax"})
# What hands on the shape it reads, so that its readers are asked.
_SAME_SHAPE = frozenset(
    {"Add", "Cast", "Div", "Dropout", "Erf", "Gelu", "Identity", "Mul", "Relu", "Sigmoid", "Sub"}
)
# Readers further behind say no more than the nearest ones, in networks that people export.
_DEPTH = 4


class Judge(Protocol):
    """What knows the other operands of a node."""

    def fits(self, node: NodeProto, name: str, value: Known) -> bool:
        """Whether a node takes a value in the place of that name, and no items together."""


def objects(
    name: str,
    value: Known,
    readers: Mapping[str, Sequence[NodeProto]],
    judge: Judge,
    depth: int = _DEPTH,
) -> bool:
    """Whether a reader cannot be meant to read a value with the batch where it is.

    Between a Reshape of ``[17, 1, 8]`` to ``[17, 8]`` and a product with ``[8, 8]``, a batch can
    only be in the first axis, though its items lie inside of the 17 in either.

    Args:
        name: of the value.
        value: at both batches.
        readers: of each value.
        judge: whom to ask.
        depth: how many nodes one behind the other are asked.
    """
    for node in readers.get(name, ()):
        if node.op_type in _ASKED or node.op_type.startswith("Reduce"):
            is_objection = not judge.fits(node, name, value)
        else:
            is_same = node.op_type in _SAME_SHAPE and depth > 1
            is_objection = is_same and objects(node.output[0], value, readers, judge, depth - 1)
        if is_objection:
            return True
    return False
