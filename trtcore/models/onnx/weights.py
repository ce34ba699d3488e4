"""The weights of an ONNX graph apart from its structure: for models above 2 GB and inference."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from google.protobuf.message import Message
from onnx import (
    GraphProto,
    ModelProto,
    StringStringEntryProto,
    TensorProto,
    helper,
    numpy_helper,
)

from trtcore.errors import ResultError
from trtcore.system.files import write_file

# A protobuf message holds 2 GiB at most; nodes and names get the rest.
INLINE_BYTES = 2_000_000_000
# Shape inference reads the values of small tensors (the target of a Reshape), never of weights:
# 8 KiB are 1024 int64, more dimensions than any shape has.
_SMALL_BYTES = 8192
# As onnx.external_data_helper aligns them, so that files can be mapped.
_ALIGNMENT = 4096


def weight_bytes(proto: ModelProto) -> int:
    """Size of the graph's initializers in bytes."""
    return sum(tensor.ByteSize() for tensor in proto.graph.initializer)


def without_weights(proto: ModelProto) -> ModelProto:
    """A copy of the graph whose large initializers have a type and a shape but no values."""
    bare = without_initializers(proto)
    for tensor in proto.graph.initializer:
        if tensor.ByteSize() <= _SMALL_BYTES:
            bare.graph.initializer.append(tensor)
        else:
            bare.graph.initializer.append(_shell(tensor))
    return bare


def with_weights_as_inputs(proto: ModelProto) -> ModelProto:
    """A copy of the graph whose large initializers are inputs of their type and shape.

    It is as valid as the graph itself: ONNX knows no initializer that could not be fed instead.
    """
    bare = without_initializers(proto)
    given = {value.name for value in bare.graph.input}
    for tensor in proto.graph.initializer:
        if tensor.ByteSize() <= _SMALL_BYTES:
            bare.graph.initializer.append(tensor)
        elif tensor.name not in given:
            value = helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            bare.graph.input.append(value)
    return bare


def write_with_external_weights(proto: ModelProto, path: Path) -> None:
    """Writes a graph of any size: structure to ``path``, weights to ``<path>.data`` beside it.

    Raises:
        ResultError: the files cannot be written.
    """
    data = path.with_name(f"{path.name}.data")
    structure = without_initializers(proto)
    # The process id keeps two runs that write the same model apart.
    aside = data.with_name(f".{data.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            for tensor in proto.graph.initializer:
                if tensor.ByteSize() <= _SMALL_BYTES:
                    structure.graph.initializer.append(tensor)
                    continue
                file.write(bytes(-file.tell() % _ALIGNMENT))
                values = tensor.raw_data or numpy_helper.to_array(tensor).tobytes()
                structure.graph.initializer.append(
                    _reference(tensor, data.name, file.tell(), len(values))
                )
                file.write(values)
        # The weights before the structure: a structure without its weights is a broken model.
        os.replace(aside, data)
    except OSError as problem:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise ResultError(f"{data}: cannot be written ({problem.strerror})") from None
    write_file(path, structure.SerializeToString())


def without_initializers(proto: ModelProto) -> ModelProto:
    """A copy of the graph without any of its initializers."""
    bare = ModelProto()
    _copy_fields(proto, bare, leave="graph")
    _copy_fields(proto.graph, bare.graph, leave="initializer")
    return bare


def _copy_fields(source: Message, target: ModelProto | GraphProto, leave: str) -> None:
    for field, value in source.ListFields():
        if field.name == leave:
            continue
        if isinstance(value, (str, bytes, int, float)):
            setattr(target, field.name, value)
        else:
            getattr(target, field.name).MergeFrom(value)


def _shell(tensor: TensorProto) -> TensorProto:
    return TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)


def _reference(tensor: TensorProto, location: str, offset: int, length: int) -> TensorProto:
    reference = _shell(tensor)
    reference.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        reference.external_data.append(StringStringEntryProto(key=key, value=str(value)))
    return reference
