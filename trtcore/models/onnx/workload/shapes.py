"""The shapes that a graph states."""

from __future__ import annotations

from onnx import GraphProto, ValueInfoProto

from trtcore.models.onnx.workload.operands import Shape


def known_shapes(graph: GraphProto) -> dict[str, Shape]:
    """Whole shapes by tensor: an open dimension makes a size unknown."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        shape = _shape(value)
        if shape is not None:
            shapes[value.name] = shape
    return shapes


def _shape(value: ValueInfoProto) -> Shape | None:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    dims = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
    return None if -1 in dims else tuple(dims)
