"""The precisions a network can have: one row for each, with all that sets it apart.

Whatever depends on the precision reads `FORMATS`: the conversion of the graph, the builder's flags,
the check of the engine, what a GPU or a CPU makes of it, and the options of the command line.
Imports nothing heavy, because ``--help`` lists it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from trtcore.errors import OptionError
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.types.dtypes import DTYPES
from trtcore.system.lazy import lazily

_Capability = tuple[int, int]


class Precision(str, Enum):
    """The precision of a network.

    ``fp32`` and ``tf32`` leave the graph as it is (TF32 is a builder flag); ``fp16``, ``half2``
    and ``bf16`` write 16-bit types into it. ``half2`` is FP16 with two-wide vectorised I/O.
    """

    FP32 = "fp32"
    TF32 = "tf32"
    FP16 = "fp16"
    HALF2 = "half2"
    BF16 = "bf16"

    @classmethod
    def _missing_(cls, value: object) -> Precision:
        accepted = ", ".join(member.value for member in cls)
        raise OptionError(f"precision is '{value!s:.60}', must be one of {accepted}")


class PrecisionFormat(NamedTuple):
    """The properties of a precision. The first row of a data type stands for that type.

    Attributes:
        dtype: the element type in the graph, by its name in `trtcore.result.types.dtypes.DTYPES`.
        largest: largest finite value of the type.
        largest_added: the value of a mask constant that something is added to: up to three of
            them still fit (see `trtcore.precision.convert.masks`).
        encode: from float32 values to the bytes of the type and the values they stand for; None
            for float32 itself.
        in_tensorrt_fp32_only: operators that TensorRT takes in FP32 alone, though ONNX allows more.
        needs_newest_schemas: the model's own operator set may lack the type for operators that
            TensorRT takes in it, so that ONNX's newest schemas decide.
        allows_tf32: builder flag TF32.
        io_layout: format of the network's inputs and outputs; ``""`` for linear.
        has_flag: has a short form on the command line, such as ``--fp16``.
        min_capability: first compute capability that has it.
        below_it: what older GPUs compute instead; ``""`` if it is refused there.
        fast_from: first compute capability at which it saves time.
        slow_on: later ones on which it does not.
        cpu_warning: the warning where ONNX Runtime computes it on a CPU.
        cpu_problem: why it cannot; ``""`` if it can.
        baseline_warning: the warning for an un-fused baseline in it.
    """

    dtype: str
    largest: float = 3.4028235e38
    largest_added: float = 3.4028235e38
    encode: Callable[[Any], tuple[bytes, Any]] | None = None
    in_tensorrt_fp32_only: frozenset[str] = frozenset()
    needs_newest_schemas: bool = False
    allows_tf32: bool = False
    io_layout: str = ""
    has_flag: bool = False
    min_capability: _Capability = (0, 0)
    below_it: str = ""
    fast_from: _Capability = (0, 0)
    slow_on: tuple[_Capability, ...] = ()
    cpu_warning: WarningKind | None = None
    cpu_problem: str = ""
    baseline_warning: WarningKind | None = None

    @property
    def onnx_type(self) -> int:
        """The element type, as in ``TensorProto.DataType``."""
        return DTYPES[self.dtype].onnx_type

    @property
    def inspector_word(self) -> str:
        """The name of the type in TensorRT's engine inspector, such as ``Half``."""
        return DTYPES[self.dtype].inspector

    @property
    def label(self) -> str:
        """The name of the type in messages, such as ``FP16``."""
        return DTYPES[self.dtype].label

    @property
    def is_full(self) -> bool:
        """Whether the graph keeps its float32."""
        return self.encode is None


# Operators in FP32 alone were found by building every operator of ONNX's own test cases with
# TensorRT-RTX 1.7.1; the random ones are such in BF16 there, and in FP16 under ONNX Runtime 1.32,
# as is MelWeightMatrix.
# `largest_added` is a third of the largest value, rounded to what the type holds: attention adds up
# to three masks (causal, padding, a window). Larger is better otherwise: from 16384 on FP16 has
# steps of 16, so that scores below 8 vanish beside a mask, and rows that are masked whole come out
# even, as in FP32.
# `largest` is that of IEEE 754 binary16, and (2 - 2**-7) * 2**127 of bfloat16.
# Source of the capabilities: NVIDIA CUDA C++ Programming Guide, throughput of arithmetic
# instructions: half precision runs at a fraction of single precision on `slow_on`, though 5.3 and
# 6.0 have it at full speed; BF16 and TF32 came with Ampere.
_AMPERE = (8, 0)
_FP16 = PrecisionFormat(
    "float16",
    largest=65504.0,
    largest_added=21824.0,
    encode=lazily("trtcore.precision.convert.rounding", "to_half"),
    in_tensorrt_fp32_only=frozenset(
        {
            "BlackmanWindow",
            "Celu",
            "HammingWindow",
            "HannWindow",
            "MeanVarianceNormalization",
            "MelWeightMatrix",
            "RandomNormal",
            "RandomNormalLike",
            "RandomUniform",
            "RandomUniformLike",
            "Range",
        }
    ),
    has_flag=True,
    fast_from=(5, 3),
    slow_on=((6, 1),),
)
FORMATS: Mapping[Precision, PrecisionFormat] = {
    Precision.FP32: PrecisionFormat("float32"),
    Precision.TF32: PrecisionFormat(
        "float32",
        allows_tf32=True,
        min_capability=_AMPERE,
        below_it="FP32",
        cpu_warning=WarningKind.CPU_TF32,
        baseline_warning=WarningKind.BASELINE_TF32,
    ),
    Precision.FP16: _FP16,
    Precision.HALF2: _FP16._replace(
        io_layout="chw2",
        cpu_warning=WarningKind.CPU_HALF2,
        baseline_warning=WarningKind.BASELINE_HALF2,
    ),
    Precision.BF16: PrecisionFormat(
        "bfloat16",
        largest=3.3895314e38,
        largest_added=85 * 2.0**120,
        encode=lazily("trtcore.precision.convert.rounding", "to_bfloat16"),
        in_tensorrt_fp32_only=_FP16.in_tensorrt_fp32_only
        | {"ConvTranspose", "GRU", "HardSwish", "LpNormalization", "LpPool", "Mish"},
        needs_newest_schemas=True,
        has_flag=True,
        min_capability=_AMPERE,
        cpu_problem="ONNX Runtime computes no BF16 on a CPU: use fp16, or a GPU",
    ),
}
"""Every precision, in the order in which messages and ``--help`` list them."""


def precision_of(onnx_type: int) -> Precision:
    """The precision of a float type of ONNX.

    Raises:
        KeyError: no precision has this type.
    """
    return types()[onnx_type]


def format_of(onnx_type: int) -> PrecisionFormat:
    """The row that stands for a float type of ONNX.

    Raises:
        KeyError: no precision has this type.
    """
    return FORMATS[precision_of(onnx_type)]


def types() -> dict[int, Precision]:
    """The float types that graphs can have, each with the first precision of that type."""
    first: dict[int, Precision] = {}
    for precision, row in FORMATS.items():
        first.setdefault(row.onnx_type, precision)
    return first


def low_types() -> tuple[int, ...]:
    """The float types below float32."""
    return tuple(kind for kind, precision in types().items() if not FORMATS[precision].is_full)


def io_precisions() -> tuple[Precision, ...]:
    """The precisions that inputs and outputs can have: one for each type."""
    return tuple(types().values())


def flags() -> tuple[str, ...]:
    """The precisions that have a short form on the command line: ``fp16`` for ``--fp16``."""
    return tuple(precision.value for precision, row in FORMATS.items() if row.has_flag)
