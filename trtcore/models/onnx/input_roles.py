"""Infers the meaning of an ONNX graph's inputs: token ids, positions, masks, shapes.

Arbitrary integers are no valid text: an embedding table has a fixed number of rows, and an
attention mask of random bits masks whole rows. How the graph uses an input tells what is valid.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from onnx import NodeProto, TensorProto, numpy_helper

from trtcore.models.fitting import Array
from trtcore.models.inputs import InputRole, Kind, Source, make_inputs
from trtcore.models.model import Model
from trtcore.models.onnx.graph import graph_inputs, model_inputs, tensor_info
from trtcore.models.onnx.index_operators import HANDED_ON, JOINED
from trtcore.models.onnx.input_values import Shapes, needed_values
from trtcore.models.onnx.shape_inputs import decides_shape, default_values
from trtcore.models.onnx.walk import bodies, walk_nodes
from trtcore.result.records.layers import TensorInfo

_INDEXING = frozenset({"Gather", "GatherElements", "GatherND", "ScatterElements", "ScatterND"})
# Where the length of what an input indexes is found: which input, and which of its axes.
_TABLES = {
    ("EmbedLayerNormalization", 0): (2, 0),
    ("EmbedLayerNormalization", 1): (4, 0),
    ("NegativeLogLikelihoodLoss", 1): (0, 1),
    ("RoiAlign", 2): (0, 0),
    ("SoftmaxCrossEntropyLoss", 1): (0, 1),
    ("TensorScatter", 2): (0, 0),
}
# Counts and rates, which may be floats.
_COUNTS = frozenset({("Dropout", 1), ("OneHot", 1), ("Range", 0), ("Range", 1), ("Range", 2)})
# Inputs that hold boxes as two corners.
_BOXES = frozenset({("NonMaxSuppression", 0), ("RoiAlign", 1)})
_SHIFTS = frozenset({"Add", "Sub"})
# How a graph uses a mask: as a condition, or as zeros and ones that are computed with.
_MASKING = frozenset({"And", "Equal", "Not", "Or", "Where", "Sub", "Mul", "ReduceSum", "CumSum"})
_INTEGERS = (TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL)
_ANY_INTEGERS = (
    *_INTEGERS,
    TensorProto.INT8,
    TensorProto.INT16,
    TensorProto.UINT8,
    TensorProto.UINT16,
    TensorProto.UINT32,
    TensorProto.UINT64,
)
# Words in the names of inputs that tell positions and kinds of tokens from tokens.
_POSITION_WORDS = ("position", "pos_ids")
_TYPE_WORDS = ("token_type", "segment")


@dataclass(frozen=True)
class _Reach:
    """Where an input leads.

    Attributes:
        rows: of the tables that it indexes.
        is_mask: whether it is used as one.
        shape: values for it as a shape; None if it decides none.
        numbers: valid ones where it is an axis, a length or a divisor.
    """

    rows: tuple[int, ...]
    is_mask: bool
    shape: tuple[int, ...] | None = None
    numbers: tuple[int, ...] = ()


def input_roles(model: Model) -> dict[str, InputRole]:
    """The role of each integer or boolean input that the graph reveals.

    Args:
        model: with static shapes.

    Returns:
        Roles by input name; inputs of unknown role are left out.
    """
    values = graph_inputs(model.proto.graph)
    integers = [v for v in values if v.type.tensor_type.elem_type in _ANY_INTEGERS]
    graph = _Graph(model)
    roles = {value.name: _role(tensor_info(value), graph) for value in integers}
    roles |= {
        value.name: graph.of_floats(tensor_info(value)) for value in values if value not in integers
    }
    return {name: role for name, role in roles.items() if role is not None}


def make_model_inputs(model: Model, source: Source = "random", seed: int = 0) -> dict[str, Array]:
    """Makes the inputs of a model, as `make_inputs` does, with the roles found in its graph."""
    return make_inputs(model_inputs(model), source, seed, input_roles(model))


def _role(value: TensorInfo, graph: _Graph) -> InputRole | None:
    name, rank = value.name, len(value.shape)
    reach = graph.reach(name, math.prod(value.shape))
    if reach.numbers:
        return InputRole(Kind.NUMBERS, 0, reach.numbers)
    if reach.rows:
        # It may index several tables: the smallest is safe for all of them.
        return InputRole(_kind_of_index(name), min(reach.rows))
    if reach.shape is not None and rank <= 1:
        return InputRole(Kind.SHAPE, 0, reach.shape)
    # A scalar that is a condition chooses a branch: it masks nothing.
    if reach.is_mask and rank > 1:
        return InputRole(Kind.MASK, 2)
    return None


def _kind_of_index(name: str) -> Kind:
    lower = name.lower()
    if any(word in lower for word in _POSITION_WORDS):
        return Kind.POSITIONS
    return Kind.TOKEN_TYPES if any(word in lower for word in _TYPE_WORDS) else Kind.TOKENS


class _Graph:
    """Readers of every value, and shapes of tables."""

    def __init__(self, model: Model) -> None:
        graph = model.proto.graph
        self.uses: dict[str, list[tuple[NodeProto, int]]] = defaultdict(list)
        self.constants = {tensor.name: tensor for tensor in graph.initializer}
        self.shapes = {name: list(tensor.dims) for name, tensor in self.constants.items()}
        self.types = {v.name: v.type.tensor_type.elem_type for v in graph.value_info}
        for value in (*graph.input, *graph.value_info):
            dims = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
            self.shapes.setdefault(value.name, dims)
        for node in walk_nodes(graph):
            for index, name in enumerate(node.input):
                self.uses[name].append((node, index))
            for body in bodies(node):
                self.constants.update((tensor.name, tensor) for tensor in body.initializer)
            if node.op_type == "Constant":
                stated = (a.t for a in node.attribute if a.name == "value")
                self.constants.update((node.output[0], tensor) for tensor in stated)

    def of_floats(self, value: TensorInfo) -> InputRole | None:
        """The role of a float input that holds boxes, or a count; None for any other."""
        for node, index in self.uses[value.name]:
            if (node.op_type, index) in _COUNTS:
                count = math.prod(value.shape)
                numbers = needed_values(node, index, count, Shapes(self.shapes))
                return InputRole(Kind.NUMBERS, 0, numbers)
            if (node.op_type, index) not in _BOXES or value.shape[-1:] != (4,):
                continue
            image = self.shapes.get(node.input[0], [1]) if node.op_type == "RoiAlign" else [1]
            return InputRole(Kind.BOXES, max(image[-1], 1))
        return None

    def reach(self, name: str, count: int) -> _Reach:
        """Follows an input of so many values through operators that only reshape or shift it."""
        rows: list[int] = []
        is_mask, decided = False, None
        numbers: tuple[int, ...] = ()
        todo, seen = [(name, 0)], {name}
        while todo:
            value, shift = todo.pop()
            for node, index in self.uses[value]:
                # RoBERTa and OPT add 2 to positions: the table then has 2 rows less to offer.
                rows += [size - shift for size in self._indexed(node, index)]
                if decided is None and decides_shape(node.op_type, index):
                    decided = self._shape(name, value, node, index)
                numbers = numbers or needed_values(node, index, count, Shapes(self.shapes))
                is_mask |= node.op_type in _MASKING or self._is_float_sum(node, value)
                for output, new in self._next(node, index, shift):
                    if output not in seen:
                        seen.add(output)
                        todo.append((output, new))
        known = tuple(row for row in rows if row > 0)
        # Of a table of unknown length only the first row is sure to be there.
        return _Reach(known or (1,) * bool(rows), is_mask, decided, numbers)

    def _is_float_sum(self, node: NodeProto, value: str) -> bool:
        """Whether integers cast to floats are added to something, as masks are to scores."""
        return node.op_type == "Add" and self.types.get(value) == TensorProto.FLOAT

    def _indexed(self, node: NodeProto, index: int) -> Iterator[int]:
        """The number of rows that a node can take by this input."""
        shape = self.shapes.get(node.input[0], [])
        if (place := _TABLES.get((node.op_type, index))) is not None:
            table = self.shapes.get(node.input[place[0]], []) if place[0] < len(node.input) else []
            yield from table[place[1] : place[1] + 1] or [0]
        if node.op_type == "OneHot" and index == 0 and (depth := self._scalar(node.input[1])):
            yield depth
        if index != 1:
            return
        if not shape and node.op_type in _INDEXING:
            yield 0
        if node.op_type in ("Gather", "GatherElements", "Scatter", "ScatterElements"):
            axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
            if -len(shape) <= axis < len(shape):
                yield shape[axis]
        elif node.op_type in ("GatherND", "ScatterND"):
            yield min(shape, default=0)

    def _shape(self, name: str, value: str, node: NodeProto, index: int) -> tuple[int, ...]:
        """Values for an input that decides the shape of what a node writes."""
        count = int(prod(self.shapes.get(name, [])))
        # Behind a Concat it is a part of the shape, whose place is not looked for.
        if prod(self.shapes.get(value, [])) != count:
            return (1,) * count
        data = tuple(self.shapes.get(node.input[0], []))
        return default_values(node.op_type, index, data if all(data) else (), count)

    def _next(self, node: NodeProto, index: int, shift: int) -> Iterator[tuple[str, int]]:
        """The values that hold the same indices, and by how much they are shifted."""
        is_carried = node.op_type in HANDED_ON and index == 0
        is_joined = node.op_type in JOINED and (node.op_type == "Concat" or index > 0)
        if is_carried or is_joined:
            yield node.output[0], shift
        elif node.op_type in _SHIFTS and len(node.input) == 2:
            by = self._scalar(node.input[1 - index])
            if by is not None and (node.op_type == "Add" or index == 0):
                yield node.output[0], shift + (by if node.op_type == "Add" else -by)

    def _scalar(self, name: str) -> int | None:
        tensor = self.constants.get(name)
        if tensor is None or tensor.data_type not in _INTEGERS:
            return None
        values = numpy_helper.to_array(tensor)
        return int(values.ravel()[0]) if values.size == 1 else None
