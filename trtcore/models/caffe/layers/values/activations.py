"""Activations of forks: ReLU6, Mish and the hard forms of MobileNet v3.

Source: Howard et al., "Searching for MobileNetV3" (arXiv 1905.02244), section 5.2, for the hard
forms; Misra, "Mish" (arXiv 1908.08681).
"""

from __future__ import annotations

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor
from trtcore.models.caffe.layers.converter import Converter


def relu6(builder: LayerBuilder) -> list[Tensor]:
    """``min(max(x, 0), 6)``."""
    if builder.param("relu_param").negative_slope:
        builder.unsupported("has a negative_slope, which no definition of ReLU6 has")
    limits = builder.number("min", 0.0), builder.number("max", 6.0)
    return [builder.node("Clip", [builder.bottom, *limits], builder.bottom.shape)]


def mish(builder: LayerBuilder) -> list[Tensor]:
    """``x * tanh(ln(1 + exp(x)))``; ONNX has an operator for it from operator set 18 on."""
    bottom, shape = builder.bottom, builder.bottom.shape
    soft = builder.node("Softplus", [bottom], shape, "softplus")
    gate = builder.node("Tanh", [soft], shape, "tanh")
    return [builder.node("Mul", [bottom, gate], shape)]


def hard_swish(builder: LayerBuilder) -> list[Tensor]:
    """``x * min(max(x + 3, 0), 6) / 6``."""
    return [builder.node("HardSwish", [builder.bottom], builder.bottom.shape)]


CONVERTERS = {
    "ReLU6": Converter(relu6),
    "Mish": Converter(mish),
    "HardSwish": Converter(hard_swish),
    "HSwish": Converter(hard_swish),
}
