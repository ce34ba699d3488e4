"""Arrays in saved results: their bytes by significance, compressed, in base64.

Times of one layer differ in their low bytes only. Layer by layer, with all first bytes before all
second ones and so on, they take two thirds of the space that whole numbers take, and less time.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLANES = "planes_zlib_base64"
"""Byte planes of the array in Fortran order."""
WHOLE = "zlib_base64"
"""Whole numbers in C order, as files had them before."""

# Larger than any run that fits the memory of a workstation (a million iterations of 1000 layers),
# small enough that a damaged or hostile file cannot ask for more.
_MAX_BYTES = 4 << 30
# Low bytes are noise, which does not shrink however hard one tries; level 6 takes twice the time.
_LEVEL = 1


def pack_array(values: NDArray[Any], dtype: np.dtype[Any]) -> dict[str, Any]:
    """Returns what stands for an array in JSON.

    Args:
        values: of any shape.
        dtype: to store them in.
    """
    # Little-endian whatever the machine.
    ordered = np.asarray(values, dtype=dtype.newbyteorder("<")).ravel(order="F")
    planes = ordered.view(np.uint8).reshape(-1, dtype.itemsize).T
    packed = zlib.compress(np.ascontiguousarray(planes).data, _LEVEL)
    shape = list(np.shape(values))
    return {"dtype": dtype.name, "shape": shape, PLANES: base64.b64encode(packed).decode()}


def unpack_array(dtype: np.dtype[Any], value: Any, place: str) -> NDArray[Any]:
    """Returns the array that a JSON value stands for, in C order and read-only.

    Raises:
        ValueError: it is none of that type; ``place`` names it.
    """
    try:
        shape = tuple(int(n) for n in value["shape"])
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if value["dtype"] != dtype.name or min(shape, default=0) < 0 or size > _MAX_BYTES:
            raise ValueError("unexpected dtype or shape")
        is_planes = PLANES in value
        raw = _bytes(value[PLANES if is_planes else WHOLE], size)
    except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as error:
        raise ValueError(f"{place} is not a packed {dtype.name} array ({error})") from None
    stored = dtype.newbyteorder("<")
    if not is_planes:
        return np.frombuffer(raw, dtype=stored).reshape(shape)
    planes = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, -1)
    ordered = np.ascontiguousarray(planes.T).view(stored)
    array = np.ascontiguousarray(ordered.reshape(shape, order="F"))
    array.flags.writeable = False
    return array


def _bytes(text: str, size: int) -> bytes:
    # At most one byte more than announced is unpacked, so that a small file cannot fill the memory.
    stream = zlib.decompressobj()
    raw = stream.decompress(base64.b64decode(text, validate=True), size + 1)
    if len(raw) != size:
        raise ValueError(f"{len(raw)} bytes, expected {size}")
    return raw
