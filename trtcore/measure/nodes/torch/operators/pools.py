"""Pools. PyTorch pads both ends alike; where ONNX does not, padding is a step of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from trtcore.measure.nodes.torch.operators.call import Call, Kernel, Operator
from trtcore.measure.nodes.torch.operators.windows import Window, padding, ranked, window

_MAXIMA = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
_AVERAGES = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}


def _maximum(call: Call) -> Kernel:
    spot = window(call, tuple(call.get("kernel_shape")))
    pool = ranked(call, _MAXIMA)
    options = {"stride": spot.strides, "dilation": spot.dilations}
    if spot.is_symmetric:
        return partial(
            pool,
            kernel_size=spot.kernel,
            padding=spot.begins,
            ceil_mode=spot.rounds_up,
            **options,
        )
    # Padding with -inf never wins a maximum; `max_pool` pads the same way by itself.
    around = padding(spot.begins, spot.reached)
    return lambda x: pool(functional.pad(x, around, value=-torch.inf), spot.kernel, **options)


def _average(call: Call) -> Kernel:
    spot = window(call, tuple(call.get("kernel_shape")))
    if any(step != 1 for step in spot.dilations):
        raise call.refuse("an average pool with dilations")
    pool, counts_pads = ranked(call, _AVERAGES), bool(call.get("count_include_pad", 0))
    if spot.is_symmetric:
        return partial(
            pool,
            kernel_size=spot.kernel,
            stride=spot.strides,
            padding=spot.begins,
            ceil_mode=spot.rounds_up,
            count_include_pad=counts_pads,
        )
    around = padding(spot.begins, spot.reached)
    pool = partial(pool, kernel_size=spot.kernel, stride=spot.strides)
    counted = pool(_counted(call.inputs[0], spot, counts_pads))
    return lambda x: pool(functional.pad(x, around)) / counted


def _counted(x: Tensor, spot: Window, counts_pads: bool) -> Tensor:
    """Ones for what counts in an average, zeros for padding that does not."""
    ones = torch.ones((1, 1, *spot.sizes), dtype=x.dtype, device=x.device)
    ends = tuple(min(pair) for pair in zip(spot.ends, spot.reached, strict=True))
    beyond = tuple(n - end for n, end in zip(spot.reached, ends, strict=True))
    near = functional.pad(ones, padding(spot.begins, ends), value=float(counts_pads))
    return functional.pad(near, padding((0,) * len(beyond), beyond))


def _global_average(call: Call) -> Kernel:
    dims = tuple(range(2, len(call.shape)))
    return lambda x: x.mean(dims, keepdim=True)


def _global_maximum(call: Call) -> Kernel:
    dims = tuple(range(2, len(call.shape)))
    return lambda x: x.amax(dims, keepdim=True)


OPERATORS: Mapping[str, Operator] = {
    "AveragePool": Operator(_average),
    "GlobalAveragePool": Operator(_global_average),
    "GlobalMaxPool": Operator(_global_maximum),
    "MaxPool": Operator(_maximum),
}
