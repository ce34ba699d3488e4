"""Layers that move values between pixels and channels: Reorg, ShuffleChannel."""

from __future__ import annotations

from collections.abc import Sequence

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor, text
from trtcore.models.caffe.layers.converter import Converter


def reorg(builder: LayerBuilder) -> list[Tensor]:
    """Reshape, Transpose, Reshape: stride x stride pixels become channels, or the reverse.

    The layer reads its bottom as if it had ``channels / stride**2`` channels of a larger image, so
    this is not ONNX's SpaceToDepth.

    Source: pjreddie/darknet src/blas.c, reorg_cpu, which the Caffe layers copy.
    """
    param = builder.param("reorg_param")
    s = param.stride
    batch, channels, height, width = builder.image_shape()
    if s < 1 or channels % (s * s) or (not param.reverse and (height % s or width % s)):
        builder.refuse(f"stride {s} does not divide its bottom, {text(builder.bottom.shape)}")
    inner = channels // (s * s)
    if param.reverse:
        split = (batch, s, s, inner, height, width)
        top = (batch, inner, height * s, width * s)
        return _moved(builder, split, (0, 3, 4, 1, 5, 2), top)
    split = (batch, inner, height, s, width, s)
    return _moved(
        builder, split, (0, 3, 5, 1, 2, 4), (batch, channels * s * s, height // s, width // s)
    )


def shuffle_channel(builder: LayerBuilder) -> list[Tensor]:
    """Reshape, Transpose, Reshape: the channels of the groups by turns.

    Source: farmingyard/ShuffleNet, shuffle_channel_layer.cpp.
    """
    group = builder.param("shuffle_channel_param").group
    batch, channels, height, width = builder.image_shape()
    if group < 1 or channels % group:
        builder.refuse(f"group {group} does not divide its channels, {channels}")
    split = (batch, group, channels // group, height, width)
    return _moved(builder, split, (0, 2, 1, 3, 4), builder.bottom.shape)


def _moved(builder: LayerBuilder, split: Shape, order: Sequence[int], top: Shape) -> list[Tensor]:
    parts = builder.node(
        "Reshape", [builder.bottom, builder.integers("split", split)], split, "split"
    )
    turned = tuple(split[axis] for axis in order)
    moved = builder.node("Transpose", [parts], turned, "transpose", perm=list(order))
    return [builder.node("Reshape", [moved, builder.integers("shape", top)], top)]


CONVERTERS = {
    "Reorg": Converter(reorg),
    "ShuffleChannel": Converter(shuffle_channel),
}
