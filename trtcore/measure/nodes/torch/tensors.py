"""Between ONNX's, NumPy's and PyTorch's tensors and element types."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from torch import Tensor

from trtcore.errors import ModelError
from trtcore.result.types.dtypes import DTYPES, inspector_name

_DTYPES: dict[int, Any] = {
    # PyTorch calls FP8 otherwise, and no operator here computes in it.
    row.onnx_type: getattr(torch, row.name)
    for row in DTYPES.values()
    if row.host_type != "" and hasattr(torch, row.name)
}


def torch_dtype(elem_type: int) -> Any:
    """PyTorch's type for an ONNX element type; None where PyTorch does not compute in it."""
    return _DTYPES.get(elem_type)


def checked_dtype(tensor: str, elem_type: int) -> Any:
    """PyTorch's type for an ONNX element type.

    Raises:
        ModelError: PyTorch does not compute in it; ``tensor`` names the tensor.
    """
    dtype = torch_dtype(elem_type)
    if dtype is None:
        kind = TensorProto.DataType.Name(elem_type)
        raise ModelError(f"{tensor}: type {kind}, which PyTorch does not compute in")
    return dtype


def dtype_label(dtype: Any) -> str:
    """The type by TensorRT's name: ``Float``, ``Half``, ``Int64``."""
    return inspector_name(str(dtype).removeprefix("torch.").capitalize())


def to_torch(tensor: TensorProto) -> Tensor:
    """A constant of a graph, on the CPU.

    Raises:
        ModelError: PyTorch does not compute in its type.
    """
    dtype = checked_dtype(f"weights '{tensor.name}'", tensor.data_type)
    array = numpy_helper.to_array(tensor)
    # torch.from_numpy takes no bfloat16; float32 holds each of its values exactly.
    if dtype == torch.bfloat16:
        array = array.astype(np.float32)
    # A copy, because ONNX's arrays are read-only and PyTorch warns of such memory.
    return torch.from_numpy(np.array(array)).to(dtype)


def to_numpy(tensor: Tensor) -> NDArray[Any]:
    """A tensor of any device as an array; bfloat16 as float32."""
    exact = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
    array: NDArray[Any] = exact.cpu().numpy()
    return array
