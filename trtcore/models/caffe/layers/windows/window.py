"""Kernel, stride, pad and dilation: one number for all axes, one per axis, or ``_h`` and ``_w``."""

from __future__ import annotations

from typing import Any

from trtcore.models.caffe.builder import LayerBuilder


def per_axis(
    builder: LayerBuilder, param: Any, name: str, axes: int, default: int | None = None
) -> list[int]:
    """Reads a convolution's per-axis parameter.

    Args:
        builder: the layer, to refuse it.
        param: its ``convolution_param``.
        name: ``kernel_size``, ``stride``, ``pad`` or ``dilation``.
        axes: number of spatial axes.
        default: value where nothing is given; None if something must be.

    Returns:
        One value per axis.

    Raises:
        LayerError: given twice, not at all, or for another number of axes.

    Source: BVLC/caffe src/caffe/layers/base_conv_layer.cpp, LayerSetUp.
    """
    values = list(getattr(param, name))
    height, width = (f"{name.removesuffix('_size')}_{side}" for side in "hw")
    if hasattr(param, height) and (param.HasField(height) or param.HasField(width)):
        if values or axes != 2:
            builder.refuse(f"{height} and {width} go with 2 spatial axes and without {name}")
        return [getattr(param, height), getattr(param, width)]
    if not values and default is not None:
        values = [default]
    if len(values) not in (1, axes):
        builder.refuse(f"has {len(values)} values of {name}, takes 1 or {axes}")
    return values * axes if len(values) == 1 else values


def check_positive(builder: LayerBuilder, **values: list[int]) -> None:
    """Refuses the layer if a value is 0.

    Raises:
        LayerError: one is.
    """
    for name, numbers in values.items():
        if min(numbers) < 1:
            builder.refuse(f"{name} is {min(numbers)}, must be 1 or more")
