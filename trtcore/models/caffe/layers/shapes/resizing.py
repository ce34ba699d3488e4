"""Layers that enlarge or shrink images: Interp, and Upsample without and with positions."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor, text
from trtcore.models.caffe.layers.converter import Converter

_ALIGNED = {"coordinate_transformation_mode": "align_corners"}
_REPEATED = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}


def interp(builder: LayerBuilder) -> list[Tensor]:
    """Bilinear Resize whose corners stay corners, after a crop if there is a negative pad.

    Source: hszhao/PSPNet and DeepLab's caffe, src/caffe/layers/interp_layer.cpp.
    """
    param, shape = builder.param("interp_param"), builder.image_shape()
    pads = param.pad_beg, param.pad_end
    if max(pads) > 0 or min(param.zoom_factor, param.shrink_factor) < 1:
        builder.refuse(
            f"pad_beg {pads[0]} and pad_end {pads[1]} must be 0 or less, zoom_factor "
            f"{param.zoom_factor} and shrink_factor {param.shrink_factor} 1 or more"
        )
    sizes = tuple(size + sum(pads) for size in shape[2:])
    if min(sizes) < 1:
        builder.refuse(f"pad_beg {pads[0]} and pad_end {pads[1]} leave nothing of {text(shape)}")
    top = (*shape[:2], *_interp_sizes(builder, param, sizes))
    is_resized = top[2:] != sizes
    cropped = builder.bottom
    if any(pads):
        cropped = _cropped(builder, -pads[0], sizes, "crop" if is_resized else "")
    if not is_resized:
        return [cropped]
    return [_resized(builder, cropped, top, mode="linear", **_ALIGNED)]


def _interp_sizes(builder: LayerBuilder, param: Any, sizes: Shape) -> Shape:
    """The sizes of the result: those given, or what the factors make of the bottom's."""
    has_factor = param.HasField("zoom_factor") or param.HasField("shrink_factor")
    if not has_factor:
        if min(param.height, param.width) < 1:
            builder.refuse("takes a height and width, a zoom_factor or a shrink_factor")
        return (param.height, param.width)
    shrunk = ((size - 1) // param.shrink_factor + 1 for size in sizes)
    return tuple(size + (size - 1) * (param.zoom_factor - 1) for size in shrunk)


def _cropped(builder: LayerBuilder, start: int, sizes: Shape, suffix: str) -> Tensor:
    starts, ends = [start] * 2, [start + size for size in sizes]
    ranges = {"starts": starts, "ends": ends, "axes": [2, 3]}
    inputs = [builder.bottom, *(builder.integers(*each) for each in ranges.items())]
    return builder.node("Slice", inputs, (*builder.bottom.shape[:2], *sizes), suffix)


def _resized(builder: LayerBuilder, bottom: Tensor, top: Shape, **attributes: str) -> Tensor:
    # No region of interest and no scales: both are optional, and left out by an empty name.
    none = Tensor("", ())
    inputs = [bottom, none, none, builder.integers("sizes", top)]
    options: dict[str, Any] = dict(attributes)
    return builder.node("Resize", inputs, top, **options)


def upsample(builder: LayerBuilder) -> list[Tensor]:
    """Repeated pixels, or with a mask each value at the position that Pooling took it from.

    Source: ChenYingpeng/darknet2caffe, upsample_layer.cpp, for one bottom;
    alexgkendall/caffe-segnet, the same file, for two.
    """
    shape, top = builder.image_shape(), _upsampled(builder)
    if len(builder.bottoms) == 2:
        return [_unpooled(builder, top)]
    if any(out % size for out, size in zip(top[2:], shape[2:], strict=True)):
        builder.refuse(f"{text(top)} is no multiple of its bottom, {text(shape)}")
    if top == shape:
        return [builder.bottom]
    return [_resized(builder, builder.bottom, top, mode="nearest", **_REPEATED)]


def _upsampled(builder: LayerBuilder) -> Shape:
    """The shape of the result."""
    param, shape = builder.param("upsample_param"), builder.bottom.shape
    if param.upsample_h and param.upsample_w:
        return (*shape[:2], param.upsample_h, param.upsample_w)
    scales = (param.scale_h or param.scale, param.scale_w or param.scale)
    if any(scale < 1 or scale != int(scale) for scale in scales):
        builder.refuse(f"scale is {scales[0]:g} and {scales[1]:g}, must be whole and 1 or more")
    # Of an odd image the second half of the last pixel is left out again.
    height = shape[2] * int(scales[0]) - param.pad_out_h
    return (*shape[:2], height, shape[3] * int(scales[1]) - param.pad_out_w)


def _unpooled(builder: LayerBuilder, top: Shape) -> Tensor:
    """ScatterElements over the flattened images.

    TensorRT has no MaxUnpool, and ONNX's own takes positions in the whole batch, not in an image.
    """
    bottom, mask = builder.bottoms
    if mask.dtype != TensorProto.INT64 or mask.shape != bottom.shape:
        builder.refuse(
            f"takes the second top of a Pooling layer of {text(bottom.shape)} as mask, "
            f"got {text(mask.shape)}"
        )
    rows = (*bottom.shape[:2], bottom.shape[2] * bottom.shape[3])
    flat = (*top[:2], top[2] * top[3])
    to_rows = builder.integers("rows", rows)
    values = builder.node("Reshape", [bottom, to_rows], rows, "values")
    where = builder.node("Reshape", [mask, to_rows], rows, "positions", dtype=TensorProto.INT64)
    zeros = _zeros(builder, where, flat)
    placed = builder.node("ScatterElements", [zeros, where, values], flat, "scatter", axis=2)
    return builder.node("Reshape", [placed, builder.integers("shape", top)], top)


def _zeros(builder: LayerBuilder, where: Tensor, shape: Shape) -> Tensor:
    """Zeros of a shape whose batch is that of the positions.

    No constant holds the batch, so that one engine can take several.
    """
    column = (*shape[:2], 1)
    ints, bools = TensorProto.INT64, TensorProto.BOOL
    first = builder.integers("first", [0])
    column_of = builder.node("Gather", [where, first], column, "column", dtype=ints, axis=2)
    limit = builder.constant("limit", np.array(0, np.int64))
    never = builder.node("Less", [column_of, limit], column, "never", dtype=bools)
    row = builder.constant("row", np.zeros((1, 1, shape[2]), np.float32))
    return builder.node("Where", [never, builder.number("zero", 0.0), row], shape, "zeros")


CONVERTERS = {
    "Interp": Converter(interp),
    "Upsample": Converter(upsample, bottoms=(1, 2), takes_masks=True),
}
