"""Layers that rearrange or cut values: Flatten, Reshape, Crop, Permute, Transpose, Tile."""

from __future__ import annotations

import math
from typing import Any

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor, text
from trtcore.models.caffe.layers.converter import Converter


def flatten(builder: LayerBuilder) -> list[Tensor]:
    """Flatten, or Reshape where the axes are not batch and all the rest."""
    param, shape = builder.param("flatten_param"), builder.bottom.shape
    start, end = builder.axis(param.axis), builder.axis(param.end_axis)
    if start > end:
        builder.refuse(f"axis {param.axis} comes after end_axis {param.end_axis}")
    top = (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])
    if start == 1 and end == len(shape) - 1:
        return [builder.node("Flatten", [builder.bottom], top, axis=1)]
    return [_reshaped(builder, top)]


def reshape(builder: LayerBuilder) -> list[Tensor]:
    """Reshape to the full static shape.

    Source: BVLC/caffe src/caffe/layers/reshape_layer.cpp: 0 copies the bottom's dimension of the
    same axis, one -1 is inferred.
    """
    param, shape = builder.param("reshape_param"), builder.bottom.shape
    start, end = _replaced_axes(builder, param)
    dims = []
    for offset, dim in enumerate(param.shape.dim):
        if dim == 0 and start + offset >= len(shape):
            builder.refuse(f"dim 0 at {start + offset} has no axis to copy in {text(shape)}")
        dims.append(shape[start + offset] if dim == 0 else dim)
    if dims.count(-1) > 1 or min(dims, default=1) < -1:
        builder.refuse(f"shape {list(param.shape.dim)} takes sizes, 0 to copy and one -1")
    top = (*shape[:start], *dims, *shape[end:])
    # A -1 that does not come out even stays in: the volumes then differ, which is refused below.
    known = math.prod(dim for dim in top if dim != -1)
    if -1 in dims and math.prod(shape) % known == 0:
        top = tuple(math.prod(shape) // known if dim == -1 else dim for dim in top)
    if math.prod(top) != math.prod(shape):
        builder.refuse(f"cannot turn {text(shape)} into {text(top)}")
    return [_reshaped(builder, top)]


def _replaced_axes(builder: LayerBuilder, param: Any) -> tuple[int, int]:
    """First axis that the new dimensions replace, and one past the last; may be empty."""
    ndim = len(builder.bottom.shape)
    start = param.axis if param.axis >= 0 else ndim + param.axis + 1
    end = ndim if param.num_axes == -1 else start + param.num_axes
    if not 0 <= start <= end <= ndim:
        builder.refuse(
            f"axis {param.axis} and num_axes {param.num_axes} do not fit "
            f"{text(builder.bottom.shape)}"
        )
    return start, end


def _reshaped(builder: LayerBuilder, top: Shape) -> Tensor:
    return builder.node("Reshape", [builder.bottom, builder.integers("shape", top)], top)


def crop(builder: LayerBuilder) -> list[Tensor]:
    """Slice to the sizes of the second bottom from ``axis`` on."""
    param, shape = builder.param("crop_param"), builder.bottom.shape
    like, axis = builder.bottoms[1].shape, builder.axis(param.axis)
    count = len(shape) - axis
    if len(like) != len(shape) or len(param.offset) not in (0, 1, count):
        builder.refuse(
            f"takes bottoms of as many axes and 0, 1 or {count} offsets, got {text(shape)}, "
            f"{text(like)} and {len(param.offset)}"
        )
    offsets = list(param.offset or [0])
    starts = offsets * count if len(offsets) == 1 else offsets
    ends = [start + size for start, size in zip(starts, like[axis:], strict=True)]
    if any(end > size for end, size in zip(ends, shape[axis:], strict=True)):
        builder.refuse(f"offset {starts} and size {text(like[axis:])} leave {text(shape[axis:])}")
    axes = list(range(axis, len(shape)))
    ranges = {"starts": starts, "ends": ends, "axes": axes}
    inputs = [builder.bottom, *(builder.integers(*each) for each in ranges.items())]
    return [builder.node("Slice", inputs, shape[:axis] + like[axis:])]


def permute(builder: LayerBuilder) -> list[Tensor]:
    """Transpose; axes missing from the order follow in ascending order.

    Source: weiliu89/caffe, branch ssd, src/caffe/layers/permute_layer.cpp.
    """
    return _transposed(builder, list(builder.param("permute_param").order))


def transpose(builder: LayerBuilder) -> list[Tensor]:
    """Transpose, as forks for text recognition name it: all axes in their new order."""
    order = list(builder.param("transpose_param").dim)
    if len(order) != len(builder.bottom.shape):
        builder.refuse(f"dim {order} must name every axis of {text(builder.bottom.shape)}")
    return _transposed(builder, order)


def _transposed(builder: LayerBuilder, order: list[int]) -> list[Tensor]:
    shape = builder.bottom.shape
    if len(set(order)) != len(order) or any(axis >= len(shape) for axis in order):
        builder.refuse(f"order {order} must be different axes of {text(shape)}")
    order += [axis for axis in range(len(shape)) if axis not in order]
    return [builder.node("Transpose", [builder.bottom], tuple(shape[i] for i in order), perm=order)]


def tile(builder: LayerBuilder) -> list[Tensor]:
    """Tile along one axis."""
    param, shape = builder.param("tile_param"), builder.bottom.shape
    axis = builder.axis(param.axis)
    repeats = [1] * len(shape)
    repeats[axis] = param.tiles
    top = (*shape[:axis], shape[axis] * param.tiles, *shape[axis + 1 :])
    return [builder.node("Tile", [builder.bottom, builder.integers("repeats", repeats)], top)]


CONVERTERS = {
    "Flatten": Converter(flatten),
    "Reshape": Converter(reshape),
    "Crop": Converter(crop, bottoms=(2, 2)),
    "Permute": Converter(permute),
    "Transpose": Converter(transpose),
    "Tile": Converter(tile),
}
