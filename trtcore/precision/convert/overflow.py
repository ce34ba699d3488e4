"""Weights that a 16-bit type cannot hold: the error message, with a remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import GraphProto, NodeProto

from trtcore.errors import argument
from trtcore.precision.convert.flow import GraphFlow
from trtcore.precision.formats import FORMATS, Precision, format_of

# The outputs of these operators are small, however large their inputs are.
_BOUNDED = frozenset(
    {
        "ArgMax",
        "ArgMin",
        "Equal",
        "Erf",
        "GlobalLpPool",
        "Greater",
        "GreaterOrEqual",
        "GroupNormalization",
        "HardSigmoid",
        "Hardmax",
        "InstanceNormalization",
        "IsInf",
        "IsNaN",
        "LayerNormalization",
        "Less",
        "LessOrEqual",
        "LpNormalization",
        "MeanVarianceNormalization",
        "RMSNormalization",
        "Shape",
        "Sigmoid",
        "Sign",
        "Size",
        "Softmax",
        "Softsign",
        "Tanh",
    }
)
# A list of more nodes no longer fits a message of one line; another precision is simpler then.
_MOST_NAMES = 12


@dataclass(frozen=True)
class Overflow:
    """A constant that the lower precision cannot hold.

    Attributes:
        name: the initializer, or the output of the Constant node.
        value: the value that does not fit, the largest one.
        nodes: names of the nodes that read it.
    """

    name: str
    value: float
    nodes: tuple[str, ...]


def overflow_text(overflows: Sequence[Overflow], elem_type: int, graph: GraphProto) -> str:
    """One line: the first constant that overflows, its value, and the remedy for all of them.

    Args:
        overflows: all of them, in graph order.
        elem_type: the type they do not fit into.
        graph: the graph before its conversion; node names are those of the model.
    """
    first, others = overflows[0], len(overflows) - 1
    more = f" ({others} more like it)" if others else ""
    reader = f" of node '{first.nodes[0]}'" if first.nodes else ""
    row = format_of(elem_type)
    remedy = _remedy(overflows, graph)
    return (
        f"initializer '{first.name}'{reader} holds {first.value:g}, which {row.label}"
        f" (at most {row.largest:g}) cannot hold{more}: {remedy}"
    )


def _remedy(overflows: Sequence[Overflow], graph: GraphProto) -> str:
    """Advice that suffices when followed: values computed from the constant may be as large."""
    names, reaches_output = _until_bounded(overflows, graph)
    if len(names) <= _MOST_NAMES:
        outputs = f" and {argument('io_precision', 'fp32')}" if reaches_output else ""
        return f"use {argument('keep_fp32', names)}{outputs}"
    largest = max(abs(overflow.value) for overflow in overflows)
    # BF16 has almost the range of FP32; the rest needs FP32 itself.
    is_enough = largest <= FORMATS[Precision.BF16].largest
    other = Precision.BF16 if is_enough else Precision.FP32
    return f"use {argument('precision', other.value)}, which also holds the values computed from it"


def _until_bounded(overflows: Sequence[Overflow], graph: GraphProto) -> tuple[list[str], bool]:
    """Names of the nodes from the constants to the first ones with bounded outputs, in graph order.

    Also whether one of them writes an output of the network.
    """
    flow = GraphFlow.of(graph)
    readers = {name for overflow in overflows for name in overflow.nodes}
    todo = [use.node for o in overflows for use in flow.uses[o.name] if use.node.name in readers]
    large: dict[str, NodeProto] = {}
    reaches_output = False
    while todo:
        node = todo.pop()
        if node.name in large:
            continue
        large[node.name] = node
        if node.op_type in _BOUNDED or _clips(flow, node):
            continue
        reaches_output |= not flow.outputs.isdisjoint(node.output)
        todo += [use.node for name in node.output for use in flow.uses[name]]
    order = {node.name: place for place, node in enumerate(graph.node)}
    return sorted(large, key=lambda name: order.get(name, len(order))), reaches_output


def _clips(flow: GraphFlow, node: NodeProto) -> bool:
    """Whether a node is a Clip with two limits that fit into FP16."""
    limits = [attribute.f for attribute in node.attribute if attribute.name in ("min", "max")]
    limits += [
        float(value.ravel()[0])
        for name in node.input[1:]
        if name and (value := flow.constant(name)) is not None and value.size
    ]
    half_limit = FORMATS[Precision.FP16].largest
    return node.op_type == "Clip" and len(limits) == 2 and bool(np.abs(limits).max() <= half_limit)
