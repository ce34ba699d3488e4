"""What a precision cost: outputs against those of the FP32 model on the same input."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import OptionError, PrecisionNotMetError

Arrays = Mapping[str, NDArray[Any]]

# Outputs with at least this many classes are taken for those of a classifier.
_CLASSES = 10
_TOP = 5


@dataclass(frozen=True)
class OutputAccuracy:
    """One output of a network beside that of the reference.

    NaN and infinite values are counted and left out of the errors, which are NaN where nothing else
    is left.

    Attributes:
        name: of the output.
        max_abs: largest absolute error.
        mean_abs: mean absolute error.
        relative_l2: norm of the error over the norm of the reference; 0 where both are zero.
        cosine: similarity of the two as vectors, -1 to 1; 1 where both are zero.
        nan_count: NaNs that the reference does not have.
        inf_count: infinities that the reference does not have.
        top1: part of the images whose class is the same; None if it is no classifier.
        top5: part of the images whose class is among the first five; None if it is no classifier.
        first_bad_node: the model node that first produced a NaN or infinity, where it was found.
        uncompared: values that are NaN in the reference, or infinite there and another number here:
            nothing can be said of them.
    """

    name: str
    max_abs: float
    mean_abs: float
    relative_l2: float
    cosine: float
    nan_count: int
    inf_count: int
    top1: float | None = None
    top5: float | None = None
    first_bad_node: str = ""
    uncompared: int = 0

    @property
    def is_comparable(self) -> bool:
        """Whether every value could be compared."""
        return self.nan_count + self.inf_count + self.uncompared == 0


@dataclass(frozen=True)
class Accuracy:
    """The outputs of a network beside those of its reference.

    Attributes:
        method: what was compared with what, in words.
        outputs: one entry per output.
    """

    method: str
    outputs: tuple[OutputAccuracy, ...]

    @property
    def relative_l2(self) -> float:
        """The largest relative L2 error of an output; infinite if not every value is compared."""
        return max(
            (o.relative_l2 if o.is_comparable else math.inf for o in self.outputs), default=0.0
        )


def compare_outputs(reference: Arrays, outputs: Arrays) -> tuple[OutputAccuracy, ...]:
    """Compares outputs by name.

    Args:
        reference: outputs of the FP32 model.
        outputs: the same outputs in the other precision, any float type.

    Raises:
        OptionError: an output is missing, or has another shape.
    """
    return tuple(_compare(name, values, outputs) for name, values in reference.items())


def check_limit(tolerance: float) -> None:
    """Does nothing if it can be a tolerance: 0 (the same values) or more.

    Raises:
        OptionError: it is negative or NaN.
    """
    if not tolerance >= 0:
        raise OptionError(f"tolerance is {tolerance}, must be 0 or more")


def check_tolerance(accuracies: Sequence[OutputAccuracy], tolerance: float) -> None:
    """Does nothing if every output is near enough.

    Args:
        accuracies: of all outputs.
        tolerance: the largest relative L2 error that is accepted.

    Raises:
        PrecisionNotMetError: an output is further off, has NaN or infinite values, or cannot be
            compared because those of FP32 are.
        OptionError: the tolerance is negative or NaN.
    """
    check_limit(tolerance)
    for accuracy in accuracies:
        bad = accuracy.nan_count + accuracy.inf_count
        if bad:
            where = f", first in node '{accuracy.first_bad_node}'"
            raise PrecisionNotMetError(
                f"output '{accuracy.name}' has {bad} NaN or infinite values that FP32 does not have"
                f"{where if accuracy.first_bad_node else ''}"
            )
        if accuracy.uncompared:
            raise PrecisionNotMetError(
                f"output '{accuracy.name}' has {accuracy.uncompared} values that are NaN or "
                "infinite in FP32 already, which nothing can be compared with: give another --input"
            )
        if accuracy.relative_l2 > tolerance:
            raise PrecisionNotMetError(
                f"output '{accuracy.name}' is {accuracy.relative_l2:.3g} (relative L2) from FP32,"
                f" more than the tolerance of {tolerance:g}"
            )


def _compare(name: str, reference: NDArray[Any], outputs: Arrays) -> OutputAccuracy:
    if name not in outputs:
        raise OptionError(f"there is no output '{name}' to compare, there are {', '.join(outputs)}")
    if outputs[name].shape != reference.shape:
        shapes = f"{outputs[name].shape} and {reference.shape}"
        raise OptionError(f"output '{name}' cannot be compared: its shapes are {shapes}")
    expected = np.asarray(reference, np.float64)
    found = np.asarray(outputs[name], np.float64)
    finite = np.isfinite(expected) & np.isfinite(found)
    a, b = expected[finite], found[finite]
    top1, top5 = _agreement(expected, found)
    max_abs, mean_abs, relative_l2, cosine = _errors(a, b)
    lost = np.isnan(expected) | (np.isinf(expected) & (expected != found) & ~np.isnan(found))
    if lost.any() and not finite.any():
        max_abs = mean_abs = relative_l2 = cosine = math.nan
    return OutputAccuracy(
        name=name,
        max_abs=max_abs,
        mean_abs=mean_abs,
        relative_l2=relative_l2,
        cosine=cosine,
        nan_count=int((np.isnan(found) & ~np.isnan(expected)).sum()),
        inf_count=int((np.isinf(found) & np.isfinite(expected)).sum()),
        top1=top1,
        top5=top5,
        uncompared=int(lost.sum()),
    )


def _errors(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Largest and mean error, relative L2 and cosine of finite values."""
    error = np.abs(a - b)
    return (
        float(error.max(initial=0.0)),
        float(error.mean()) if error.size else 0.0,
        _ratio(float(np.linalg.norm(error)), float(np.linalg.norm(a)), empty=0.0),
        _cosine(a, b),
    )


def _agreement(
    expected: NDArray[np.float64], found: NDArray[np.float64]
) -> tuple[float | None, float | None]:
    """Top-1 and top-5 agreement of (N, classes), trailing dimensions of 1 allowed."""
    batch = expected.shape[0] if expected.ndim else 0
    classes = expected.shape[1] if expected.ndim > 1 else 0
    if classes < _CLASSES or expected.size != batch * classes:
        return None, None
    expected, found = expected.reshape(batch, -1), found.reshape(batch, -1)
    best = expected.argmax(axis=1)
    order = np.argsort(-np.nan_to_num(found, nan=-np.inf), axis=1, kind="stable")
    order[np.isnan(found).any(axis=1)] = -1
    top1 = float((order[:, 0] == best).mean())
    return top1, float((order[:, :_TOP] == best[:, None]).any(axis=1).mean())


def _ratio(error: float, norm: float, empty: float) -> float:
    if norm:
        return error / norm
    return empty if not error else float("inf")


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    squares = float(np.dot(a, a)) * float(np.dot(b, b))
    if squares:
        return float(np.clip(np.dot(a, b) / math.sqrt(squares), -1.0, 1.0))
    return 1.0 if np.array_equal(a, b) else 0.0
