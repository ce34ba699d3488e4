"""Inputs and outputs of types that NumPy does not have: they go as bytes of a stated type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

# ONNX Runtime's words for them, with ONNX's type and an integer type of the same size.
_STORED: dict[str, tuple[int, type[np.generic]]] = {
    "tensor(bfloat16)": (TensorProto.BFLOAT16, np.uint16),
    "tensor(float8e4m3fn)": (TensorProto.FLOAT8E4M3FN, np.uint8),
    "tensor(float8e4m3fnuz)": (TensorProto.FLOAT8E4M3FNUZ, np.uint8),
    "tensor(float8e5m2)": (TensorProto.FLOAT8E5M2, np.uint8),
    "tensor(float8e5m2fnuz)": (TensorProto.FLOAT8E5M2FNUZ, np.uint8),
    "tensor(float8e8m0)": (TensorProto.FLOAT8E8M0, np.uint8),
}
# Two or four of them share a byte, which NumPy cannot hold either; as outputs they are not looked
# at.
_PACKED = ("tensor(int4)", "tensor(uint4)", "tensor(int2)", "tensor(uint2)", "tensor(float4e2m1)")


def has_stored_types(session: Any) -> bool:
    """Whether an input or output of a session is of a type that NumPy does not have."""
    kinds = {one.type for one in (*session.get_inputs(), *session.get_outputs())}
    return not kinds.isdisjoint((*_STORED, *_PACKED))


def run_stored(session: Any, inputs: Mapping[str, NDArray[Any]]) -> list[Any]:
    """Runs a session once on values of any type.

    Args:
        session: of ONNX Runtime.
        inputs: by name; types that NumPy does not have as float32 that they hold exactly.

    Returns:
        The outputs in their order; None for those of types that NumPy does not have.
    """
    kinds = {one.name: one.type for one in session.get_inputs()}
    values = {name: _ort_value(array, kinds.get(name, "")) for name, array in inputs.items()}
    outputs = session.run_with_ort_values(None, values)
    types = [one.type for one in session.get_outputs()]
    return [
        None if kind in (*_STORED, *_PACKED) else output.numpy()
        for kind, output in zip(types, outputs, strict=True)
    ]


def _ort_value(array: NDArray[Any], kind: str) -> Any:
    value = onnxruntime.OrtValue
    if kind not in _STORED:
        return value.ortvalue_from_numpy(array)
    elem_type, stored = _STORED[kind]
    held = array.astype(helper.tensor_dtype_to_np_dtype(elem_type))
    return value.ortvalue_from_numpy_with_onnx_type(held.view(stored), elem_type)
