"""The memory formats that an input or output can be given, and which tensors can have them.

Source: NVIDIA TensorRT, enum class TensorFormat.
"""

from __future__ import annotations

from dataclasses import dataclass

from trtcore.result.records.layers import TensorInfo
from trtcore.result.types.dtypes import numpy_name


@dataclass(frozen=True)
class IOFormat:
    """A memory layout of a tensor.

    Attributes:
        name: TensorRT's ``TensorFormat`` in lower case.
        lanes: channels that lie together; the number of channels is padded to a multiple.
        dtypes: element types it exists for; empty for all.
    """

    name: str
    lanes: int = 1
    dtypes: tuple[str, ...] = ()


FORMATS = {
    layout.name: layout
    for layout in (
        IOFormat("linear"),
        IOFormat("chw2", 2, ("float16", "bfloat16")),
        IOFormat("hwc8", 8, ("float16", "bfloat16")),
        IOFormat("chw4", 4, ("float16", "int8")),
        IOFormat("chw16", 16, ("float16",)),
        IOFormat("chw32", 32, ("float32", "float16", "int8")),
    )
}


def why_not(tensor: TensorInfo, format_name: str) -> str:
    """The reason why a tensor cannot have a format; ``""`` if it can."""
    layout = FORMATS[format_name]
    dtype = numpy_name(tensor.dtype)
    if layout.dtypes and dtype not in layout.dtypes:
        return f"'{tensor.name}' is {dtype}, {format_name} is for {', '.join(layout.dtypes)}"
    if layout.lanes > 1 and len(tensor.shape) < 3:
        return f"'{tensor.name}' has {len(tensor.shape)} dimensions, {format_name} needs 3 or more"
    return ""
