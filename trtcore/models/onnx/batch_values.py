"""What is known of the values of a graph at two batches: types, shapes, and small integers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, TypeProto, helper, numpy_helper

Shape = tuple[int, ...]
Values = NDArray[Any]

# Shape arithmetic has a handful of values; tables that are computed may have thousands.
_MOST_VALUES = 1024
# Operators that exporters compute shapes with.
_ARITHMETIC = frozenset(
    {
        "Add",
        "Cast",
        "Ceil",
        "Concat",
        "ConstantOfShape",
        "Div",
        "Equal",
        "Expand",
        "Floor",
        "Gather",
        "Identity",
        "Max",
        "Min",
        "Mod",
        "Mul",
        "Neg",
        "Range",
        "ReduceProd",
        "Reshape",
        "Slice",
        "Squeeze",
        "Sub",
        "Transpose",
        "Unsqueeze",
        "Where",
    }
)


class LostError(Exception):
    """The batch is lost in a node."""

    def __init__(self, node: NodeProto, text: str) -> None:
        super().__init__(text)
        self.node = node


@dataclass(frozen=True, eq=False)
class Known:
    """A value of a graph at the old batch and at the new one.

    Attributes:
        elem_type: of a tensor; 0 if it is none, or unknown.
        old: its shape at the old batch; None if unknown.
        new: its shape at the new batch; None if unknown.
        outer: how many elements of its batch axis belong together around the batch: 1, or the
            length of a sequence that was folded with the batch behind it.
        old_values: what it holds at the old batch, if that is known and small.
        new_values: what it holds at the new batch.
        counts_items: it is the number of an item of the batch, in a Loop over all of them, as a
            scalar or with axes of length 1.
        is_within: it is made of places within each item: of a largest value, say.
        tells_items: it is made of numbers that differ from item to item of the batch.
        mixed: the node that computed it of all items together; None where it has the batch.
    """

    elem_type: int = 0
    old: Shape | None = None
    new: Shape | None = None
    outer: int = 1
    old_values: Values | None = None
    new_values: Values | None = None
    counts_items: bool = False
    is_within: bool = False
    tells_items: bool = False
    mixed: str | None = None

    @cached_property
    def axis(self) -> int:
        """The axis that changes with the batch; -1 for none, or where not exactly one does."""
        if self.old is None or self.new is None or len(self.old) != len(self.new):
            return -1
        axes = [i for i, (a, b) in enumerate(zip(self.old, self.new, strict=True)) if a != b]
        return axes[0] if len(axes) == 1 else -1

    @cached_property
    def changes(self) -> bool:
        """Whether it is different at the new batch."""
        same = self.old == self.new and self.old is not None
        return not same or not _equal(self.old_values, self.new_values)

    def equals(self, other: Known) -> bool:
        """Whether the same is known of both."""
        bare = [replace(a, old_values=None, new_values=None) for a in (self, other)]
        mine, theirs = ([getattr(a, one.name) for one in fields(a)] for a in bare)
        return (
            mine == theirs
            and _equal(self.old_values, other.old_values)
            and _equal(self.new_values, other.new_values)
        )

    @property
    def is_known(self) -> bool:
        """Whether its type and both shapes are known."""
        return bool(self.elem_type) and self.old is not None and self.new is not None

    @property
    def at_old(self) -> Known:
        """The same at the old batch only."""
        return replace(self, new=self.old, new_values=self.old_values)


@dataclass(frozen=True)
class Batch:
    """The batch that a graph was exported with, and the one it is to have.

    Attributes:
        old: the first.
        new: the second.
        is_open: the file leaves its batch open, so that it means what it does to several items.
    """

    old: int
    new: int
    is_open: bool = False

    def scaled(self, length: int) -> int:
        """The length of an axis at the new batch; 0 if it does not hold the old one."""
        return length // self.old * self.new if length % self.old == 0 else 0

    def has(self, value: Known) -> bool:
        """Whether exactly one axis of a value grows with the batch."""
        axis = value.axis
        if axis < 0 or value.old is None or value.new is None:
            return False
        return value.new[axis] == self.scaled(value.old[axis])


def constant(tensor: TensorProto) -> Known:
    """A constant, which is the same at every batch."""
    shape = tuple(tensor.dims)
    is_small = math.prod(shape) <= _MOST_VALUES and tensor.data_type in (
        TensorProto.INT64,
        TensorProto.INT32,
        TensorProto.BOOL,
        TensorProto.FLOAT,
    )
    values = numpy_helper.to_array(tensor) if is_small and _has_data(tensor, shape) else None
    return Known(tensor.data_type, shape, shape, 1, values, values)


def computed(node: NodeProto, inputs: Sequence[Known], opset: int) -> Known | None:
    """The result of shape arithmetic; None where a node is none, or its inputs are not known."""
    if node.op_type == "Shape":
        return _shape_of(node, inputs[0])
    if node.op_type not in _ARITHMETIC or len(node.output) != 1:
        return None
    if any(one.old_values is None or one.new_values is None for one in inputs):
        return None
    try:
        evaluate = _evaluator(node, opset)
        old = evaluate([one.old_values for one in inputs])
        same = all(_equal(one.old_values, one.new_values) for one in inputs)
        new = old if same else evaluate([one.new_values for one in inputs])
    except Exception:  # whatever an evaluation objects to, the shapes alone have to do then
        return None
    if max(old.size, new.size) > _MOST_VALUES:
        return None
    kind = int(helper.np_dtype_to_tensor_dtype(old.dtype))
    return Known(kind, old.shape, new.shape, 1, old, new)


def inferred(
    node: NodeProto, inputs: Sequence[Known], opset: int, ir_version: int
) -> dict[str, TypeProto]:
    """Types of a node's outputs at the new batch, by ONNX's own inference.

    Returns:
        Types by name; none where the inputs are not known well enough.

    Raises:
        InferenceError: the inputs do not fit each other.
    """
    is_known = all(one.is_known for name, one in zip(node.input, inputs, strict=True) if name)
    if not is_known or not onnx.defs.has(node.op_type, opset):
        return {}
    schema = onnx.defs.get_schema(node.op_type, opset)
    node = _distinct(node)
    named = {name: one for name, one in zip(node.input, inputs, strict=True) if name}
    types = {
        name: helper.make_tensor_type_proto(one.elem_type, one.new) for name, one in named.items()
    }
    data = {
        name: numpy_helper.from_array(one.new_values)
        for name, one in named.items()
        if one.new_values is not None
    }
    imports = [helper.make_opsetid("", opset)]
    return dict(
        onnx.shape_inference.infer_node_outputs(
            schema, node, types, data, opset_imports=imports, ir_version=ir_version
        )
    )


def _distinct(node: NodeProto) -> NodeProto:
    """The node with a name for each input: of a constant that is read twice, one may be edited."""
    names = [name for name in node.input if name]
    if len(set(names)) == len(names):
        return node
    apart = NodeProto()
    apart.CopyFrom(node)
    apart.input[:] = [name and f"{name}__{index}" for index, name in enumerate(node.input)]
    return apart


def static_shape(kind: TypeProto | None) -> Shape | None:
    """The shape of a tensor type; None where a dimension is unknown."""
    if kind is None:
        return None
    tensor = kind.tensor_type
    if not kind.HasField("tensor_type") or not tensor.HasField("shape"):
        return None
    if not all(dim.HasField("dim_value") for dim in tensor.shape.dim):
        return None
    return tuple(dim.dim_value for dim in tensor.shape.dim)


def _shape_of(node: NodeProto, value: Known) -> Known | None:
    if value.old is None or value.new is None:
        return None
    limits: dict[str, int] = {one.name: one.i for one in node.attribute}
    part = slice(limits.get("start", 0), limits.get("end"))
    old, new = (np.array(shape[part], np.int64) for shape in (value.old, value.new))
    return Known(TensorProto.INT64, old.shape, new.shape, 1, old, new)


def _evaluator(node: NodeProto, opset: int) -> Callable[[Sequence[Any]], Values]:
    from onnx.reference import ReferenceEvaluator  # a tenth of the time that imports take

    evaluator = ReferenceEvaluator(node, opsets={"": opset})
    names = tuple(node.input)

    def evaluate(values: Sequence[Any]) -> Values:
        feeds = {name: value for name, value in zip(names, values, strict=True) if name}
        (result,) = evaluator.run(None, feeds)
        return np.asarray(result)

    return evaluate


def _equal(a: Values | None, b: Values | None) -> bool:
    if a is b or a is None or b is None:
        return a is b
    return np.array_equal(a, b)


def _has_data(tensor: TensorProto, shape: Shape) -> bool:
    """Whether the values are there: of large weights only type and shape are kept."""
    fields = (tensor.raw_data, tensor.int64_data, tensor.int32_data, tensor.float_data)
    return not math.prod(shape) or any(len(field) for field in fields)
