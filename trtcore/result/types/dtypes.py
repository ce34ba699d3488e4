"""Data types: one row for each, with every name that TensorRT, NumPy and ONNX have for it.

Whatever names a data type takes it from `DTYPES`: inspector output, I/O tensors, ONNX weights, the
nodes of ONNX Runtime and PyTorch, and `trtcore.precision.formats`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Dtype(NamedTuple):
    """A data type.

    Attributes:
        name: NumPy's name, or one in its manner where NumPy has no such type.
        inspector: TensorRT's name, as the engine inspector prints it.
        bits: of one element.
        onnx_type: number in ONNX's ``TensorProto.DataType``, which files store.
        words: further spellings in lower case: of TensorRT's enums and sentences, of ONNX.
        label: what messages call it, such as ``FP16``; ``""`` for types that no option names.
        host_type: NumPy's type of its values on the host; ``""`` if trtcore cannot make them.
        is_float: floating point, as it is.
        is_quantized: values that a scale belongs to; layers compute in it all the same.
    """

    name: str
    inspector: str
    bits: int
    onnx_type: int
    words: tuple[str, ...] = ()
    label: str = ""
    host_type: str | None = None
    is_float: bool = False
    is_quantized: bool = False


# Sources: enum class DataType of NvInferRuntime.h (TensorRT 11.1); TensorProto.DataType of
# onnx.proto3 (ONNX 1.19). TensorRT's FP8 is E4M3 and its FP4 is E2M1.
_ROWS = (
    Dtype("float64", "Double", 64, 11, is_float=True),
    Dtype("int64", "Int64", 64, 7),
    Dtype("float32", "Float", 32, 1, ("fp32",), "FP32", is_float=True),
    Dtype("int32", "Int32", 32, 6),
    Dtype("float16", "Half", 16, 10, ("fp16",), "FP16", is_float=True),
    Dtype("bfloat16", "BFloat16", 16, 16, ("bf16",), "BF16", "float32", is_float=True),
    Dtype("int16", "Int16", 16, 5),
    Dtype("int8", "Int8", 8, 3, label="INT8", is_quantized=True),
    Dtype("uint8", "UInt8", 8, 2),
    Dtype("bool", "Bool", 8, 9, ("boolean",)),
    Dtype("fp8", "FP8", 8, 17, ("float8_e4m3fn", "float8e4m3fn"), "FP8", "float32", False, True),
    Dtype("int4", "Int4", 4, 22, (), "INT4", "", is_quantized=True),
    Dtype("fp4", "FP4", 4, 23, ("float4_e2m1fn", "float4e2m1"), "FP4", "", is_quantized=True),
)
DTYPES: Mapping[str, Dtype] = {row.name: row for row in _ROWS}
"""Every data type that trtcore knows, by `Dtype.name`."""

ONNX_TYPES: Mapping[int, Dtype] = {row.onnx_type: row for row in _ROWS}
"""The same by ONNX's number."""

WORDS: Mapping[str, Dtype] = {
    word: row for row in _ROWS for word in (row.name, row.inspector.lower(), *row.words)
}
"""The same by every spelling, in lower case."""


def numpy_name(word: str) -> str:
    """NumPy's name of a data type: ``Half``, ``FP16`` and ``float16`` all give ``float16``.

    Names that NumPy lacks (``bfloat16``, ``fp8``) and unknown ones come back in lower case.
    """
    name = word.rpartition(".")[2].lower()
    return WORDS[name].name if name in WORDS else name


def inspector_name(word: str) -> str:
    """The word of TensorRT's inspector: ``Half`` for ``float16``; unknown ones as they are."""
    row = DTYPES.get(numpy_name(word))
    return row.inspector if row else word


def host_type(word: str) -> str:
    """NumPy's type of a data type's values on the host; ``""`` if trtcore cannot make them."""
    row = DTYPES.get(numpy_name(word))
    if row is None:
        return ""
    return row.name if row.host_type is None else row.host_type


def itemsize(word: str) -> float:
    """Bytes per element, 0.5 for 4-bit types.

    Raises:
        KeyError: not a data type of known size.
    """
    return DTYPES[numpy_name(word)].bits / 8


def to_bfloat16_values(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rounds float32 to the nearest value that bfloat16 holds, ties to even; NaN stays NaN."""
    import numpy as np  # here, because `--help` reads the table above and must start fast

    exact = np.asarray(values, np.float32)
    bits = exact.reshape(-1).view(np.uint32)
    # Half of the dropped 16 bits, less one unless the last kept bit is set: ties go to even.
    half = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    rounded = (bits + half) & np.uint32(0xFFFF0000)
    # Adding to the bits of a NaN can carry into the sign or make an infinity of it.
    return np.where(np.isnan(exact), exact, rounded.view(np.float32).reshape(exact.shape))
