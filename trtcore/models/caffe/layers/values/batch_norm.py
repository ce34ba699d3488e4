"""Batch normalization with stored statistics: Caffe's, NVCaffe's, and the BN layers of forks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor, text
from trtcore.models.caffe.layers.converter import Converter
from trtcore.models.caffe.weights import Maker

# NVCaffe has at least this, which cuDNN demands (batch_norm_layer.cpp).
_NVCAFFE_LEAST_EPS = 1e-5
# Default of bn_param.eps in yjxiong/caffe and hszhao/PSPNet.
_BN_EPS = 1e-5
# Number of BNMode in caffe.proto, and of blobs in SegNet's form.
_INFERENCE, _SCALE_AND_SHIFT = 1, 2


def batch_norm(builder: LayerBuilder) -> list[Tensor]:
    """BatchNormalization with the stored mean and variance; a Scale layer follows in the file.

    Source: BVLC/caffe src/caffe/layers/batch_norm_layer.cpp: blob 2 divides mean and variance;
    NVIDIA/caffe, the same file: with scale_bias, blobs 3 and 4 are scale and bias, and blob 2 is
    not used.
    """
    param = builder.param("batch_norm_param")
    _check_channels(builder)
    if not param.use_global_stats:
        builder.refuse("use_global_stats: false asks for the batch's own statistics: remove it")
    mean, variance = _blob(builder, 0, 0.0), _blob(builder, 1, 1.0)
    divisor = builder.blob(2, (1,), value=1.0)
    if _has_scale_and_bias(builder):
        scale, bias = _blob(builder, 3, 1.0), _blob(builder, 4, 0.0)
        eps = max(param.eps, _NVCAFFE_LEAST_EPS)
        return [_normalized(builder, (scale, bias, mean, variance), eps)]

    # As in Caffe: a divisor of 0, of a net that was never trained, gives zeros and not NaN.
    def factor() -> float:
        stored = float(divisor()[0])
        return 1.0 / stored if stored else 0.0

    stored = _filled(builder, 1.0), _filled(builder, 0.0)
    divided = lambda: mean() * factor(), lambda: variance() * factor()
    return [_normalized(builder, (*stored, *divided), param.eps)]


def _has_scale_and_bias(builder: LayerBuilder) -> bool:
    param = builder.param("batch_norm_param")
    # NVCaffe's own rule: a filler is as good as the flag.
    is_stated = param.scale_bias or param.HasField("scale_filler") or param.HasField("bias_filler")
    # Files without either field exist beside caffemodels of five blobs; no other form has as many.
    return bool(is_stated) or builder.stored_blobs == 5


def bn(builder: LayerBuilder) -> list[Tensor]:
    """The BN layer of forks: scale and shift, alone or with mean and variance after them.

    Source: alexgkendall/caffe-segnet, bn_layer.cpp: two blobs, applied as they are in mode
    INFERENCE; hszhao/PSPNet, bn_layer.cpp: four blobs.
    """
    param = builder.param("bn_param")
    _check_channels(builder)
    if param.axis != 1 or not param.moving_average:
        builder.unsupported("takes axis 1 and moving_average: true")
    is_inference = param.bn_mode == _INFERENCE
    blobs = builder.stored_blobs or (_SCALE_AND_SHIFT if is_inference else 4)
    if blobs == _SCALE_AND_SHIFT:
        if not is_inference:
            builder.refuse("has 2 blobs, which need bn_mode: INFERENCE")
        return _scaled_and_shifted(builder)
    scale, shift = _blob(builder, 0, 1.0), _blob(builder, 1, 0.0)
    mean, variance = _blob(builder, 2, 0.0), _blob(builder, 3, 1.0)
    stated = [name for name in ("eps", "var_eps") if param.HasField(name)]
    eps = getattr(param, stated[0]) if stated else _BN_EPS
    return [_normalized(builder, (scale, shift, mean, variance), eps)]


def _scaled_and_shifted(builder: LayerBuilder) -> list[Tensor]:
    shape = builder.bottom.shape
    view = (shape[1], *(1,) * (len(shape) - 2))
    makers = {"scale": _blob(builder, 0, 1.0), "shift": _blob(builder, 1, 0.0)}
    scale, shift = (
        builder.derived(suffix, view, lambda make=make: make().reshape(view))  # type: ignore[misc]
        for suffix, make in makers.items()
    )
    product = builder.node("Mul", [builder.bottom, scale], shape, "mul")
    return [builder.node("Add", [product, shift], shape)]


def _blob(builder: LayerBuilder, index: int, value: float) -> Maker:
    """A blob with a value per channel, which forks store with four axes."""
    channels = builder.bottom.shape[1]
    return builder.blob(index, (channels,), value=value, also=(1, channels, 1, 1))


def _filled(builder: LayerBuilder, value: float) -> Maker:
    channels = builder.bottom.shape[1]
    return lambda: np.full(channels, value, np.float32)


def _normalized(
    builder: LayerBuilder, makers: tuple[Callable[[], np.ndarray], ...], eps: float
) -> Tensor:
    """BatchNormalization over scale, bias, mean and variance."""
    channels = (builder.bottom.shape[1],)
    names = ("scale", "bias", "mean", "variance")
    constants = (
        builder.derived(name, channels, make) for name, make in zip(names, makers, strict=True)
    )
    inputs = [builder.bottom, *constants]
    return builder.node("BatchNormalization", inputs, builder.bottom.shape, epsilon=eps)


def _check_channels(builder: LayerBuilder) -> None:
    if len(builder.bottom.shape) < 2:
        builder.refuse(f"takes a bottom with channels, got {text(builder.bottom.shape)}")


CONVERTERS = {
    "BatchNorm": Converter(batch_norm),
    "BN": Converter(bn),
}
