"""Mask constants that a 16-bit type cannot hold, made to saturate.

Exporters write a masked position as the lowest float32 (``torch.finfo(torch.float32).min``), or as
-1e9. No 16-bit type has room for either, and none is needed: such a value is there to lose against
all others in a Softmax, a maximum or a comparison. Where every way of a constant through the graph
ends in one of those, the lowest value of the type does the same.

Sums of masks must stay finite, as Softmax of a row that is all -infinity is NaN. So a constant that
something is added to becomes a third of the lowest value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

from trtcore.errors import few
from trtcore.precision.convert.flow import GraphFlow, Values
from trtcore.precision.convert.nodes import set_attribute, stated_value
from trtcore.precision.convert.plan import TYPED_BY_VALUE, Rules
from trtcore.precision.convert.roles import Trail, follow
from trtcore.precision.formats import format_of

# Enough to show how they are named, few enough for a note; the count covers all of them.
_NAMES_SHOWN = 8
_KINDS = (TensorProto.FLOAT, TensorProto.DOUBLE)


@dataclass(frozen=True, eq=False)
class _Constant:
    """A constant that may have to saturate: its name, its values, and its trail."""

    name: str
    values: Values
    trail: Trail


def saturate_masks(proto: ModelProto, rules: Rules) -> str:
    """Replaces mask constants too large for the lower precision, in place.

    Args:
        proto: a float32 graph without local functions.
        rules: the conversion; constants that only nodes in FP32 read are left alone.

    Returns:
        A note that names what was replaced, with its value; ``""`` if nothing was.
    """
    if format_of(rules.low).is_full:
        return ""
    row = format_of(rules.low)
    flow = GraphFlow.of(proto.graph)
    constants = [
        _Constant(name, values, follow(flow, name)) for name, values in _large(flow, rules)
    ]
    masks = [constant for constant in constants if _is_mask(constant, rules)]
    replaced: dict[str, str] = {}
    for group in _groups(masks):
        is_added = any(constant.trail.is_added for constant in group)
        limit = row.largest_added if is_added else row.largest
        for constant in group:
            values = np.clip(constant.values, -limit, limit)
            values = np.where(np.isfinite(constant.values), values, constant.values)
            if is_added or np.abs(_finite(constant.values)).max() > row.largest:
                _replace(flow, constant.name, values.astype(constant.values.dtype))
                replaced[constant.name] = f"'{constant.name}' {_change(constant.values, limit)}"
    return _note(replaced, rules) if replaced else ""


def _note(replaced: dict[str, str], rules: Rules) -> str:
    s = "" if len(replaced) == 1 else "s"
    return (
        f"{len(replaced)} mask or limit constant{s} clamped for {format_of(rules.low).label}:"
        f" {few(replaced.values(), _NAMES_SHOWN)}"
    )


def _change(values: Values, limit: float) -> str:
    finite = _finite(values)
    worst = float(finite[np.abs(finite).argmax()])
    return f"{worst:.6g} -> {np.copysign(limit, worst):.6g}"


def _large(flow: GraphFlow, rules: Rules) -> Iterator[tuple[str, Values]]:
    """Float constants with a value of which two do not fit into the type."""
    # Half, as two constants may be added before they are compared.
    bound = format_of(rules.low).largest / 2
    for name, tensor in _tensors(flow):
        if tensor.data_type in _KINDS:
            values = numpy_helper.to_array(tensor)
            # Two passes without a copy: weights of gigabytes come by here.
            if values.size and (float(values.max()) > bound or float(values.min()) < -bound):
                yield name, values


def _tensors(flow: GraphFlow) -> Iterator[tuple[str, TensorProto]]:
    yield from flow.tensors.items()
    for name, node in flow.writers.items():
        if node.op_type in TYPED_BY_VALUE:
            yield name, stated_value(node)


def _finite(values: Values) -> Values:
    finite: Values = values[np.isfinite(values)]
    return finite


def _is_mask(constant: _Constant, rules: Rules) -> bool:
    """Whether it only means "never" or "always", and a node in lower precision reads it.

    A mask has one such value of each sign; many different ones are data, and would become equal.
    """
    trail = constant.trail
    if trail.exact_use or not trail.nodes or trail.nodes.keys() <= rules.kept:
        return False
    if constant.values.dtype == np.float64 and not trail.is_cast:
        return False
    finite = _finite(constant.values).astype(np.float64)
    large = np.unique(finite[np.abs(finite) > format_of(rules.low).largest / 2])
    return bool(large.size) and (large < 0).sum() <= 1 and (large > 0).sum() <= 1


def _groups(masks: list[_Constant]) -> Iterator[list[_Constant]]:
    """Masks that meet somewhere: they have to stay equal where they were."""
    rest = list(masks)
    while rest:
        group = [rest.pop(0)]
        nodes = set(group[0].trail.nodes)
        while joined := [mask for mask in rest if nodes & mask.trail.nodes.keys()]:
            group += joined
            nodes.update(*(mask.trail.nodes for mask in joined))
            rest = [mask for mask in rest if mask not in joined]
        yield group


def _replace(flow: GraphFlow, name: str, values: Values) -> None:
    if name in flow.tensors:
        flow.tensors[name].CopyFrom(numpy_helper.from_array(values, name))
        return
    node: NodeProto = flow.writers[name]
    set_attribute(node, "value", numpy_helper.from_array(values))
