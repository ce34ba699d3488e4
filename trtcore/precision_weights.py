"""Weights rounded to 16 bits as NumPy rounds, and what does not fit into them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, numpy_helper

from trtcore.inputs import to_bfloat16_values

LABELS: dict[int, str] = {
    TensorProto.FLOAT: "FP32",
    TensorProto.FLOAT16: "FP16",
    TensorProto.BFLOAT16: "BF16",
}
LARGEST: dict[int, float] = {TensorProto.FLOAT16: 65504.0, TensorProto.BFLOAT16: 3.3895314e38}


@dataclass(frozen=True)
class Overflow:
    """A constant that the lower precision cannot hold.

    Attributes:
        name: the initializer, or the output of the Constant node.
        value: the value that does not fit, the largest one.
        nodes: names of the nodes that read it.
    """

    name: str
    value: float
    nodes: tuple[str, ...]


def round_tensor(tensor: TensorProto, elem_type: int) -> tuple[TensorProto, float | None]:
    """Rounds a float32 tensor to the nearest FP16 or BF16 values, ties to even.

    Small values become subnormal or zero, as the format has it; nothing is clamped.

    Returns:
        The rounded tensor, same name and shape, and the largest finite value that became
        infinite (None if there is none).
    """
    values = numpy_helper.to_array(tensor).astype(np.float32, copy=False)
    with np.errstate(over="ignore", under="ignore"):
        if elem_type == TensorProto.FLOAT16:
            half = values.astype(np.float16)
            raw, infinite = half.astype("<f2").tobytes(), np.isinf(half)
        else:
            brain = to_bfloat16_values(values)
            raw = (brain.view(np.uint32) >> 16).astype("<u2").tobytes()
            infinite = np.isinf(brain)
    lost = infinite & np.isfinite(values)
    worst = float(values[lost][np.abs(values[lost]).argmax()]) if lost.any() else None
    low = TensorProto(name=tensor.name, data_type=elem_type, dims=tensor.dims, raw_data=raw)
    return low, worst


def overflow_text(overflows: list[Overflow], elem_type: int) -> str:
    """One line: the first constant that overflows, its value, and what to keep in FP32."""
    first, others = overflows[0], len(overflows) - 1
    names = list(dict.fromkeys(name for overflow in overflows for name in overflow.nodes))
    more = f" ({others} more like it)" if others else ""
    reader = f" of node '{first.nodes[0]}'" if first.nodes else ""
    return (
        f"initializer '{first.name}'{reader} holds {first.value:g}, which {LABELS[elem_type]}"
        f" (at most {LARGEST[elem_type]:g}) cannot hold{more}: use --keep-fp32 '{','.join(names)}'"
    )
