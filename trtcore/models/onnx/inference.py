"""Types and shapes of everything in a graph, inferred anew from its inputs."""

from __future__ import annotations

import onnx
from onnx import GraphProto, ModelProto

from trtcore.errors import ModelError
from trtcore.models.onnx.batch import carry_batch, channel_mismatch, static_shapes
from trtcore.models.onnx.bodies import bodies, forget_shapes
from trtcore.models.onnx.constant_branches import take_constant_branches
from trtcore.models.onnx.graph import spaced
from trtcore.models.onnx.weights import without_weights
from trtcore.system.quotations import MOST_CHARACTERS, quoting, shortened


def infer_shapes(proto: ModelProto, prefix: str, is_lenient: bool = False) -> list[str]:
    """Infers every type and shape anew, in place; the file's own are dropped.

    Args:
        proto: graph whose inputs have their shapes.
        prefix: start of the error message.
        is_lenient: note what ONNX's inference objects to, and leave the decision to the runtime:
            it is wrong about some valid graphs.

    Returns:
        Notes on nodes changed for a new batch, and on what inference objected to.

    Raises:
        ModelError: the shapes do not fit together, unless lenient.
    """
    declared = ModelProto()
    declared.graph.output.extend(proto.graph.output)
    forget_shapes(proto.graph)
    notes: list[str] = []
    # Inference stops at a Reshape with another batch, or in a branch that is never taken; once that
    # is changed it gets to the next.
    while True:
        inferred, problem = _inferred(proto)
        shapes = static_shapes(inferred)
        changed = carry_batch(proto, shapes, prefix)
        if problem and not changed:
            changed = take_constant_branches(proto, inferred)
        if not changed:
            break
        notes += changed
    # First what names the node and both channel counts: ONNX's own text is more general.
    problem = channel_mismatch(inferred, shapes) or problem
    if problem and not is_lenient:
        raise quoting(ModelError, f"{prefix}: ", problem)
    if problem:
        notes.append(f"ONNX shape inference failed: {shortened(problem, MOST_CHARACTERS)}")
    _take_over(proto.graph, inferred)
    for output, was in zip(proto.graph.output, declared.graph.output, strict=True):
        is_tensor = output.type.HasField("tensor_type")
        if is_tensor and not output.type.tensor_type.HasField("shape"):
            # The shape of a plugin's output is known from the file only.
            output.CopyFrom(was)
    return notes


def is_odd(proto: ModelProto) -> bool:
    """Whether inference fails on the file's own shapes too: its objections then prove nothing."""
    bare = without_weights(proto)
    forget_shapes(bare.graph)
    return bool(_inferred(bare)[1])


def _inferred(proto: ModelProto) -> tuple[GraphProto, str]:
    """The graph with what could be inferred, and what strict inference objects to.

    Raises:
        ModelError: inference cannot look at it at all.
    """
    bare = without_weights(proto)
    infer = onnx.shape_inference.infer_shapes
    try:
        return infer(bare, strict_mode=True, data_prop=True).graph, ""
    except (onnx.shape_inference.InferenceError, ValueError) as problem:
        reason = spaced(problem)
    try:
        # Without strict mode it returns all that it could infer.
        return infer(bare, data_prop=True).graph, reason
    except (onnx.shape_inference.InferenceError, ValueError) as problem:
        # Whatever else looks at the graph meets the same: types that do not exist, for one.
        name = proto.graph.name or "the model"
        raise quoting(ModelError, f"{name}: not a valid ONNX model: ", spaced(problem)) from None


def _take_over(graph: GraphProto, inferred: GraphProto) -> None:
    """Copies inferred types and shapes, at every level."""
    graph.value_info.extend(inferred.value_info)
    for output, known in zip(graph.output, inferred.output, strict=True):
        output.CopyFrom(known)
    for node, typed in zip(graph.node, inferred.node, strict=True):
        for body, typed_body in zip(bodies(node), bodies(typed), strict=True):
            _take_over(body, typed_body)
