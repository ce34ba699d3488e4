"""Chains of equal small layers, on which the cost of the profiler's events is calibrated."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from trtcore.models.builtin.weights import he_normal
from trtcore.models.model import Model

# Small, so that a kernel is not much longer than the events recorded around it; 64 channels are a
# multiple of every Tensor Core tile in FP16.
_CHANNELS = 64
_SIZE = 16
_KERNEL = 3


def convolution_chain(count: int, seed: int = 0) -> Model:
    """Builds ``count`` equal 3x3 convolutions in FP16, one after the other.

    Each is one small kernel that no TensorRT fuses with its neighbour.

    Args:
        count: convolutions, 1 or more.
        seed: of the He-normal weights.
    """
    shape = (_CHANNELS, _CHANNELS, _KERNEL, _KERNEL)
    weights = he_normal("chain", shape, _CHANNELS * _KERNEL**2, seed).astype(np.float16)
    # All convolutions read one weight tensor: the model stays small however long the chain is.
    tensors = ["x", *(f"t{i}" for i in range(1, count)), "y"]
    nodes = [
        helper.make_node(
            "Conv", [tensors[i], "w"], [tensors[i + 1]], name=f"conv{i}", pads=[_KERNEL // 2] * 4
        )
        for i in range(count)
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT16, [1, _CHANNELS, _SIZE, _SIZE])
        for name in ("x", "y")
    ]
    graph = helper.make_graph(
        nodes, "chain", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")]
    )
    # As the Caffe importer: see its OPSET.
    opset = helper.make_opsetid("", 17)
    proto: onnx.ModelProto = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    return Model(f"chain of {count}", proto, "built-in", f"He-normal, seed {seed}")
