"""What ONNX shape inference does not check: hard-coded batches in Reshape, channels of a Conv."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper

from trtcore.errors import ModelError


def carry_batch(proto: ModelProto, shapes: Mapping[str, tuple[int, ...]], prefix: str) -> list[str]:
    """Writes the batch into the constant targets of Reshape nodes that cannot hold it.

    Exporters often trace with batch 1 and leave, say, ``Reshape(x, [1, 1024])`` behind. A target
    is changed only where its volume is wrong and the batch in its place makes it right.

    Args:
        proto: the graph, changed in place.
        shapes: those of its values that are known, see `static_shapes`.
        prefix: start of the error message.

    Returns:
        One note per changed node; empty if nothing had to be changed.

    Raises:
        ModelError: a Reshape whose volume cannot be made right.
    """
    constants = _constants(proto.graph)
    notes = []
    for node in proto.graph.node:
        # Up to operator set 4 the target is an attribute, and there is one input.
        if node.op_type != "Reshape" or len(node.input) < 2 or node.input[1] not in constants:
            continue
        shape = shapes.get(node.input[0])
        target = numpy_helper.to_array(constants[node.input[1]])
        # Targets with 0 or -1 take the batch from their input already.
        if shape is None or target.size == 0 or target.min() < 1:
            continue
        if math.prod(shape) == math.prod(target.tolist()):
            continue
        batched = _with_batch(target, shape)
        if batched is None:
            texts = "x".join(map(str, shape)), "x".join(map(str, target.tolist()))
            raise ModelError(f"{prefix}: node '{node.name}' reshapes {texts[0]} to {texts[1]}")
        _retarget(proto.graph, node, batched)
        notes.append(
            f"node '{node.name}' has a hard-coded batch of {target[0]}: changed to {batched[0]}"
        )
    return notes


def free_batch(proto: ModelProto, targets: Mapping[str, Sequence[int]]) -> list[str]:
    """Lets the batch of a Reshape be whatever comes in: -1 in the place of the number.

    Args:
        proto: the graph, changed in place.
        targets: by node that one batch is written into, its target for any.

    Returns:
        One note per changed node.
    """
    constants = _constants(proto.graph)
    notes = []
    for node in proto.graph.node:
        if node.name in targets:
            target = np.array(targets[node.name], np.int64)
            tensor = constants.get(node.input[1])
            was = None if tensor is None else numpy_helper.to_array(tensor)
            place = int(target.argmin())
            number = was[place] if was is not None and was.size == target.size else "a number"
            notes.append(f"node '{node.name}' had batch {number} written into it: now any")
            _retarget(proto.graph, node, target)
    return notes


def channel_mismatch(inferred: GraphProto, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Names the first convolution or product whose input does not fit its weights.

    Args:
        inferred: the graph with inferred shapes.
        shapes: those of its values that are known, see `static_shapes`.

    Returns:
        What does not fit, or ``""``.
    """
    weights_too = {tensor.name: tuple(tensor.dims) for tensor in inferred.initializer}
    known = {**shapes, **weights_too}
    for node in inferred.node:
        if node.op_type not in ("Conv", "Gemm") or not {*node.input[:2]} <= known.keys():
            continue
        values, weights = (known[name] for name in node.input[:2])
        integers = {attribute.name: attribute.i for attribute in node.attribute}
        if node.op_type == "Conv":
            have, want = values[1], weights[1] * integers.get("group", 1)
        else:
            have, want = values[1 - integers.get("transA", 0)], weights[integers.get("transB", 0)]
        if have != want:
            return f"node '{node.name}' has {have} input channels, its weights expect {want}"
    return ""


def _with_batch(target: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64] | None:
    batched = target.copy()
    batched[0] = shape[0] if shape else 1
    return batched if math.prod(batched.tolist()) == math.prod(shape) else None


def _retarget(graph: GraphProto, node: NodeProto, target: NDArray[np.int64]) -> None:
    """Gives the node a target of its own; the old one may have other readers."""
    name = f"{node.output[0]}__target"
    graph.initializer.append(numpy_helper.from_array(target, name))
    node.input[1] = name


def static_shapes(graph: GraphProto) -> dict[str, tuple[int, ...]]:
    """The shapes of the inputs and inner values of a graph that have only numbers in them."""
    shapes = {}
    for value in (*graph.input, *graph.value_info):
        dims = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(d.HasField("dim_value") for d in dims):
            shapes[value.name] = tuple(dim.dim_value for dim in dims)
    return shapes


def _constants(graph: GraphProto) -> dict[str, TensorProto]:
    """Integer constants by name, whether initializers or Constant nodes."""
    tensors = {t.name: t for t in graph.initializer if t.data_type == t.INT64}
    for node in graph.node:
        for attribute in node.attribute if node.op_type == "Constant" else []:
            if attribute.name == "value" and attribute.t.data_type == attribute.t.INT64:
                tensors[node.output[0]] = attribute.t
    return tensors
