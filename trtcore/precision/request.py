"""What can be asked of a precision: the accepted words, checked without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from trtcore.errors import OptionError


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
        raise OptionError(f"precision is '{value}', must be one of {accepted}")


@dataclass(frozen=True)
class PrecisionRequest:
    """The precision a network is to have.

    Attributes:
        precision: None is that of the model's own weights.
        keep_fp32: op types or globs over node names that stay in FP32.
        io_precision: of the network's float inputs and outputs; None is that of the network.
    """

    precision: Precision | None = None
    keep_fp32: Sequence[str] = ()
    io_precision: str | None = None


IO_PRECISIONS = (Precision.FP32, Precision.FP16, Precision.BF16)


def read_io_precision(word: Precision | str) -> Precision:
    """Returns the precision that inputs and outputs are to have.

    Raises:
        OptionError: it is none of `IO_PRECISIONS`.
    """
    accepted = [precision.value for precision in IO_PRECISIONS]
    if word not in accepted:
        raise OptionError(f"io-precision is '{word}', must be one of {', '.join(accepted)}")
    return Precision(word)


def check_keep_fp32(patterns: Sequence[str]) -> None:
    """Checks the form of op types or globs over node names that are to stay in FP32.

    Raises:
        OptionError: one text in the place of a list, or an empty entry.
    """
    if isinstance(patterns, str):
        raise OptionError(f"keep_fp32 is '{patterns}', expected a list of names: ['{patterns}']")
    if not all(patterns):
        raise OptionError(
            "keep-fp32 has an empty entry: give an op type, a node name, or a glob over node names"
        )
