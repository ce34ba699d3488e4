"""The results of one node whose inputs are known: arithmetic on shapes, which is small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, numpy_helper

from trtcore.models.onnx.workload.operands import Shape

Values = dict[str, "np.ndarray[Any, Any]"]

MOST_ELEMENTS = 65536
"""Arithmetic on shapes has an entry for each dimension, tables of positions have more. Weights are
not computed with: they are no part of a shape."""

_CONSTANTS = {
    "value_int": np.int64,
    "value_ints": np.int64,
    "value_float": np.float32,
    "value_floats": np.float32,
}


def results_of(
    node: NodeProto, versions: Mapping[str, int], shapes: Mapping[str, Shape], known: Values
) -> Iterator[tuple[str, Any]]:
    """Computes a node.

    Args:
        node: all its inputs are known; of a Shape, the shape of its input.
        versions: of the operator sets, by domain.
        shapes: of tensors, by name.
        known: values of tensors, by name.

    Yields:
        Each result that is an array of `MOST_ELEMENTS` at most, with its name; none where it cannot
        be computed.
    """
    try:
        if node.op_type == "Shape":
            results = [_shape(node, shapes[node.input[0]])]
        elif node.op_type in _AT_ONCE:
            results = [_AT_ONCE[node.op_type](node, [known[name] for name in node.input])]
        else:
            results = _evaluated(node, versions, known)
    except Exception:
        return
    for name, result in zip(node.output, results, strict=True):
        if name and isinstance(result, np.ndarray) and result.size <= MOST_ELEMENTS:
            yield name, result


def _evaluated(node: NodeProto, versions: Mapping[str, int], known: Values) -> list[Any]:
    from onnx.reference import ReferenceEvaluator

    feeds = {name: known[name] for name in node.input if name}
    return list(ReferenceEvaluator(node, opsets=dict(versions)).run(None, feeds))


def _shape(node: NodeProto, shape: Shape) -> Any:
    # ONNX clips start and end as Python does.
    part = slice(_attribute(node, "start", 0), _attribute(node, "end", None))
    return np.array(shape[part], np.int64)


def _constant(node: NodeProto, _: list[Any]) -> Any:
    (attribute,) = node.attribute
    if attribute.name != "value":
        return np.array(onnx.helper.get_attribute_value(attribute), _CONSTANTS[attribute.name])
    is_small = prod(attribute.t.dims) <= MOST_ELEMENTS
    return numpy_helper.to_array(attribute.t) if is_small else None


def _filled(node: NodeProto, inputs: list[Any]) -> Any:
    """ConstantOfShape; one of a weight's size is not worth making."""
    shape, value = tuple(inputs[0].tolist()), _attribute(node, "value", None)
    fill = np.float32(0) if value is None else numpy_helper.to_array(value).ravel()[0]
    return np.full(shape, fill) if prod(shape) <= MOST_ELEMENTS else None


def _attribute(node: NodeProto, name: str, default: Any) -> Any:
    found = (one for one in node.attribute if one.name == name)
    return next((onnx.helper.get_attribute_value(one) for one in found), default)


# Half of what is folded. A `ReferenceEvaluator` takes 30 us for each node, and an exported Swin has
# thousands.
_AT_ONCE: Mapping[str, Callable[[NodeProto, list[Any]], Any]] = {
    "Constant": _constant,
    "ConstantOfShape": _filled,
    "Identity": lambda _, inputs: inputs[0],
}
