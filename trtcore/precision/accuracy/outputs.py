"""The error of a precision: outputs compared with those of the FP32 model on the same input."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.result.records.accuracy import NotCompared, Obstacle, OutputAccuracy

Arrays = Mapping[str, NDArray[Any]]
Outputs = Mapping[str, Any]
"""By name: an array, or a list of them where the output is a sequence."""

# Outputs with fewer values per item are not taken for a classifier's: among fewer than ten classes
# a top-5 agreement is more likely than not by chance. Top-1 and top-5 are ImageNet's measures.
_CLASSES = 10
_TOP = 5
_SMALLEST_FLOAT = float(np.finfo(np.float32).smallest_normal)


def compare_outputs(
    reference: Outputs, outputs: Outputs, smallest_normal: float = _SMALLEST_FLOAT
) -> tuple[OutputAccuracy, ...]:
    """Compares outputs by name, but those that `find_obstacles` names.

    The items of a sequence are compared one by one: ``boxes[0]``.

    Args:
        reference: outputs of the FP32 model.
        outputs: the same outputs in the other precision, any float type.
        smallest_normal: of the type that the outputs were computed in. A float reference that is
            all below it (or zero) is empty: no relative error can be computed.
    """
    expected, actual = _items(reference), _items(outputs)
    obstacles = {obstacle.name for obstacle in find_obstacles(reference, outputs)}
    return tuple(
        _emptied(_compare(name, values, actual[name]), values, smallest_normal)
        for name, values in expected.items()
        if name not in obstacles
    )


def find_obstacles(reference: Outputs, outputs: Outputs) -> tuple[NotCompared, ...]:
    """Names the outputs that cannot be compared, and why.

    Args:
        reference: outputs of the FP32 model.
        outputs: those of the other precision; what the reference has no output for is left out.
    """
    expected, actual = _items(reference), _items(outputs)
    more = (name for name in actual if name.rpartition("[")[0] in reference)
    names = dict.fromkeys((*expected, *more))
    found = []
    for name in names:
        if name not in expected or name not in actual:
            found.append(NotCompared(name, Obstacle.ABSENT))
        elif obstacle := _obstacle(name, expected[name], actual[name]):
            found.append(obstacle)
    return tuple(found)


def _items(outputs: Outputs) -> dict[str, Any]:
    """The outputs, with a sequence of arrays as its items: ``boxes[0]``."""
    items: dict[str, Any] = {}
    for name, value in outputs.items():
        if isinstance(value, list) and all(isinstance(one, np.ndarray) for one in value):
            items |= {f"{name}[{index}]": one for index, one in enumerate(value)}
        else:
            items[name] = value
    return items


def _obstacle(name: str, expected: Any, actual: Any) -> NotCompared | None:
    """Why two values cannot be compared; None if they can."""
    if not (_is_numeric(expected) and _is_numeric(actual)):
        return NotCompared(name, Obstacle.NO_NUMBERS)
    if expected.shape != actual.shape:
        return NotCompared(name, Obstacle.SHAPE, (actual.shape, expected.shape))
    return None


def _is_numeric(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"


def _emptied(
    accuracy: OutputAccuracy, reference: NDArray[Any], smallest_normal: float
) -> OutputAccuracy:
    """Adds the size of the reference; drops relative figures where it is empty."""
    if reference.dtype.kind != "f":
        return accuracy
    largest = float(np.abs(reference[~np.isnan(reference)]).max(initial=0.0))
    sized = replace(accuracy, reference_max=largest, smallest_normal=smallest_normal)
    if not sized.is_empty:
        return sized
    return replace(sized, relative_l2=math.nan, cosine=math.nan, top1=None, top5=None)


def _compare(name: str, reference: NDArray[Any], output: NDArray[Any]) -> OutputAccuracy:
    expected = np.asarray(reference, np.float64)
    actual = np.asarray(output, np.float64)
    # NaN and infinity are counted on their own: one of them would make every error NaN.
    finite = np.isfinite(expected) & np.isfinite(actual)
    a, b = expected[finite], actual[finite]
    top1, top5 = _agreement(expected, actual)
    max_abs, mean_abs, relative_l2, cosine = _errors(a, b)
    lost = np.isnan(expected) | (np.isinf(expected) & (expected != actual) & ~np.isnan(actual))
    if lost.any() and not finite.any():
        max_abs = mean_abs = relative_l2 = cosine = math.nan
    return OutputAccuracy(
        name=name,
        max_abs=max_abs,
        mean_abs=mean_abs,
        relative_l2=relative_l2,
        cosine=cosine,
        nan_count=int((np.isnan(actual) & ~np.isnan(expected)).sum()),
        inf_count=int((np.isinf(actual) & np.isfinite(expected)).sum()),
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
    expected: NDArray[np.float64], actual: NDArray[np.float64]
) -> tuple[float | None, float | None]:
    """Top-1 and top-5 agreement of (N, classes), trailing dimensions of 1 allowed."""
    batch = expected.shape[0] if expected.ndim else 0
    classes = expected.shape[1] if expected.ndim > 1 else 0
    if classes < _CLASSES or expected.size != batch * classes:
        return None, None
    expected, actual = expected.reshape(batch, -1), actual.reshape(batch, -1)
    best = expected.argmax(axis=1)
    # A row with NaN has no ranking: it agrees with nothing.
    order = np.argsort(-np.nan_to_num(actual, nan=-np.inf), axis=1, kind="stable")
    order[np.isnan(actual).any(axis=1)] = -1
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
