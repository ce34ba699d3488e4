"""Layers that divide by a size or a spread: LRN, MVN, Normalize."""

from __future__ import annotations

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor, text
from trtcore.models.caffe.layers.converter import Converter

# Number of NormRegion in caffe.proto.
_ACROSS_CHANNELS = 0


def lrn(builder: LayerBuilder) -> list[Tensor]:
    """LRN across channels, or its parts within a channel.

    Source: BVLC/caffe src/caffe/layers/lrn_layer.cpp; within a channel ``k`` is not used there.
    """
    param, shape = builder.param("lrn_param"), builder.image_shape()
    size = param.local_size
    if size % 2 == 0:
        builder.refuse(f"local_size is {size}, must be odd")
    if param.norm_region != _ACROSS_CHANNELS:
        return _lrn_within(builder, size, param.alpha, param.beta)
    constants = {"alpha": param.alpha, "beta": param.beta, "bias": param.k}
    return [builder.node("LRN", [builder.bottom], shape, size=size, **constants)]


def _lrn_within(builder: LayerBuilder, size: int, alpha: float, beta: float) -> list[Tensor]:
    bottom, shape = builder.bottom, builder.bottom.shape
    square = builder.node("Mul", [bottom, bottom], shape, "square")
    mean = builder.node(
        "AveragePool",
        [square],
        shape,
        "pool",
        kernel_shape=[size, size],
        pads=[size // 2] * 4,
        # Caffe divides by the full window at the borders too.
        count_include_pad=1,
    )
    scaled = builder.node("Mul", [mean, builder.number("alpha", alpha)], shape, "scale")
    shifted = builder.node("Add", [scaled, builder.number("one", 1.0)], shape, "add")
    factor = builder.node("Pow", [shifted, builder.number("beta", -beta)], shape, "pow")
    return [builder.node("Mul", [bottom, factor], shape)]


def mvn(builder: LayerBuilder) -> list[Tensor]:
    """``(x - mean) / (sqrt(variance) + eps)``; eps stands outside the root.

    Source: BVLC/caffe src/caffe/layers/mvn_layer.cpp.
    """
    param, shape = builder.param("mvn_param"), builder.bottom.shape
    axes = list(range(1 if param.across_channels else 2, len(shape)))
    if not axes:
        builder.refuse(f"takes a bottom with spatial axes, got {text(shape)}")
    reduced = (*shape[: axes[0]], *(1,) * len(axes))
    mean = builder.node("ReduceMean", [builder.bottom], reduced, "mean", axes=axes, keepdims=1)
    centred = [builder.bottom, mean]
    if not param.normalize_variance:
        return [builder.node("Sub", centred, shape)]
    difference = builder.node("Sub", centred, shape, "sub")
    square = builder.node("Mul", [difference, difference], shape, "square")
    variance = builder.node("ReduceMean", [square], reduced, "variance", axes=axes, keepdims=1)
    deviation = builder.node("Sqrt", [variance], reduced, "sqrt")
    divisor = builder.node("Add", [deviation, builder.number("eps", param.eps)], reduced, "add")
    return [builder.node("Div", [difference, divisor], shape)]


def normalize(builder: LayerBuilder) -> list[Tensor]:
    """L2 normalisation with a learned scale: ``scale * x / sqrt(sum(x * x) + eps)``.

    Source: weiliu89/caffe, branch ssd, src/caffe/layers/normalize_layer.cpp.
    """
    param, shape = builder.param("norm_param"), builder.bottom.shape
    if len(shape) < 2:
        builder.refuse(f"takes a bottom with channels, got {text(shape)}")
    last = len(shape) if param.across_spatial else 2
    reduced = (shape[0], *(1,) * (last - 1), *shape[last:])
    axes = builder.integers("axes", list(range(1, last)))
    square = builder.node("Mul", [builder.bottom, builder.bottom], shape, "square")
    total = builder.node("ReduceSum", [square, axes], reduced, "sum", keepdims=1)
    shifted = builder.node("Add", [total, builder.number("eps", param.eps)], reduced, "add")
    norm = builder.node("Sqrt", [shifted], reduced, "sqrt")
    unit = builder.node("Div", [builder.bottom, norm], shape, "div")
    stored = () if param.channel_shared else (shape[1],)
    view = () if param.channel_shared else (shape[1], *(1,) * (len(shape) - 2))
    scale = builder.weight("scale", 0, stored, value=1.0, view=view)
    return [builder.node("Mul", [unit, scale], shape)]


CONVERTERS = {
    "LRN": Converter(lrn),
    "MVN": Converter(mvn),
    "Normalize": Converter(normalize),
}
