"""Tells mask constants, which only mean "never", from constants that are computed with."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from onnx import NodeProto, TensorProto

from trtcore.models.onnx.graph import ONNX_DOMAINS
from trtcore.precision.convert.flow import GraphFlow, Use

# Operators that pass a value through, and from which inputs; None is all of them.
_CARRIES: dict[str, tuple[int, ...] | None] = {
    "Add": None,
    "CastLike": (0,),
    "Compress": (0,),
    "Concat": None,
    "Dropout": (0,),
    "Expand": (0,),
    "Flatten": (0,),
    "Gather": (0,),
    "GatherElements": (0,),
    "GatherND": (0,),
    "Identity": (0,),
    "Neg": (0,),
    "Pad": (0, 2),
    "Reshape": (0,),
    "ScatterElements": (0, 2),
    "ScatterND": (0, 2),
    "Slice": (0,),
    "Split": (0,),
    "Squeeze": (0,),
    "Sub": None,
    "Sum": None,
    "Tile": (0,),
    "Transpose": (0,),
    "Trilu": (0,),
    "Unsqueeze": (0,),
    "Where": (1, 2),
}
_ADDS = frozenset({"Add", "Sub", "Sum"})
# What settles a product of a mask and its constant: the scores join it, or take its place.
_JOINS = _ADDS | {"Where"}
_COMPARES = frozenset(
    {"Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual"}
)
# Operators in which the lowest value of all loses, whatever it is exactly.
_SELECTS = frozenset(
    {
        "ArgMax",
        "ArgMin",
        "Clip",
        "Exp",
        "GlobalMaxPool",
        "Hardmax",
        "LogSoftmax",
        "Max",
        "MaxPool",
        "Min",
        "ReduceLogSumExp",
        "ReduceMax",
        "ReduceMin",
        "Sigmoid",
        "Softmax",
        "Tanh",
        "TopK",
    }
)
# The mask of ONNX's own Attention is added to its scores.
_ATTENTION_MASK = 3
# Operators from which a mask of zeros and ones may be computed.
_OF_INDICATORS = frozenset(_CARRIES) | {
    "Abs",
    "And",
    "Cast",
    "Clip",
    "Constant",
    "ConstantOfShape",
    "CumSum",
    "EyeLike",
    "Max",
    "Min",
    "Mul",
    "Not",
    "Or",
    "Range",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "Shape",
    "Sign",
    "Size",
    "Sqrt",
    "Xor",
}
_FLOATS = (
    TensorProto.FLOAT,
    TensorProto.FLOAT16,
    TensorProto.BFLOAT16,
    TensorProto.DOUBLE,
)


class Step(Enum):
    """What a node does to a value it reads."""

    CARRIES = "passes it through"
    ENDS = "only compares it"
    COMPUTES = "computes with it"


@dataclass
class Trail:
    """All paths of a constant through a graph.

    Attributes:
        nodes: names of the nodes on them, in the order they were found.
        is_added: something is added to it.
        is_cast: it becomes float32, if it was not.
        exact_use: the node, or output, that needs the exact value; ``""`` for a mask.
    """

    nodes: dict[str, None] = field(default_factory=dict)
    is_added: bool = False
    is_cast: bool = False
    exact_use: str = ""


def follow(flow: GraphFlow, source: str) -> Trail:
    """Follows a constant along all its paths.

    Args:
        flow: of the whole graph.
        source: name of the constant.
    """
    trail = Trail()
    # A value, and whether it is a product that no scores have joined yet.
    todo = [(source, False)]
    seen = set(todo)
    while todo and not trail.exact_use:
        for new in _next(flow, trail, *todo.pop()):
            if new not in seen:
                seen.add(new)
                todo.append(new)
    return trail


def _next(flow: GraphFlow, trail: Trail, name: str, is_product: bool) -> list[tuple[str, bool]]:
    """The values computed from one value that may still be the constant."""
    successors: list[tuple[str, bool]] = []
    if name in flow.outputs:
        trail.exact_use = f"output '{name}'"
    if name in flow.leaves:
        node, outer = flow.leaves[name]
        trail.nodes[node.name] = None
        if not outer:
            trail.exact_use = f"node '{node.name}'"
        successors.append((outer, is_product))
    for use in flow.uses[name]:
        trail.nodes[use.node.name] = None
        step = _step(flow, use, name, is_product)
        if step is Step.COMPUTES:
            trail.exact_use = f"node '{use.node.name}'"
        _note(trail, use)
        if step is Step.CARRIES:
            product = use.node.op_type not in _JOINS and (is_product or _is_masking(flow, use))
            successors += [(output, product) for output in use.node.output if output]
    return successors


def _note(trail: Trail, use: Use) -> None:
    trail.is_added |= use.node.op_type in (*_ADDS, "Attention")
    trail.is_cast |= use.node.op_type in ("Cast", "CastLike")


def _step(flow: GraphFlow, use: Use, name: str, is_product: bool) -> Step:
    node, op = use.node, use.node.op_type
    if node.domain not in ONNX_DOMAINS:
        return Step.COMPUTES
    if op in _COMPARES:
        return Step.ENDS
    if op in _SELECTS or (op == "Attention" and use.index == _ATTENTION_MASK):
        return Step.COMPUTES if is_product else Step.ENDS
    if op in ("Mul", "Div"):
        return _scaled_step(flow, use, name)
    return _cast_step(node) if op == "Cast" else _carrying_step(use)


def _carrying_step(use: Use) -> Step:
    indices = _CARRIES.get(use.node.op_type, ())
    return Step.CARRIES if indices is None or use.index in indices else Step.COMPUTES


def _cast_step(node: NodeProto) -> Step:
    to = next((attribute.i for attribute in node.attribute if attribute.name == "to"), 0)
    if to == TensorProto.BOOL:
        return Step.ENDS
    return Step.CARRIES if to in _FLOATS else Step.COMPUTES


def _scaled_step(flow: GraphFlow, use: Use, name: str) -> Step:
    """A product with zeros and ones, or a scale that makes it no larger, keeps a mask a mask."""
    is_division = use.node.op_type == "Div"
    other = use.node.input[1 - use.index]
    if other == name or (is_division and use.index == 1):
        return Step.COMPUTES
    scale = flow.constant(other)
    if scale is not None and scale.size:
        sizes = np.abs(scale.astype(np.float64))
        shrinks = sizes.min() >= 1 if is_division else sizes.max() <= 1
        return Step.CARRIES if shrinks else Step.COMPUTES
    return Step.CARRIES if _is_indicator(flow, other) else Step.COMPUTES


def _is_masking(flow: GraphFlow, use: Use) -> bool:
    """Whether a node multiplies a constant with a mask of zeros and ones."""
    if use.node.op_type != "Mul":
        return False
    return flow.constant(use.node.input[1 - use.index]) is None


def _is_indicator(flow: GraphFlow, name: str) -> bool:
    """Whether a value is computed from inputs and constants by logic alone, without weights."""
    todo, seen = [name], {name}
    while todo:
        node = flow.writers.get(todo.pop())
        if node is None or node.op_type in _COMPARES:
            continue
        if node.op_type not in _OF_INDICATORS:
            return False
        new = [read for read in node.input if read and read not in seen]
        seen.update(new)
        todo += new
    return True
