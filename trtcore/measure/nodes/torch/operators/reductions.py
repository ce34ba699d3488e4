"""Operators that make one value of many along some axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import torch
from torch import Tensor

from trtcore.measure.nodes.torch.operators.call import Call, Kernel, Operator

Reduction = Callable[[Tensor, tuple[int, ...], bool], Tensor]

# ReduceSum took its axes as an input five opsets before the others.
_AXES_INPUT_SINCE = {"ReduceSum": 13}
_OTHERS_SINCE = 18


def _reduction(function: Reduction) -> Operator:
    def make(call: Call) -> Kernel:
        since = _AXES_INPUT_SINCE.get(call.node.op_type, _OTHERS_SINCE)
        axes = call.either("axes", 1, since)
        if not axes and call.get("noop_with_empty_axes", 0):
            raise call.refuse("a reduction over no axis")
        dims = tuple(axes or range(len(call.shape)))
        keep = bool(call.get("keepdims", 1))
        return lambda x: function(x, dims, keep)

    return Operator(make, data=1)


def _product(x: Tensor, dims: tuple[int, ...], keep: bool) -> Tensor:
    # torch.prod reduces one dimension at a time.
    kept = reduce(lambda t, dim: torch.prod(t, dim, keepdim=True), dims, x)
    return kept if keep else kept.squeeze(dims)


def _index(function: Kernel) -> Operator:
    def make(call: Call) -> Kernel:
        if call.get("select_last_index", 0):
            raise call.refuse("the last of equal values")
        axis, keep = call.get("axis", 0), bool(call.get("keepdims", 1))
        return lambda x: function(x, dim=axis, keepdim=keep)

    return Operator(make)


OPERATORS: Mapping[str, Operator] = {
    "ArgMax": _index(torch.argmax),
    "ArgMin": _index(torch.argmin),
    "ReduceL1": _reduction(lambda x, dims, keep: x.abs().sum(dims, keep)),
    "ReduceL2": _reduction(lambda x, dims, keep: x.square().sum(dims, keep).sqrt()),
    "ReduceLogSumExp": _reduction(torch.logsumexp),
    "ReduceMax": _reduction(torch.amax),
    "ReduceMean": _reduction(torch.mean),
    "ReduceMin": _reduction(torch.amin),
    "ReduceProd": _reduction(_product),
    "ReduceSum": _reduction(torch.sum),
    "ReduceSumSquare": _reduction(lambda x, dims, keep: x.square().sum(dims, keep)),
}
