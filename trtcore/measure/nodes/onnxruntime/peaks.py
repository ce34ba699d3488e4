"""Peaks of a CPU: a matrix product and a copy through ONNX Runtime, timed as its nodes are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trtcore.measure.nodes.onnxruntime.profile import profile_nodes
from trtcore.models.builtin.peaks import copy, product
from trtcore.models.model import Model

BANDWIDTH, LAYER, PRODUCT = "bandwidth", "layer", "fp32"
FIGURES = (PRODUCT, BANDWIDTH, LAYER)
"""What is measured. CPUs compute FP16 in FP32, so that has no rate of its own."""

# 2.1 GFLOP: tens of milliseconds on a core or two, and enough for every core to have its part.
_SIZE = 1024
# 64 MiB read and as many written; large caches of servers hold more, but not of one such run.
_COPIED = 16 << 20
_SMALL = 1024
# The shortest of so many: a peak is what the machine can do, and others use it meanwhile.
_ITERATIONS = 5


def cpu_figure(name: str) -> float:
    """Measures TFLOP/s of a product, GB/s of a copy, or ms of a layer with next to nothing to do.

    Raises:
        ModelError: ONNX Runtime refuses the graph.
    """
    if name == PRODUCT:
        return 2 * _SIZE**3 / _shortest_ms(product(_SIZE, PRODUCT)) / 1e9
    if name == BANDWIDTH:
        return 2 * 4 * _COPIED / _shortest_ms(copy(_COPIED)) / 1e6
    return _shortest_ms(copy(_SMALL))


def cpu_figures() -> Iterator[tuple[str, float]]:
    """Measures all `FIGURES`."""
    for name in FIGURES:
        yield name, cpu_figure(name)


def _shortest_ms(model: Model) -> float:
    shapes = {
        tensor.name: [dim.dim_value for dim in tensor.type.tensor_type.shape.dim]
        for tensor in model.proto.graph.input
    }
    inputs = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    samples = profile_nodes(model, inputs, iterations=_ITERATIONS).samples
    # The profiler counts whole microseconds, so that a short node may read 0.
    return max(float(samples.layer_ms.sum(axis=1).min()), 1e-3)
