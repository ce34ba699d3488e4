"""Float32 values as bytes of a lower type: to the nearest value, ties to even, nothing clamped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trtcore.result.types.dtypes import to_bfloat16_values

Values = NDArray[np.float32]


def to_half(values: Values) -> tuple[bytes, Values]:
    """Rounds to FP16; small values become subnormal or zero, large ones infinite.

    Returns:
        The bytes, little-endian in C order as ONNX stores them, and the values they stand for.
    """
    with np.errstate(over="ignore", under="ignore"):
        half = values.astype(np.float16)
    return half.astype("<f2").tobytes(), half.astype(np.float32)


def to_bfloat16(values: Values) -> tuple[bytes, Values]:
    """Rounds to BF16.

    Returns:
        The bytes, little-endian in C order as ONNX stores them, and the values they stand for.
    """
    with np.errstate(over="ignore", under="ignore"):
        brain = to_bfloat16_values(values)
    return (brain.view(np.uint32) >> 16).astype("<u2").tobytes(), brain
