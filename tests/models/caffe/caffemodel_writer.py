"""Writes binary caffemodels by hand, so that reader and writer share no code."""

from __future__ import annotations

import struct

import numpy as np

LAYER, V1_LAYERS = 100, 2


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def chunk(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def values(array: np.ndarray, storage: str) -> bytes:
    flat = np.asarray(array).ravel()
    if storage == "double":
        return chunk(8, flat.astype("<f8").tobytes()) + chunk(9, flat.astype("<f8").tobytes())
    if storage == "unpacked":
        return b"".join(b"\x2d" + struct.pack("<f", value) for value in flat)
    if storage == "two runs":
        half = flat.size // 2
        return values(flat[:half], "packed") + values(flat[half:], "unpacked")
    return chunk(5, flat.astype("<f4").tobytes())


def blob(array: np.ndarray, *, legacy: bool = False, storage: str = "packed") -> bytes:
    """A BlobProto; ``legacy`` gives it four dimensions, ones first."""
    array = np.asarray(array)
    if not legacy:
        dims = b"".join(varint(dim) for dim in array.shape)
        return chunk(7, chunk(1, dims)) + values(array, storage)
    dims = (1,) * (4 - array.ndim) + array.shape
    return b"".join(number(1 + i, dim) for i, dim in enumerate(dims)) + values(array, storage)


def caffemodel(layers, *, v1: bool = False, legacy: bool = False, storage: str = "packed") -> bytes:
    """A NetParameter with blobs by layer name; other fields are there to be stepped over."""
    net = chunk(1, b"a net")
    for name, arrays in layers.items():
        blobs = [blob(array, legacy=legacy, storage=storage) for array in arrays]
        if v1:
            body = chunk(4, name.encode()) + number(5, 4)
            net += chunk(V1_LAYERS, body + b"".join(chunk(6, each) for each in blobs))
        else:
            body = chunk(1, name.encode()) + chunk(2, b"Any") + number(10, 1)
            net += chunk(LAYER, body + b"".join(chunk(7, each) for each in blobs))
    return net
