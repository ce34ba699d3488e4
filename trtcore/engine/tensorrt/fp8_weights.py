"""FP8 weights in the one form that TensorRT's ONNX parser reads rightly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx import GraphProto, TensorProto

from trtcore.models.onnx.bodies import bodies
from trtcore.models.onnx.walk import walk_nodes


def store_fp8_as_bytes(graph: GraphProto) -> None:
    """Moves FP8 values from ``int32_data`` to ``raw_data``, in place; no value changes.

    ONNX lets a tensor hold each FP8 value in an int32, as `onnx.helper.make_tensor` does. The
    parsers of TensorRT-RTX 1.6.1 and 1.7.1 take these int32 for the FP8 bytes themselves: every
    weight is followed by three zeros, three of four weights are lost, and there is no error. Of
    all types they read only E4M3 so; INT8, INT4, FP4 and the 16-bit types are read rightly.
    """
    for tensor in _tensors(graph):
        if tensor.data_type == TensorProto.FLOAT8E4M3FN and tensor.int32_data:
            count = len(tensor.int32_data)
            tensor.raw_data = np.fromiter(tensor.int32_data, np.uint8, count).tobytes()
            tensor.ClearField("int32_data")


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """Every constant of the graph and of the bodies in it."""
    yield from graph.initializer
    for node in walk_nodes(graph):
        for body in bodies(node):
            yield from body.initializer
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
