"""Elementwise layers: activations and powers.

Source: BVLC/caffe src/caffe/layers/*_layer.cpp, the Forward_cpu of each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from onnx import TensorProto

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor
from trtcore.models.caffe.layers.converter import Converter


def _same(
    builder: LayerBuilder, op: str, *others: Tensor, suffix: str = "", **attributes: Any
) -> Tensor:
    """A node over the bottom that keeps its shape."""
    # Other inputs are scalars or broadcast, so the shape of the bottom is that of the result.
    inputs = [builder.bottom, *others]
    return builder.node(op, inputs, builder.bottom.shape, suffix, **attributes)


def _simple(op: str) -> Callable[[LayerBuilder], list[Tensor]]:
    """A converter for a layer that is one ONNX operator."""
    return lambda builder: [_same(builder, op)]


def relu(builder: LayerBuilder) -> list[Tensor]:
    """Relu, or LeakyRelu where there is a negative slope."""
    slope = builder.param("relu_param").negative_slope
    return [_same(builder, "LeakyRelu", alpha=slope) if slope else _same(builder, "Relu")]


def prelu(builder: LayerBuilder) -> list[Tensor]:
    """PRelu with a slope per channel, or one for all."""
    shape = builder.bottom.shape
    if len(shape) < 2:
        builder.refuse("takes a bottom with channels")
    is_shared = builder.param("prelu_param").channel_shared
    stored = () if is_shared else (shape[1],)
    view = (1,) if is_shared else (shape[1], *(1,) * (len(shape) - 2))
    # 0.25 is the slope that Caffe starts from (caffe.proto, PReLUParameter).
    return [_same(builder, "PRelu", builder.weight("slope", 0, stored, value=0.25, view=view))]


def elu(builder: LayerBuilder) -> list[Tensor]:
    """Elu."""
    return [_same(builder, "Elu", alpha=builder.param("elu_param").alpha)]


def clip(builder: LayerBuilder) -> list[Tensor]:
    """Clip; both limits are required."""
    param = builder.param("clip_param")
    if not (param.HasField("min") and param.HasField("max")):
        builder.refuse("clip_param takes both min and max")
    limits = builder.number("min", param.min), builder.number("max", param.max)
    return [_same(builder, "Clip", *limits)]


def threshold(builder: LayerBuilder) -> list[Tensor]:
    """1 where a value is greater than the threshold, else 0."""
    limit = builder.number("threshold", builder.param("threshold_param").threshold)
    shape = builder.bottom.shape
    above = builder.node(
        "Greater", [builder.bottom, limit], shape, "greater", dtype=TensorProto.BOOL
    )
    return [builder.node("Cast", [above], shape, to=TensorProto.FLOAT)]


def swish(builder: LayerBuilder) -> list[Tensor]:
    """``x * sigmoid(beta * x)``."""
    scaled = _affine(builder, builder.param("swish_param").beta, 0.0)
    gate = builder.node("Sigmoid", [scaled], builder.bottom.shape, "sigmoid")
    return [_same(builder, "Mul", gate)]


def power(builder: LayerBuilder) -> list[Tensor]:
    """``(shift + scale * x) ** power``, with a node for each part that is not neutral."""
    param = builder.param("power_param")
    exponent = param.power
    inner = _affine(builder, param.scale, param.shift, is_last=exponent == 1)
    if exponent == 1:
        return [inner]
    exponent = builder.number("power", exponent)
    return [builder.node("Pow", [inner, exponent], builder.bottom.shape)]


def exp(builder: LayerBuilder) -> list[Tensor]:
    """``base ** (shift + scale * x)``; base -1 is e."""
    param = builder.param("exp_param")
    log_base = _log_base(builder, param.base)
    inner = _affine(builder, param.scale * log_base, param.shift * log_base)
    return [builder.node("Exp", [inner], builder.bottom.shape)]


def log(builder: LayerBuilder) -> list[Tensor]:
    """The logarithm of ``shift + scale * x``; base -1 is e."""
    param = builder.param("log_param")
    log_base = _log_base(builder, param.base)
    inner, shape = _affine(builder, param.scale, param.shift), builder.bottom.shape
    if log_base == 1:
        return [builder.node("Log", [inner], shape)]
    if log_base == 0:
        builder.refuse("a logarithm of base 1 does not exist")
    natural = builder.node("Log", [inner], shape, "log")
    return [builder.node("Mul", [natural, builder.number("factor", 1 / log_base)], shape)]


def _log_base(builder: LayerBuilder, base: float) -> float:
    if base == -1:
        return 1.0
    if not 0 < base < math.inf:
        builder.refuse(f"base is {base:g}, must be above 0, or -1 for e")
    return math.log(base)


def _affine(builder: LayerBuilder, scale: float, shift: float, *, is_last: bool = False) -> Tensor:
    """``shift + scale * bottom`` with no node for a scale of 1 or a shift of 0."""
    value, shape = builder.bottom, builder.bottom.shape
    if scale != 1:
        name = "" if is_last and not shift else "mul"
        value = builder.node("Mul", [value, builder.number("scale", scale)], shape, name)
    if shift:
        name = "" if is_last else "add"
        value = builder.node("Add", [value, builder.number("shift", shift)], shape, name)
    return value


CONVERTERS = {
    "ReLU": Converter(relu),
    "PReLU": Converter(prelu),
    "ELU": Converter(elu),
    "Sigmoid": Converter(_simple("Sigmoid")),
    "TanH": Converter(_simple("Tanh")),
    "AbsVal": Converter(_simple("Abs")),
    "BNLL": Converter(_simple("Softplus")),
    "Clip": Converter(clip),
    "Threshold": Converter(threshold),
    "Swish": Converter(swish),
    "Power": Converter(power),
    "Exp": Converter(exp),
    "Log": Converter(log),
}
