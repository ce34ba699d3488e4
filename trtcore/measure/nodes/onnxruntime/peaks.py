"""Peaks of a CPU: a matrix product and a copy through ONNX Runtime, timed as its nodes are."""

from __future__ import annotations

from math import log2

import numpy as np

from trtcore.measure.nodes.onnxruntime.profile import profile_nodes
from trtcore.measure.nodes.onnxruntime.session import physical_cores
from trtcore.models.builtin.peaks import copy, product
from trtcore.models.model import Model

BANDWIDTH, LAYER, PRODUCT = "bandwidth", "layer", "fp32"
FIGURES = (PRODUCT, BANDWIDTH, LAYER)
"""What is measured. CPUs compute FP16 in FP32, so that has no rate of its own."""

# Of the product on one core: 0.27 GFLOP, a few milliseconds, so that one of the iterations is not
# disturbed even where others use the machine.
_SIZE = 512
# 64 MiB read and as many written; large caches of servers hold more, but not of one such run.
_COPIED = 16 << 20
_SMALL = 1024
# The shortest of so many is taken: a peak is what the machine can do. A copy takes longer.
_ITERATIONS, _COPIES = 30, 10


def cpu_figure(name: str) -> float:
    """Measures TFLOP/s of a product, GB/s of a copy, or ms of a layer with next to nothing to do.

    Raises:
        ModelError: ONNX Runtime refuses the graph.
    """
    if name == PRODUCT:
        size = _product_size(physical_cores())
        return float(2 * size**3 / _shortest_ms(product(size, size, PRODUCT), _ITERATIONS) / 1e9)
    if name == BANDWIDTH:
        return 2 * 4 * _COPIED / _shortest_ms(copy(_COPIED), _COPIES) / 1e6
    return _shortest_ms(copy(_SMALL), _ITERATIONS)


def _product_size(cores: int) -> int:
    """Rows of square matrices whose product has about as much work for each core: a power of 2."""
    return _SIZE << round(log2(cores) / 3)


def _shortest_ms(model: Model, iterations: int) -> float:
    shapes = {
        tensor.name: [dim.dim_value for dim in tensor.type.tensor_type.shape.dim]
        for tensor in model.proto.graph.input
    }
    inputs = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    samples = profile_nodes(model, inputs, iterations=iterations).samples
    # The profiler counts whole microseconds, so that a short node may read 0.
    return max(float(samples.layer_ms.sum(axis=1).min()), 1e-3)
