"""Depthwise convolutions of forks: a Convolution with a group per channel.

Source: farmingyard/caffe-mobilenet, conv_dw_layer.cpp, for ConvolutionDepthwise, which always takes
a group per channel; yonghenglh6/DepthwiseConvolution for the other, whose files give the group.
"""

from __future__ import annotations

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor, text
from trtcore.models.caffe.layers.converter import Converter
from trtcore.models.caffe.layers.windows.convolution import convolve


def depthwise(builder: LayerBuilder) -> list[Tensor]:
    """Conv with as many groups as channels."""
    param, shape = builder.param("convolution_param"), builder.bottom.shape
    if len(shape) < 2:
        builder.refuse(f"takes a bottom with channels, got {text(shape)}")
    channels = shape[1]
    if param.HasField("group") and param.group != channels:
        builder.refuse(f"group {param.group} must be that of a depthwise layer, {channels}")
    return convolve(builder, channels)


CONVERTERS = {
    "ConvolutionDepthwise": Converter(depthwise),
    "DepthwiseConvolution": Converter(depthwise),
}
