"""A hash of a model's weights: another one is another training, of the same network or not."""

from __future__ import annotations

import hashlib

import onnx


def weights_hash(proto: onnx.ModelProto) -> str:
    """Returns the SHA-256 of the initializers' types, shapes and values, in their order.

    Names do not count, which exporters change; of a model without weights it is ``""``.
    """
    if not proto.graph.initializer:
        return ""
    digest = hashlib.sha256()
    for tensor in proto.graph.initializer:
        digest.update(f"{tensor.data_type} {list(tensor.dims)}\n".encode())
        # Nearly all weights are raw; the other forms are of small tensors.
        digest.update(tensor.raw_data or _values(tensor))
    return digest.hexdigest()


def _values(tensor: onnx.TensorProto) -> bytes:
    unnamed = onnx.TensorProto()
    unnamed.CopyFrom(tensor)
    unnamed.ClearField("name")
    unnamed.ClearField("doc_string")
    content: bytes = unnamed.SerializeToString(deterministic=True)
    return content
