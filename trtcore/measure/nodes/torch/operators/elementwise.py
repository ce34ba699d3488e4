"""Operators that work on every element by itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial, reduce

import torch
from torch import Tensor
from torch.nn import functional

from trtcore.measure.nodes.torch.operators.call import Call, Kernel, Operator, plain
from trtcore.measure.nodes.torch.tensors import torch_dtype


def _same(x: Tensor, *_: Tensor | None) -> Tensor:
    return x


def _with(function: Kernel, **defaults: float) -> Operator:
    """A function whose keyword arguments are the node's attributes of the same name."""

    def make(call: Call) -> Kernel:
        return partial(function, **{name: call.get(name, v) for name, v in defaults.items()})

    return Operator(make)


def _divide(a: Tensor, b: Tensor) -> Tensor:
    # ONNX divides integers like C, towards zero; torch.div would return floats.
    return torch.div(a, b) if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def _power(a: Tensor, b: Tensor) -> Tensor:
    # ONNX's result has the type of the base, PyTorch's the promoted one.
    return torch.pow(a, b).to(a.dtype)


def _mean(*values: Tensor) -> Tensor:
    return reduce(torch.add, values) / len(values)


def _hard_sigmoid(x: Tensor, alpha: float, beta: float) -> Tensor:
    return (alpha * x + beta).clamp(0, 1)


def _selu(x: Tensor, alpha: float, gamma: float) -> Tensor:
    return gamma * functional.elu(x, alpha)


def _threshold(x: Tensor, alpha: float) -> Tensor:
    return functional.threshold(x, alpha, 0)


def _prelu(call: Call) -> Kernel:
    slope, shape = call.shape_of(1), call.shape
    channels = shape[1] if len(shape) > 1 else 1
    if slope == (channels, *(1,) * (len(shape) - 2)) or slope == (1,):
        return lambda x, slope: functional.prelu(x, slope.reshape(-1))
    return lambda x, slope: torch.where(x < 0, slope * x, x)


def _clip(call: Call) -> Kernel:
    low, high = (call.either(name, i, since=11) for i, name in ((1, "min"), (2, "max")))
    if low is None and high is None:
        return _same
    return lambda x: torch.clamp(x, low, high)


def _cast(call: Call) -> Kernel:
    dtype = torch_dtype(call.get("to"))
    if dtype is None:
        raise call.refuse(f"a cast to type {call.get('to')}")
    return lambda x: x.to(dtype)


def _gelu(call: Call) -> Kernel:
    return partial(functional.gelu, approximate=call.get("approximate", "none"))


def _dropout(call: Call) -> Kernel:
    if call.parameter(2, "training_mode"):
        raise call.refuse("training mode")
    return _same


def _variadic(function: Kernel) -> Operator:
    return plain(lambda *values: reduce(function, values))


OPERATORS: Mapping[str, Operator] = {
    **{
        name: plain(function)
        for name, function in {
            "Abs": torch.abs,
            "Add": torch.add,
            "And": torch.logical_and,
            "Ceil": torch.ceil,
            "Cos": torch.cos,
            "Div": _divide,
            "Equal": torch.eq,
            "Erf": torch.erf,
            "Exp": torch.exp,
            "Floor": torch.floor,
            "Greater": torch.gt,
            "GreaterOrEqual": torch.ge,
            "HardSwish": functional.hardswish,
            "Identity": _same,
            "Less": torch.lt,
            "LessOrEqual": torch.le,
            "Log": torch.log,
            "Mean": _mean,
            "Mish": functional.mish,
            "Mul": torch.mul,
            "Neg": torch.neg,
            "Not": torch.logical_not,
            "Or": torch.logical_or,
            "Pow": _power,
            "Reciprocal": torch.reciprocal,
            "Relu": torch.relu,
            "Round": torch.round,
            "Sigmoid": torch.sigmoid,
            "Sign": torch.sign,
            "Sin": torch.sin,
            "Softplus": functional.softplus,
            "Softsign": functional.softsign,
            "Sqrt": torch.sqrt,
            "Sub": torch.sub,
            "Tanh": torch.tanh,
            "Where": torch.where,
        }.items()
    },
    "Cast": Operator(_cast),
    "Celu": _with(functional.celu, alpha=1.0),
    "Clip": Operator(_clip, data=1),
    "Dropout": Operator(_dropout, data=1),
    "Elu": _with(functional.elu, alpha=1.0),
    "Gelu": Operator(_gelu),
    "HardSigmoid": _with(_hard_sigmoid, alpha=0.2, beta=0.5),
    "LeakyRelu": Operator(
        lambda c: partial(functional.leaky_relu, negative_slope=c.get("alpha", 0.01))
    ),
    "Max": _variadic(torch.maximum),
    "Min": _variadic(torch.minimum),
    "PRelu": Operator(_prelu),
    "Selu": _with(_selu, alpha=1.6732631921768188, gamma=1.0507010221481323),
    "Sum": _variadic(torch.add),
    "ThresholdedRelu": _with(_threshold, alpha=1.0),
}
