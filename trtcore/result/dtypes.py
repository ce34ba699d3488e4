"""Data types: TensorRT's word for one, NumPy's name for it, its size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# TensorRT's words as its inspector prints them and as its Python enum spells them.
_NUMPY_NAMES = {
    "float": "float32",
    "fp32": "float32",
    "half": "float16",
    "fp16": "float16",
    "bf16": "bfloat16",
    "double": "float64",
    "boolean": "bool",
}
_INSPECTOR_NAMES = {
    "float64": "Double",
    "int64": "Int64",
    "float32": "Float",
    "int32": "Int32",
    "float16": "Half",
    "bfloat16": "BFloat16",
    "int8": "Int8",
    "uint8": "UInt8",
    "bool": "Bool",
    "fp8": "FP8",
    "int4": "Int4",
    "fp4": "FP4",
}
_BITS = {
    "float64": 64,
    "int64": 64,
    "float32": 32,
    "int32": 32,
    "float16": 16,
    "bfloat16": 16,
    "int8": 8,
    "uint8": 8,
    "bool": 8,
    "fp8": 8,
    "int4": 4,
    "fp4": 4,
}


def numpy_name(word: str) -> str:
    """NumPy's name of a data type: ``Half``, ``FP16`` and ``float16`` all give ``float16``.

    Names that NumPy lacks (``bfloat16``, ``fp8``) and unknown ones come back in lower case.
    """
    name = word.rpartition(".")[2].lower()
    return _NUMPY_NAMES.get(name, name)


def inspector_name(word: str) -> str:
    """The word of TensorRT's inspector: ``Half`` for ``float16``; unknown ones as they are."""
    return _INSPECTOR_NAMES.get(numpy_name(word), word)


def itemsize(word: str) -> float:
    """Bytes per element, 0.5 for 4-bit types.

    Raises:
        KeyError: not a data type of known size.
    """
    return _BITS[numpy_name(word)] / 8


def to_bfloat16_values(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rounds float32 to the nearest value that bfloat16 holds, ties to even; NaN stays NaN."""
    exact = np.asarray(values, np.float32)
    bits = exact.reshape(-1).view(np.uint32)
    half = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    rounded = (bits + half) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(exact), exact, rounded.view(np.float32).reshape(exact.shape))
