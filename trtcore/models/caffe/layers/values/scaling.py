"""Scale, Bias and Axpy: a learned or computed factor or summand over some axes.

Source: BVLC/caffe src/caffe/layers/scale_layer.cpp and bias_layer.cpp; hujie-frank/SENet,
axpy_layer.cpp.
"""

from __future__ import annotations

from typing import Any

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor, text
from trtcore.models.caffe.layers.converter import Converter


def scale(builder: LayerBuilder) -> list[Tensor]:
    """Mul, and Add where there is a bias; the factor is a blob or the second bottom."""
    param, bottom = builder.param("scale_param"), builder.bottom
    axis, operand = _operand_shape(builder, param)
    factor = _operand(builder, axis, operand, "scale", 0, 1.0)
    if not param.bias_term:
        return [builder.node("Mul", [bottom, factor], bottom.shape)]
    product = builder.node("Mul", [bottom, factor], bottom.shape, "mul")
    view = _view(operand, axis, bottom.shape)
    # With two bottoms the bias is the layer's only blob.
    summand = builder.weight("bias", 2 - len(builder.bottoms), operand, view=view)
    return [builder.node("Add", [product, summand], bottom.shape)]


def bias(builder: LayerBuilder) -> list[Tensor]:
    """Add; the summand is a blob or the second bottom."""
    axis, operand = _operand_shape(builder, builder.param("bias_param"))
    summand = _operand(builder, axis, operand, "bias", 0, 0.0)
    return [builder.node("Add", [builder.bottom, summand], builder.bottom.shape)]


def axpy(builder: LayerBuilder) -> list[Tensor]:
    """``a * x + y`` with a factor per image and channel: Mul and Add."""
    factor, x, y = builder.bottoms
    shape = x.shape
    view = (*shape[:2], *(1,) * (len(shape) - 2))
    if y.shape != shape or factor.shape not in (view, shape[:2]):
        builder.refuse(
            f"takes a factor per image and channel and two blobs of one shape, got "
            f"{text(factor.shape)}, {text(shape)} and {text(y.shape)}"
        )
    if factor.shape != view:
        inputs = [factor, builder.integers("shape", view)]
        factor = builder.node("Reshape", inputs, view, "reshape")
    product = builder.node("Mul", [factor, x], shape, "mul")
    return [builder.node("Add", [product, y], shape)]


def _operand_shape(builder: LayerBuilder, param: Any) -> tuple[int, Shape]:
    """First axis and shape of the factor or summand; scalars have no axes."""
    shape = builder.bottom.shape
    if len(builder.bottoms) == 2:
        operand = builder.bottoms[1].shape
        axis = builder.axis(param.axis) if operand else 0
        if shape[axis : axis + len(operand)] != operand:
            builder.refuse(f"its bottoms {text(shape)} and {text(operand)} differ from axis {axis}")
        return axis, operand
    if param.num_axes == 0:
        return 0, ()
    axis = builder.axis(param.axis)
    end = len(shape) if param.num_axes == -1 else axis + param.num_axes
    if param.num_axes < -1 or end > len(shape):
        builder.refuse(f"num_axes {param.num_axes} from axis {axis} does not fit {text(shape)}")
    return axis, shape[axis:end]


def _operand(
    builder: LayerBuilder, axis: int, shape: Shape, suffix: str, index: int, value: float
) -> Tensor:
    """The factor or summand with trailing ones, so that it broadcasts from the right."""
    view = _view(shape, axis, builder.bottom.shape)
    if len(builder.bottoms) == 1:
        return builder.weight(suffix, index, shape, value=value, view=view)
    if view == shape:
        return builder.bottoms[1]
    target = builder.integers("shape", view)
    return builder.node("Reshape", [builder.bottoms[1], target], view, "reshape")


def _view(shape: Shape, axis: int, bottom: Shape) -> Shape:
    return (*shape, *(1,) * (len(bottom) - axis - len(shape))) if shape else ()


CONVERTERS = {
    "Scale": Converter(scale, bottoms=(1, 2)),
    "Bias": Converter(bias, bottoms=(1, 2)),
    "Axpy": Converter(axpy, bottoms=(3, 3)),
}
