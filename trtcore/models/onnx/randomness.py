"""Nodes that draw random numbers, and the outputs of a graph that depend on what they draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from onnx import GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper

from trtcore.models.onnx.walk import bodies, free_reads, walk_nodes

# With a seed too: each runtime has a generator of its own, and TensorRT takes no seed.
RANDOM_OPERATORS = frozenset(
    {
        "Bernoulli",
        "Multinomial",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
    }
)
# What they give depends on the shape of what they read alone.
_SHAPE_ONLY = frozenset({"Shape", "Size"})
# The input of Dropout that asks for training, since operator set 12.
_TRAINING_INPUT = 2
_KINDS = (TensorProto.BOOL, TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)


def random_outputs(proto: ModelProto) -> dict[str, tuple[str, ...]]:
    """The outputs that are others in every run, each with the nodes that draw for it, in order."""
    graph = proto.graph
    constants = dict(_scalars(graph))
    drawn: dict[str, dict[str, None]] = {}
    for node in graph.node:
        own = _sources(node, constants)
        if node.op_type not in _SHAPE_ONLY:
            for name in free_reads(node):
                own |= drawn.get(name, {})
        if own:
            drawn.update(dict.fromkeys(node.output, own))
    return {
        output.name: tuple(drawn[output.name]) for output in graph.output if output.name in drawn
    }


def _sources(node: NodeProto, constants: Mapping[str, float]) -> dict[str, None]:
    """The nodes that draw: this one, and those of its bodies."""
    nodes = [node, *(inner for body in bodies(node) for inner in walk_nodes(body))]
    return {one.name: None for one in nodes if _is_random(one, constants)}


def _is_random(node: NodeProto, constants: Mapping[str, float]) -> bool:
    if node.op_type == "Dropout" and len(node.input) > _TRAINING_INPUT:
        # What is not known before a run may be true in it, and the ratio anything.
        _, ratio, training = node.input
        drops = not ratio or constants.get(ratio, 1.0) != 0
        return bool(training) and drops and constants.get(training, 1.0) != 0
    return node.op_type in RANDOM_OPERATORS


def _scalars(graph: GraphProto) -> Iterator[tuple[str, float]]:
    """Constants of one value."""
    given = {value.name for value in graph.input}
    for scope in (graph, *(body for node in walk_nodes(graph) for body in bodies(node))):
        tensors = {one.name: one for one in scope.initializer if one.name not in given}
        for node in scope.node:
            for attribute in node.attribute if node.op_type == "Constant" else ():
                if attribute.name == "value":
                    tensors[node.output[0]] = attribute.t
        for name, tensor in tensors.items():
            if tensor.data_type in _KINDS and tuple(tensor.dims) in ((), (1,)):
                yield name, float(numpy_helper.to_array(tensor).item())
