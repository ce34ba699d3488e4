"""Normalisation over channels, layers, instances and neighbours, and softmax."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from trtcore.measure.nodes.torch.operators.call import Call, Kernel, Operator


def _batch(call: Call) -> Kernel:
    if call.get("training_mode", 0):
        raise call.refuse("training mode")
    if not call.get("spatial", 1):
        raise call.refuse("statistics for every element")
    eps = call.get("epsilon", 1e-5)

    def kernel(x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, var: Tensor) -> Tensor:
        return functional.batch_norm(x, mean, var, scale, bias, False, 0.0, eps)

    return kernel


def _instance(call: Call) -> Kernel:
    eps = call.get("epsilon", 1e-5)
    return lambda x, scale, bias: functional.instance_norm(x, weight=scale, bias=bias, eps=eps)


def _layer(call: Call) -> Kernel:
    eps, axis = call.get("epsilon", 1e-5), call.get("axis", -1)
    shape = call.shape[axis:]

    def kernel(x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
        return functional.layer_norm(x, shape, scale, bias, eps)

    return kernel if call.shape_of(1) == shape else _layer_of_odd_scale(shape, eps)


def _layer_of_odd_scale(shape: tuple[int, ...], eps: float) -> Kernel:
    """For a scale that has to be broadcast first."""

    def kernel(x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
        normed = functional.layer_norm(x, shape, eps=eps) * scale
        return normed if bias is None else normed + bias

    return kernel


def _group(call: Call) -> Kernel:
    # Before opset 21 the scale is per group, which group_norm cannot take.
    if call.opset < 21:
        raise call.refuse("a scale for every group (opset 18 to 20)")
    groups, eps = call.get("num_groups"), call.get("epsilon", 1e-5)
    return lambda x, scale, bias: functional.group_norm(x, groups, scale, bias, eps)


def _lrn(call: Call) -> Kernel:
    """Even sizes lean to the other side in PyTorch than in ONNX: there the channels are flipped."""
    size = call.get("size")
    names = (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))
    alpha, beta, k = (call.get(name, default) for name, default in names)
    lrn = partial(functional.local_response_norm, size=size, alpha=alpha, beta=beta, k=k)
    return lrn if size % 2 else lambda x: lrn(x.flip(1)).flip(1)


def _softmax(function: Kernel) -> Operator:
    """Up to opset 12 everything from the axis on is one dimension."""

    def make(call: Call) -> Kernel:
        if call.opset >= 13:
            return partial(function, dim=call.get("axis", -1))
        axis, shape = call.get("axis", 1), call.shape
        if axis in (-1, len(shape) - 1):
            return partial(function, dim=-1)
        return lambda x: function(x.flatten(axis), dim=-1).reshape(shape)

    return Operator(make)


OPERATORS: Mapping[str, Operator] = {
    "BatchNormalization": Operator(_batch),
    "GroupNormalization": Operator(_group),
    "InstanceNormalization": Operator(_instance),
    "LRN": Operator(_lrn),
    "LayerNormalization": Operator(_layer),
    "LogSoftmax": _softmax(torch.log_softmax),
    "Softmax": _softmax(torch.softmax),
}
