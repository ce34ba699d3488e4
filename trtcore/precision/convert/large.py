"""A graph to convert whose large weights stay where they are until they are converted."""

from __future__ import annotations

from onnx import ModelProto, TensorProto, numpy_helper

from trtcore.models.onnx.weights import without_initializers
from trtcore.precision.formats import format_of

# Smaller tensors are not worth a way of their own.
_LARGE_BYTES = 1 << 20


def without_large(proto: ModelProto, low: int) -> tuple[ModelProto, dict[str, TensorProto]]:
    """Copies a graph but for its large float32 weights, of which it gets type and shape.

    A message never gives back what its fields held, so that a copy of all weights would stay beside
    the converted ones.

    Args:
        proto: the graph; it is not changed.
        low: the type to convert to; a weight that does not fit well into it is copied, as it may be
            a mask, which is replaced.

    Returns:
        The copy, and the weights it lacks, by name: those of ``proto``, not to be changed.
    """
    copy, large = without_initializers(proto), {}
    for tensor in proto.graph.initializer:
        is_large = tensor.data_type == TensorProto.FLOAT and tensor.ByteSize() > _LARGE_BYTES
        if is_large and _fits(tensor, format_of(low).largest / 2):
            large[tensor.name] = tensor
            copy.graph.initializer.add(
                name=tensor.name, data_type=tensor.data_type, dims=tensor.dims
            )
        else:
            copy.graph.initializer.append(tensor)
    return copy, large


def _fits(tensor: TensorProto, bound: float) -> bool:
    """Whether all values are within a bound; NaN is in none."""
    values = numpy_helper.to_array(tensor)
    return bool(float(values.max()) <= bound and float(values.min()) >= -bound)
