"""External data of an ONNX file: checked against the bytes that are there before any is read.

A model from elsewhere must not make its reader open what it likes: data outside the model's folder
(``../``, an absolute path, a link) is read only where the user allows it, and never from a device.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from onnx import ModelProto, TensorProto

from trtcore.errors import ModelError, argument
from trtcore.models.memory import check_memory
from trtcore.models.onnx.tensors import bytes_needed, every_tensor

# 2^63 - 1, the largest offset of a file, has 19 digits.
_MOST_DIGITS = 19


class _Part(NamedTuple):
    """Where the values of a tensor lie.

    Attributes:
        tensor: that has them.
        path: of the file, free of links.
        offset: in bytes.
        length: in bytes.
    """

    tensor: TensorProto
    path: str
    offset: int
    length: int


def load_external_data(proto: ModelProto, path: Path, *, may_leave: bool = False) -> None:
    """Puts external data into the tensors of a graph, in place.

    Args:
        proto: the graph.
        path: the file that it was read from, whose folder holds the data.
        may_leave: read files outside that folder too.

    Raises:
        ModelError: a file that is missing, outside the folder or too short; or all the data
            together take more memory than there is.
    """
    parts = []
    for tensor in external_tensors(proto):
        try:
            parts.append(_located(tensor, path.parent, may_leave=may_leave))
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            raise ModelError(
                f"{path}: its external data cannot be read: '{tensor.name[:200]}': {reason}"
            ) from None
    # Before any is read: tensors may share bytes, so that a small file can stand for many of it.
    check_memory(path, sum(part.length for part in parts))
    for part in parts:
        _read(part, path)


def external_tensors(proto: ModelProto) -> Iterator[TensorProto]:
    """Every tensor whose values lie in another file; of graphs, bodies and functions."""
    return (one for one in every_tensor(proto) if one.data_location == TensorProto.EXTERNAL)


def _located(tensor: TensorProto, folder: Path, *, may_leave: bool) -> _Part:
    """Where a tensor's values lie.

    Raises:
        OSError: there is no such file.
        ValueError: it is outside the folder, no file, or shorter than the tensor needs.
    """
    entries = {entry.key: entry.value for entry in tensor.external_data}
    path = _path(entries.get("location", ""), folder, may_leave=may_leave)
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{entries['location']!r:.300} is not a file")
    offset = _number(entries.get("offset", "0"), "offset")
    rest = found.st_size - offset
    needed = bytes_needed(tensor)
    length = _number(entries["length"], "length") if entries.get("length") else needed
    length = rest if length is None else length
    if rest < 0 or max(length, needed or 0) > rest:
        raise ValueError(
            f"needs {max(length, needed or 0)} bytes from {offset} on, but "
            f"{entries['location']!r:.300} has {found.st_size}"
        )
    return _Part(tensor, path, offset, length)


def _path(location: str, folder: Path, *, may_leave: bool) -> str:
    """The file behind a location, free of links."""
    if not location or "\0" in location:
        raise ValueError(f"its location is {location!r:.300}")
    home = os.path.realpath(folder)
    path = os.path.realpath(os.path.join(home, location))
    if not may_leave and os.path.commonpath([home, path]) != home:
        allow = argument("allow_external", True)
        raise ValueError(f"{location!r:.300} is outside the model's folder; {allow} reads it there")
    return path


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise ValueError(f"its {name} is {text!r:.60}, expected a number of bytes")
    return int(text)


def _read(part: _Part, source: Path) -> None:
    try:
        with open(part.path, "rb") as file:
            file.seek(part.offset)
            values = file.read(part.length)
    except OSError as problem:
        raise ModelError(
            f"{source}: its external data cannot be read: {part.path} ({problem.strerror})"
        ) from None
    tensor = part.tensor
    tensor.ClearField("external_data")
    tensor.data_location = TensorProto.DEFAULT
    tensor.raw_data = values
