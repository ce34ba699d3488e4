"""Layers that divide by a size or a spread: LRN, BatchNorm, MVN, Normalize."""

from __future__ import annotations

import numpy as np

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor, text
from trtcore.models.caffe.layers.converter import Converter

# Number of NormRegion in caffe.proto.
_ACROSS_CHANNELS = 0


def lrn(builder: LayerBuilder) -> list[Tensor]:
    """LRN across channels, or its parts within a channel.

    Source: BVLC/caffe src/caffe/layers/lrn_layer.cpp; within a channel ``k`` is not used there.
    """
    param, shape = builder.param("lrn_param"), builder.bottom.shape
    if len(shape) != 4:
        builder.refuse(f"takes a bottom of 4 axes, got {text(shape)}")
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


def batch_norm(builder: LayerBuilder) -> list[Tensor]:
    """BatchNormalization with the stored mean and variance; a Scale layer follows in the file.

    Source: BVLC/caffe src/caffe/layers/batch_norm_layer.cpp: blob 2 divides mean and variance.
    """
    param, shape = builder.param("batch_norm_param"), builder.bottom.shape
    if len(shape) < 2:
        builder.refuse(f"takes a bottom with channels, got {text(shape)}")
    if not param.use_global_stats:
        builder.refuse("use_global_stats: false asks for the batch's own statistics: remove it")
    channels = (shape[1],)
    mean, variance = builder.blob(0, channels), builder.blob(1, channels, value=1.0)
    divisor = builder.blob(2, (1,), value=1.0)

    # As in Caffe: a divisor of 0, of a net that was never trained, gives zeros and not NaN.
    def factor() -> float:
        stored = float(divisor()[0])
        return 1.0 / stored if stored else 0.0

    inputs = [
        builder.bottom,
        builder.derived("scale", channels, lambda: np.ones(channels, np.float32)),
        builder.derived("bias", channels, lambda: np.zeros(channels, np.float32)),
        builder.derived("mean", channels, lambda: mean() * factor()),
        builder.derived("variance", channels, lambda: variance() * factor()),
    ]
    return [builder.node("BatchNormalization", inputs, shape, epsilon=param.eps)]


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
    "BatchNorm": Converter(batch_norm),
    "MVN": Converter(mvn),
    "Normalize": Converter(normalize),
}
