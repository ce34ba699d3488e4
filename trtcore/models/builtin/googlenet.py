"""BVLC GoogLeNet, built in Python: Caffe's layer names, ceil-mode pooling, seeded weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from trtcore.errors import OptionError
from trtcore.models.builtin.weights import he_normal
from trtcore.models.model import Model

# Output channels of 1x1, 3x3_reduce, 3x3, 5x5_reduce, 5x5 and pool_proj, in file order.
_INCEPTIONS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
# ImageNet's, as in deploy.prototxt.
_IMAGE = 224
_CLASSES = 1000


class _Net:
    """The graph under construction; ``shapes`` holds channels and width of every tensor."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[TensorProto] = []
        self.shapes = {"data": (3, _IMAGE)}

    def node(self, op: str, name: str, inputs: list[str], **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def parameters(self, layer: str, prefix: str, shape: tuple[int, ...]) -> list[str]:
        """Adds weights (He-normal) and biases (zero) of a layer; returns their names."""
        weights = he_normal(layer, shape, math.prod(shape[1:]), self.seed)
        biases = np.zeros(shape[0], np.float32)
        for suffix, values in (("_w", weights), ("_b", biases)):
            self.initializers.append(numpy_helper.from_array(values, prefix + suffix))
        return [f"{prefix}_w", f"{prefix}_b"]

    def conv(self, name: str, bottom: str, out: int, kernel: int, stride: int = 1) -> str:
        """A convolution that keeps the size (but for its stride) and its ReLU."""
        channels, size = self.shapes[bottom]
        pad = kernel // 2
        self.node(
            "Conv",
            name,
            [bottom, *self.parameters(name, name, (out, channels, kernel, kernel))],
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[pad] * 4,
        )
        # deploy.prototxt leaves the stride out of the ReLU's name: conv1/relu_7x7.
        block, part = name.split("/")
        relu = f"{block}/relu_{part.removesuffix('_s2')}"
        self.shapes[relu] = (out, (size + 2 * pad - kernel) // stride + 1)
        return self.node("Relu", relu, [name])

    def max_pool(self, name: str, bottom: str, stride: int, pad: int = 0) -> str:
        """A 3x3 max pooling of Caffe's size: rounded up, as explicit padding at the end.

        Source: BVLC/caffe src/caffe/layers/pooling_layer.cpp. Explicit padding means the same
        to ONNX Runtime and to every TensorRT; ``ceil_mode`` does not.
        """
        channels, size = self.shapes[bottom]
        out = -(-(size + 2 * pad - 3) // stride) + 1
        # MaxPool ignores padding, so what is added at the end changes the size and no value.
        end = max(pad, (out - 1) * stride + 3 - size - pad)
        self.shapes[name] = (channels, out)
        window = {"kernel_shape": [3, 3], "strides": [stride] * 2, "pads": [pad, pad, end, end]}
        return self.node("MaxPool", name, [bottom], **window)

    def lrn(self, name: str, bottom: str) -> str:
        self.shapes[name] = self.shapes[bottom]
        # The values of deploy.prototxt; ONNX divides alpha by the size, as Caffe does.
        return self.node("LRN", name, [bottom], size=5, alpha=1e-4, beta=0.75, bias=1.0)

    def inception(self, block: str, bottom: str, outs: tuple[int, ...]) -> str:
        prefix = f"inception_{block}"
        one = self.conv(f"{prefix}/1x1", bottom, outs[0], 1)
        three = self.conv(f"{prefix}/3x3_reduce", bottom, outs[1], 1)
        three = self.conv(f"{prefix}/3x3", three, outs[2], 3)
        five = self.conv(f"{prefix}/5x5_reduce", bottom, outs[3], 1)
        five = self.conv(f"{prefix}/5x5", five, outs[4], 5)
        pool = self.max_pool(f"{prefix}/pool", bottom, 1, pad=1)
        pool = self.conv(f"{prefix}/pool_proj", pool, outs[5], 1)
        name, size = f"{prefix}/output", self.shapes[bottom][1]
        self.shapes[name] = (outs[0] + outs[2] + outs[4] + outs[5], size)
        return self.node("Concat", name, [one, three, five, pool], axis=1)

    def inceptions(self, stage: str, bottom: str) -> str:
        for block, outs in _INCEPTIONS.items():
            if block.startswith(stage):
                bottom = self.inception(block, bottom, outs)
        return bottom


def googlenet(batch: int = 4, seed: int = 0) -> Model:
    """Builds BVLC GoogLeNet as an ONNX graph of 142 nodes; nothing is downloaded.

    Args:
        batch: leading dimension of ``data`` (batch, 3, 224, 224) and ``prob`` (batch, 1000).
        seed: seed of the He-normal weights; the same seed gives the same model everywhere.

    Returns:
        The model, float32. Dropout is left out, as it has no effect at inference.

    Raises:
        OptionError: batch below 1.

    Source: BVLC/caffe models/bvlc_googlenet/deploy.prototxt (layer names and sizes).
    """
    if batch < 1:
        raise OptionError(f"batch is {batch}, must be 1 or more")
    net = _Net(seed)
    _classify(net, _features(net))
    graph = helper.make_graph(
        net.nodes,
        "GoogleNet",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [batch, 3, _IMAGE, _IMAGE])],
        [helper.make_tensor_value_info("prob", TensorProto.FLOAT, [batch, _CLASSES])],
        net.initializers,
    )
    opset = helper.make_opsetid("", 17)
    proto = helper.make_model(graph, opset_imports=[opset], ir_version=8, producer_name="trtcore")
    return Model("googlenet", proto, "built-in", f"He-normal, seed {seed}")


def _features(net: _Net) -> str:
    top = net.conv("conv1/7x7_s2", "data", 64, 7, stride=2)
    top = net.lrn("pool1/norm1", net.max_pool("pool1/3x3_s2", top, 2))
    top = net.conv("conv2/3x3", net.conv("conv2/3x3_reduce", top, 64, 1), 192, 3)
    top = net.max_pool("pool2/3x3_s2", net.lrn("conv2/norm2", top), 2)
    top = net.max_pool("pool3/3x3_s2", net.inceptions("3", top), 2)
    top = net.max_pool("pool4/3x3_s2", net.inceptions("4", top), 2)
    return net.inceptions("5", top)


def _classify(net: _Net, top: str) -> None:
    channels, size = net.shapes[top]
    top = net.node("AveragePool", "pool5/7x7_s1", [top], kernel_shape=[size] * 2)
    # Gemm takes a matrix only; Caffe's InnerProduct flattens its input itself.
    top = net.node("Flatten", "loss3/classifier/flatten", [top], axis=1)
    weights = net.parameters("loss3/classifier", "loss3/classifier", (_CLASSES, channels))
    top = net.node("Gemm", "loss3/classifier", [top, *weights], transB=1)
    net.node("Softmax", "prob", [top], axis=1)
