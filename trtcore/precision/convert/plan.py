"""Which type every float input and output of a node gets, read from ONNX's own operator schemas."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx
from onnx import NodeProto, TensorProto
from onnx.defs import OpSchema

from trtcore.models.onnx.graph import ONNX_DOMAINS
from trtcore.precision.formats import format_of

FLOAT = TensorProto.FLOAT
# A value that is not a plain tensor (a sequence, an optional), and one of unknown type.
NOT_A_TENSOR = -1
UNKNOWN = TensorProto.UNDEFINED
# In a plan: this input or output stays as it is.
AS_IT_IS = 0

# Attributes that name the type of the output.
TYPE_ATTRIBUTES = ("to", "dtype", "output_datatype")
TYPED_BY_VALUE = ("Constant", "ConstantOfShape")
_CONTROL_FLOW = ("If", "Loop", "Scan")
# These take any type and do not compute with it.
_READ_ANYTHING = ("Cast", "Shape", "Size")
_RECURRENT = ("GRU", "LSTM", "RNN")
# The input of a recurrent operator that holds the length of each sequence.
_LENGTHS = 4


@dataclass(frozen=True)
class Rules:
    """What a conversion has to do.

    Attributes:
        low: element type that replaces float32 wherever the operator takes it.
        io: element type of the network's float inputs and outputs.
        kept: names of the nodes that stay in float32.
        opset: operator set whose schemas decide.
    """

    low: int
    io: int
    kept: frozenset[str]
    opset: int


@dataclass(frozen=True)
class NodePlan:
    """Element types a node must read and will write; `AS_IT_IS` where it is no float.

    Attributes:
        inputs: one per input.
        outputs: one per output.
        bodies: the type of floats that enter or leave the bodies of a control-flow node.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    bodies: int


def plan_node(node: NodeProto, types: Mapping[str, int], rules: Rules) -> NodePlan:
    """Decides the types of one node.

    A float32 type variable of the schema becomes ``rules.low`` if the schema allows that; what the
    schema fixes as float32 (the scales of a Resize) and what no schema describes stays float32.

    Args:
        node: the node.
        types: element types of all values in the float32 graph.
        rules: the conversion.
    """
    kinds = [types.get(name, UNKNOWN) for name in (*node.input, *node.output)]
    schema = operator_schema(node, rules.opset)
    low = rules.low
    if schema is None or NOT_A_TENSOR in kinds or stays_fp32(node, rules):
        low = FLOAT
    reads = list(_formals(schema.inputs if schema else (), len(node.input)))
    writes = list(_formals(schema.outputs if schema else (), len(node.output)))
    bound = {v for v, kind in zip(reads, kinds, strict=False) if kind == FLOAT and v}
    retyped = bound | (set(writes) if sets_own_type(node, schema) else set())

    def wanted(variable: str, kind: int, lowered: set[str]) -> int:
        is_float = kind == FLOAT or (kind == UNKNOWN and variable in bound)
        if not is_float or (node.op_type in _CONTROL_FLOW and kind == UNKNOWN):
            return AS_IT_IS
        return low if variable in lowered and _allows(schema, variable, low) else FLOAT

    inputs = [wanted(*pair, bound) for pair in zip(reads, kinds, strict=False)]
    if node.op_type in _READ_ANYTHING:
        inputs = [AS_IT_IS] * len(inputs)
    inputs = [want if name else AS_IT_IS for name, want in zip(node.input, inputs, strict=True)]
    outputs = [wanted(*pair, retyped) for pair in zip(writes, kinds[len(reads) :], strict=True)]
    return NodePlan(tuple(inputs), tuple(outputs), low)


def stays_fp32(node: NodeProto, rules: Rules) -> bool:
    """Whether a node stays in float32: pinned, or TensorRT supports no other type for it."""
    is_fp32_only = node.op_type in format_of(rules.low).in_tensorrt_fp32_only
    is_held = rules.low != FLOAT and has_lengths(node)
    return node.name in rules.kept or is_fp32_only or is_held


def has_lengths(node: NodeProto) -> bool:
    """Whether a node is recurrent and reads a length for each sequence."""
    return node.op_type in _RECURRENT and any(node.input[_LENGTHS : _LENGTHS + 1])


def sets_own_type(node: NodeProto, schema: OpSchema | None) -> bool:
    """Whether the type of the outputs is written in the node, not taken from its inputs."""
    if node.op_type in TYPED_BY_VALUE:
        return all(attribute.name != "sparse_value" for attribute in node.attribute)
    if node.op_type in _CONTROL_FLOW:
        return True
    return schema is not None and any(name in schema.attributes for name in TYPE_ATTRIBUTES)


def operator_schema(node: NodeProto, opset: int) -> OpSchema | None:
    """ONNX's schema of a node's operator; None for plugins and other domains."""
    return _schema(node.op_type, opset) if node.domain in ONNX_DOMAINS else None


# More entries than operators (some 200), in the few operator sets that a process meets.
@functools.lru_cache(maxsize=1024)
def _schema(op_type: str, opset: int) -> OpSchema | None:
    if not onnx.defs.has(op_type, opset):
        return None
    return onnx.defs.get_schema(op_type, opset)


def _formals(formals: Sequence[OpSchema.FormalParameter], count: int) -> Iterator[str]:
    """The type variable of each actual parameter; the last formal one repeats if variadic."""
    variables = [formal.type_str for formal in formals]
    for index in range(count):
        yield variables[min(index, len(variables) - 1)] if variables else ""


def _allows(schema: OpSchema | None, variable: str, elem_type: int) -> bool:
    if schema is None:
        return elem_type == FLOAT
    wanted = f"tensor({TensorProto.DataType.Name(elem_type).lower()})"  # as schemas spell it
    for constraint in schema.type_constraints:
        if constraint.type_param_str == variable:
            return wanted in constraint.allowed_type_strs
    return variable == wanted
