"""Operators whose result is constant: constants, shapes, and ranges and fills made of them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from onnx import TensorProto

from trtcore.measure.nodes.torch.operators.call import Call, Kernel, Operator
from trtcore.measure.nodes.torch.tensors import to_torch

_LISTS = {"value_float": torch.float32, "value_floats": torch.float32}


def _constant(call: Call) -> Kernel:
    (name, value), *_ = call.attributes.items()
    if isinstance(value, TensorProto):
        tensor = to_torch(value)
    elif name in ("value_int", "value_ints", *_LISTS):
        tensor = torch.tensor(value, dtype=_LISTS.get(name, torch.int64))
    else:
        raise call.refuse(f"attribute '{name}'")
    return lambda: tensor


def _constant_of_shape(call: Call) -> Kernel:
    shape, value = call.parameter(0, "input"), call.get("value")
    element = torch.zeros(1) if value is None else to_torch(value)
    return lambda: element.reshape(-1)[0].repeat(shape)


def _shape(call: Call) -> Kernel:
    kept = call.shape[call.get("start", 0) : call.get("end")]
    return lambda _: torch.tensor(kept, dtype=torch.int64)


def _size(_: Call) -> Kernel:
    return lambda x: torch.tensor(x.numel(), dtype=torch.int64)


def _range(call: Call) -> Kernel:
    bounds = [call.parameter(i, name) for i, name in enumerate(("start", "limit", "delta"))]
    dtype = call.inputs[0].dtype
    return lambda: torch.arange(*bounds, dtype=dtype)


OPERATORS: Mapping[str, Operator] = {
    "Constant": Operator(_constant),
    "ConstantOfShape": Operator(_constant_of_shape, data=0),
    "Range": Operator(_range, data=0),
    "Shape": Operator(_shape, is_static=True),
    "Size": Operator(_size, is_static=True),
}
