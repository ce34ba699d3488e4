"""Layers that reduce or rank along axes: Softmax, ArgMax, Reduction."""

from __future__ import annotations

import math

from onnx import TensorProto

from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Tensor
from trtcore.models.caffe.layers.converter import Converter

# Numbers of ReductionOp in caffe.proto.
_SUM, _ASUM, _SUMSQ, _MEAN = 1, 2, 3, 4


def softmax(builder: LayerBuilder) -> list[Tensor]:
    """Softmax over one axis, for each position of the others."""
    axis = builder.axis(builder.param("softmax_param").axis)
    return [builder.node("Softmax", [builder.bottom], builder.bottom.shape, axis=axis)]


def argmax(builder: LayerBuilder) -> list[Tensor]:
    """TopK; the indices come as floats, as Caffe writes them.

    Source: BVLC/caffe src/caffe/layers/argmax_layer.cpp. Among equal values Caffe takes the
    highest index, TopK the lowest.
    """
    param, shape = builder.param("argmax_param"), builder.bottom.shape
    top_k = param.top_k
    if param.HasField("axis"):
        axis, ranked = builder.axis(param.axis), builder.bottom
    else:
        axis, ranked = 1, _rows(builder)
    if not 1 <= top_k <= ranked.shape[axis]:
        builder.refuse(f"top_k is {top_k}, must be 1 to {ranked.shape[axis]}")
    best = (*ranked.shape[:axis], top_k, *ranked.shape[axis + 1 :])
    is_end = param.HasField("axis") and param.out_max_val
    outputs = [Tensor("" if is_end else "values", best), Tensor("indices", best, TensorProto.INT64)]
    inputs = [ranked, builder.integers("k", [top_k])]
    values, indices = builder.nodes(
        "TopK", inputs, outputs, "" if is_end else "topk", axis=axis, largest=1, sorted=1
    )
    if param.HasField("axis"):
        return [values if is_end else _as_float(builder, indices, "")]
    # Without an axis: one row of indices per item, and with out_max_val one of values.
    rows = (shape[0], 2 if param.out_max_val else 1, top_k, *(1,) * (len(shape) - 3))
    parts = [_as_float(builder, indices, "cast")]
    if param.out_max_val:
        joined = (shape[0], 2 * top_k)
        parts = [builder.node("Concat", [*parts, values], joined, "concat", axis=1)]
    return [builder.node("Reshape", [*parts, builder.integers("shape", rows)], rows)]


def _rows(builder: LayerBuilder) -> Tensor:
    shape = builder.bottom.shape
    if not shape:
        builder.refuse("takes a bottom with axes, got a scalar")
    rows = (shape[0], math.prod(shape[1:]))
    if shape == rows:
        return builder.bottom
    return builder.node("Flatten", [builder.bottom], rows, "flatten", axis=1)


def _as_float(builder: LayerBuilder, indices: Tensor, suffix: str) -> Tensor:
    return builder.node("Cast", [indices], indices.shape, suffix, to=TensorProto.FLOAT)


def reduction(builder: LayerBuilder) -> list[Tensor]:
    """Sum, sum of absolute values or squares, or mean over the axes from ``axis`` on."""
    param = builder.param("reduction_param")
    axis, bottom = builder.axis(param.axis), builder.bottom
    top, axes = bottom.shape[:axis], list(range(axis, len(bottom.shape)))
    suffix = "" if param.coeff == 1 else "reduce"
    # In opset 17 ReduceMean takes its axes as an attribute and ReduceSum as an input.
    if param.operation == _MEAN:
        reduced = builder.node("ReduceMean", [bottom], top, suffix, axes=axes, keepdims=0)
    else:
        values = _before_sum(builder, param.operation)
        inputs = [values, builder.integers("axes", axes)]
        reduced = builder.node("ReduceSum", inputs, top, suffix, keepdims=0)
    if param.coeff == 1:
        return [reduced]
    return [builder.node("Mul", [reduced, builder.number("coeff", param.coeff)], top)]


def _before_sum(builder: LayerBuilder, operation: int) -> Tensor:
    bottom, shape = builder.bottom, builder.bottom.shape
    if operation == _ASUM:
        return builder.node("Abs", [bottom], shape, "abs")
    if operation == _SUMSQ:
        return builder.node("Mul", [bottom, bottom], shape, "square")
    return bottom


CONVERTERS = {
    "Softmax": Converter(softmax),
    "ArgMax": Converter(argmax),
    "Reduction": Converter(reduction),
}
