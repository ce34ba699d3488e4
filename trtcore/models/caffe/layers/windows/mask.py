"""The mask of max pooling: where in its image each maximum stood.

TensorRT's parser knows no second output of MaxPool, so the mask is computed from the windows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from onnx import TensorProto

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor

# What padding holds: smaller than any value, and finite, so that no FP16 conversion meets an
# infinity of its own making.
_LOWEST = float(np.finfo(np.float32).min)


def max_mask(
    builder: LayerBuilder,
    kernel: Sequence[int],
    stride: Sequence[int],
    pads: Sequence[int],
    top: Shape,
) -> Tensor:
    """Positions ``row * width + column`` of the maxima in their images, int64 of the top's shape.

    Args:
        builder: the Pooling layer.
        kernel: of the two axes.
        stride: of the two axes.
        pads: at the begin of both axes, then at the end of both.
        top: shape of the layer's first top.

    Source: BVLC/caffe src/caffe/layers/pooling_layer.cpp: among equal values the first counts.
    """
    bottom = _padded(builder, pads)
    windows = [
        _slice(builder, bottom, (i, j), stride, top)
        for i, j in itertools.product(range(kernel[0]), range(kernel[1]))
    ]
    stacked = (*top, len(windows))
    values = builder.node("Concat", windows, stacked, "mask/windows", axis=4)
    ints = TensorProto.INT64
    best = builder.node("ArgMax", [values], top, "mask/argmax", dtype=ints, axis=4, keepdims=0)
    width = builder.bottom.shape[3]
    inside = [i * width + j for i, j in itertools.product(range(kernel[0]), range(kernel[1]))]
    table = builder.integers("offsets", inside)
    offset = builder.node("Gather", [table, best], top, "mask/offset", dtype=ints)
    corners = builder.constant("corners", _corners(stride, pads, top, width))
    return builder.node("Add", [offset, corners], top, "mask", dtype=ints)


def _corners(
    stride: Sequence[int], pads: Sequence[int], top: Shape, width: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """(height, width) positions of the first pixel of every window."""
    rows, columns = (
        np.arange(size, dtype=np.int64) * step - pad
        for size, step, pad in zip(top[2:], stride, pads[:2], strict=True)
    )
    return rows[:, None] * width + columns


def _padded(builder: LayerBuilder, pads: Sequence[int]) -> Tensor:
    if not any(pads):
        return builder.bottom
    batch, channels, height, width = builder.bottom.shape
    shape = (batch, channels, height + pads[0] + pads[2], width + pads[1] + pads[3])
    inputs = [
        builder.bottom,
        builder.integers("mask_pads", [0, 0, *pads[:2], 0, 0, *pads[2:]]),
        builder.number("lowest", _LOWEST),
    ]
    return builder.node("Pad", inputs, shape, "mask/pad")


def _slice(
    builder: LayerBuilder, bottom: Tensor, at: tuple[int, int], stride: Sequence[int], top: Shape
) -> Tensor:
    """The pixels at one place of every window, with an axis behind to stack them along."""
    name = f"mask/{at[0]}_{at[1]}"
    ends = [
        begin + step * (size - 1) + 1 for begin, step, size in zip(at, stride, top[2:], strict=True)
    ]
    ranges = {"starts": list(at), "ends": ends, "axes": [2, 3], "steps": list(stride)}
    numbers = [builder.integers(f"{name}_{key}", values) for key, values in ranges.items()]
    cut = builder.node("Slice", [bottom, *numbers], top, name)
    last = builder.integers(f"{name}_axis", [4])
    return builder.node("Unsqueeze", [cut, last], (*top, 1), f"{name}/unsqueeze")
