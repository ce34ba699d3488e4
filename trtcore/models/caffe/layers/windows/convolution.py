"""Layers with big weights: Convolution, Deconvolution, InnerProduct."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor, text
from trtcore.models.caffe.layers.converter import Converter
from trtcore.models.caffe.layers.windows.window import check_positive, per_axis


@dataclass(frozen=True)
class _Window:
    kernel: list[int]
    stride: list[int]
    pad: list[int]
    dilation: list[int]
    group: int

    @property
    def extents(self) -> list[int]:
        """Input values that the dilated kernel spans, per axis."""
        return [d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]

    def axes(self, sizes: list[int]) -> Iterator[tuple[int, int, int, int]]:
        """Size, pad, extent and stride of each axis."""
        return zip(sizes, self.pad, self.extents, self.stride, strict=True)

    def attributes(self) -> dict[str, Any]:
        return {
            "kernel_shape": self.kernel,
            "strides": self.stride,
            "pads": self.pad * 2,
            "dilations": self.dilation,
            "group": self.group,
        }


def _window(builder: LayerBuilder, param: Any, group: int) -> _Window:
    axes = len(builder.bottom.shape) - 2
    if axes < 1 or builder.axis(param.axis) != 1:
        builder.refuse(
            f"takes a bottom of batch, channels and spatial axes with axis 1, "
            f"got {text(builder.bottom.shape)} and axis {param.axis}"
        )
    window = _Window(
        per_axis(builder, param, "kernel_size", axes),
        per_axis(builder, param, "stride", axes, 1),
        per_axis(builder, param, "pad", axes, 0),
        _dilation(builder, param, axes),
        group,
    )
    check_positive(
        builder,
        num_output=[param.num_output],
        kernel_size=window.kernel,
        stride=window.stride,
        dilation=window.dilation,
        group=[window.group],
    )
    for name, count in (("channels", builder.bottom.shape[1]), ("num_output", param.num_output)):
        if count % window.group:
            builder.refuse(f"group {window.group} does not divide its {name}, {count}")
    return window


def _dilation(builder: LayerBuilder, param: Any, axes: int) -> list[int]:
    """Dilation, which DeepLab's first forks call hole."""
    hole = (param.hole_h or param.hole, param.hole_w or param.hole)
    if not any(hole):
        return per_axis(builder, param, "dilation", axes, 1)
    if param.dilation or axes != 2 or not all(hole):
        builder.refuse("hole goes with 2 spatial axes, both of them, and without dilation")
    return list(hole)


def convolution(builder: LayerBuilder) -> list[Tensor]:
    """Conv; the size rounds down."""
    return convolve(builder, builder.param("convolution_param").group)


def convolve(builder: LayerBuilder, group: int) -> list[Tensor]:
    """Conv with the parameters of a convolution and a number of groups."""
    param = builder.param("convolution_param")
    window = _window(builder, param, group)
    batch, channels, *sizes = builder.bottom.shape
    outs = [
        (size + 2 * pad - extent) // stride + 1 for size, pad, extent, stride in window.axes(sizes)
    ]
    weights = (param.num_output, channels // window.group, *window.kernel)
    return _weighted(
        builder, "Conv", weights, math.prod(weights[1:]), window, (batch, param.num_output, *outs)
    )


def deconvolution(builder: LayerBuilder) -> list[Tensor]:
    """ConvTranspose with the same weights: input channels first."""
    param = builder.param("convolution_param")
    window = _window(builder, param, param.group)
    batch, channels, *sizes = builder.bottom.shape
    outs = [
        stride * (size - 1) + extent - 2 * pad for size, pad, extent, stride in window.axes(sizes)
    ]
    weights = (channels, param.num_output // window.group, *window.kernel)
    # As if the stride were 1: a larger one sums fewer values, so weights err on the small side.
    fan_in = channels // window.group * math.prod(window.kernel)
    return _weighted(
        builder, "ConvTranspose", weights, fan_in, window, (batch, param.num_output, *outs)
    )


def _weighted(
    builder: LayerBuilder, op: str, weights: Shape, fan_in: int, window: _Window, shape: Shape
) -> list[Tensor]:
    if min(shape[2:]) < 1:
        builder.refuse(
            f"a window of {text(window.extents)} does not fit into its bottom of "
            f"{text(builder.bottom.shape)}"
        )
    inputs = [builder.bottom, builder.weight("w", 0, weights, fan_in=fan_in)]
    if builder.param("convolution_param").bias_term:
        inputs.append(builder.weight("b", 1, (shape[1],)))
    return [builder.node(op, inputs, shape, **window.attributes())]


def inner_product(builder: LayerBuilder) -> list[Tensor]:
    """Gemm over the axes from ``axis`` on, after a Flatten or Reshape to 2-D.

    Source: BVLC/caffe src/caffe/layers/inner_product_layer.cpp.
    """
    param = builder.param("inner_product_param")
    check_positive(builder, num_output=[param.num_output])
    axis, shape, outs = builder.axis(param.axis), builder.bottom.shape, param.num_output
    rows, columns = math.prod(shape[:axis]), math.prod(shape[axis:])
    weights = (columns, outs) if param.transpose else (outs, columns)
    matrix = _as_matrix(builder, axis, rows, columns)
    inputs = [matrix, builder.weight("w", 0, weights, fan_in=columns)]
    if param.bias_term:
        inputs.append(builder.weight("b", 1, (outs,)))
    # The node that ends the layer has the layer's name: Gemm, where no Reshape has to follow it.
    is_whole = axis == 1
    product = builder.node(
        "Gemm",
        inputs,
        (rows, outs),
        "" if is_whole else "gemm",
        transB=int(not param.transpose),
    )
    if is_whole:
        return [product]
    top = (*shape[:axis], outs)
    return [builder.node("Reshape", [product, builder.integers("shape", top)], top)]


def _as_matrix(builder: LayerBuilder, axis: int, rows: int, columns: int) -> Tensor:
    if len(builder.bottom.shape) == 2 and axis == 1:
        return builder.bottom
    if axis == 1:
        return builder.node("Flatten", [builder.bottom], (rows, columns), "flatten", axis=1)
    matrix = builder.integers("matrix", (rows, columns))
    return builder.node("Reshape", [builder.bottom, matrix], (rows, columns), "reshape")


CONVERTERS = {
    "Convolution": Converter(convolution),
    "Deconvolution": Converter(deconvolution),
    "InnerProduct": Converter(inner_product),
}
