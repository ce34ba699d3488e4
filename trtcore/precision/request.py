"""Requests for a precision: the accepted values, checked without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trtcore.errors import OptionError, argument
from trtcore.precision.formats import Precision, io_precisions
from trtcore.system.quotations import quoted

__all__ = ["Precision", "PrecisionRequest", "check_keep_fp32", "read_io_precision"]


@dataclass(frozen=True)
class PrecisionRequest:
    """The requested precision of a network.

    Attributes:
        precision: None is that of the model's weights.
        keep_fp32: op types or globs over node names to pin to FP32.
        io_precision: of the network's float inputs and outputs; None is that of the network.
    """

    precision: Precision | None = None
    keep_fp32: Sequence[str] = ()
    io_precision: str | None = None


def read_io_precision(name: Precision | str) -> Precision:
    """Returns the requested precision of inputs and outputs.

    Raises:
        OptionError: it is none of `io_precisions`.
    """
    accepted = [precision.value for precision in io_precisions()]
    if name not in accepted:
        raise OptionError(
            f"{argument('io_precision')} is {quoted(name)}, must be one of {', '.join(accepted)}"
        )
    return Precision(name)


def check_keep_fp32(patterns: Sequence[str]) -> None:
    """Checks the form of op types or globs over node names to pin to FP32.

    Raises:
        OptionError: one text in the place of a list, or an empty entry.
    """
    if isinstance(patterns, str):
        raise OptionError(
            f"{argument('keep_fp32')} is '{patterns}', expected a list of names: ['{patterns}']"
        )
    if not all(patterns):
        raise OptionError(
            f"{argument('keep_fp32')} has an empty entry: give an op type, a node name, or a glob "
            "over node names"
        )
