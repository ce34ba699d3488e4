"""Reads the weights of a binary caffemodel in place: layer names, blob shapes, values on demand."""

from __future__ import annotations

import math
import mmap
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import ModelError
from trtcore.models.caffe.files.wire import Field, Wire, WireError, signed
from trtcore.system.files import check_readable

_HDF5 = b"\x89HDF\r\n\x1a\n"
# Field numbers in NetParameter, and of name and blobs in each of its two kinds of layer.
_V1_LAYERS, _LAYER = 2, 100
_NAME_AND_BLOBS = {_V1_LAYERS: (4, 6), _LAYER: (1, 7)}
_V0_LAYER = 1


@dataclass
class Blob:
    """One stored blob; its values stay in the file until they are read.

    Attributes:
        shape: its dimensions; (num, channels, height, width) where ``is_legacy``.
        is_legacy: whether it has the four dimensions of 2014 and before.
        parts: runs of values, float32 or float64, views of the file where it stores them packed.
    """

    shape: tuple[int, ...] = ()
    is_legacy: bool = False
    parts: list[NDArray[np.floating]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of values stored."""
        return sum(part.size for part in self.parts)

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether Caffe would load it as this shape.

        Source: BVLC/caffe src/caffe/blob.cpp, Blob::ShapeEquals: legacy shapes match from the end.
        """
        if self.is_legacy:
            return len(shape) <= 4 and self.shape == (1,) * (4 - len(shape)) + shape
        return self.shape == shape

    def values(self) -> NDArray[np.float32]:
        """(count,) float32: a view of the file if it is stored so, else a copy."""
        flat = self.parts[0] if len(self.parts) == 1 else np.concatenate(self.parts)
        return flat.astype(np.float32, copy=False)


def read_caffemodel(path: str | Path) -> dict[str, list[Blob]]:
    """Reads the blobs of every layer that has some, by layer name.

    Raises:
        ModelError: not readable, not a caffemodel, truncated, or in the V0 or HDF5 form.
    """
    path = check_readable(path, ModelError)
    try:
        with path.open("rb") as file:
            # Mapped, not read: values that the net does not use never leave the disk.
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as problem:
        raise ModelError(f"{path}: cannot be read ({problem})") from None
    if data[:8] == _HDF5:
        raise ModelError(f"{path}: is an HDF5 snapshot, save it as a binary .caffemodel")
    try:
        layers = _read_net(Wire(data))
    except WireError as problem:
        raise ModelError(f"{path}: {_complaint(data, str(problem))}") from None
    if not layers:
        raise ModelError(f"{path}: {_complaint(data, 'no layer in it has weights')}")
    return layers


def _complaint(data: memoryview, problem: str) -> str:
    """The reason why a file cannot be read as a caffemodel."""
    # A prototxt is printable from its start; the tags and lengths of a binary file are not.
    start = bytes(data[:512])
    if all(0x20 <= byte < 0x7F or byte in b"\t\r\n" for byte in start):
        return "is a text file, expected a binary caffemodel (files swapped?)"
    return f"not a caffemodel, or damaged ({problem})"


def _read_net(wire: Wire) -> dict[str, list[Blob]]:
    layers = {}
    for item in wire.fields(0, len(wire.data)):
        if item.number in _NAME_AND_BLOBS:
            name, blobs = _read_layer(wire, item)
            if blobs:
                layers[name] = blobs
    return layers


def _read_layer(wire: Wire, layer: Field) -> tuple[str, list[Blob]]:
    name_number, blobs_number = _NAME_AND_BLOBS[layer.number]
    name, blobs = "", []
    for item in wire.message(layer):
        if item.number == name_number:
            name = bytes(wire.data[item.start : item.end]).decode(errors="replace")
        elif item.number == blobs_number:
            blobs.append(_read_blob(wire, item))
        elif item.number == _V0_LAYER and layer.number == _V1_LAYERS:
            raise WireError("it is in the V0 format of 2013: use Caffe's upgrade_net_proto_binary")
    return name, blobs


def _read_blob(wire: Wire, blob: Field) -> Blob:
    legacy: dict[int, int] = {}
    shape: list[int] = []
    singles, doubles = [], []
    # BlobProto: 1 to 4 are the legacy num, channels, height and width; 5 data, 7 shape, 8
    # double_data.
    for item in wire.message(blob):
        if item.number in (1, 2, 3, 4):
            legacy[item.number] = signed(item.value)
        elif item.number == 5:
            singles.append(wire.floats(item, "<f4"))
        elif item.number == 7:
            for dims in wire.message(item):
                shape += wire.packed_ints(dims) if dims.number == 1 else []
        elif item.number == 8:
            doubles.append(wire.floats(item, "<f8"))
    if legacy:
        shape = [legacy.get(number, 0) for number in (1, 2, 3, 4)]
    read = Blob(tuple(shape), bool(legacy), doubles or singles)
    # 32 is Caffe's own limit of axes, kMaxBlobAxes.
    if len(shape) > 32 or read.count != math.prod(shape):
        raise WireError(
            f"the blob at byte {blob.start} has {read.count} values, its shape is {shape[:32]}"
        )
    return read
