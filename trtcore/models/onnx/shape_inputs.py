"""Inputs whose values are a shape, and values for them that a graph can run with."""

from __future__ import annotations

from math import prod

Shape = tuple[int, ...]

# By operator, the inputs that decide the shape of what it writes (ONNX, "Operators").
_SHAPES = {
    "ConstantOfShape": (0,),
    "Expand": (1,),
    "OneHot": (1,),
    "Pad": (1,),
    "Range": (0, 1, 2),
    "Reshape": (1,),
    "Resize": (3,),
    "Slice": (1, 2, 3, 4),
    "Tile": (1,),
    "TopK": (1,),
}
# Random integers are below it: as many columns are needed to write each with one 1.
_ONE_HOT = 8
_RANGE = (0, 8, 1)
"""Start, limit and step."""


def decides_shape(operator: str, index: int) -> bool:
    """Whether this input of an operator decides the shape of what it writes."""
    return index in _SHAPES.get(operator, ())


def default_values(operator: str, index: int, data: Shape, count: int) -> Shape:
    """Values for such an input that change the shape of the data as little as may be.

    Args:
        operator: that reads them.
        index: of the operator's input.
        data: shape of what it works on; empty where that is not known.
        count: how many values there are.

    Returns:
        ``count`` values; ones where nothing better is known.
    """
    ones = (1,) * count
    if operator == "Reshape" and data:
        return _regrouped(data, count)
    if operator in ("Expand", "Resize") and data:
        return (*ones, *data)[-count:] if count else ()
    if operator == "Slice":
        return _slice(index, data, count)
    if operator == "Range":
        return (_RANGE[index],) * count
    if operator == "OneHot":
        return (_ONE_HOT,) * count
    return (0,) * count if operator == "Pad" else ones


def _regrouped(data: Shape, count: int) -> Shape:
    """A shape of so many dimensions that holds as many values."""
    if count >= len(data):
        return (*(1,) * (count - len(data)), *data)
    return (*data[: count - 1], prod(data[count - 1 :])) if count else ()


def _slice(index: int, data: Shape, count: int) -> Shape:
    """Starts, ends, axes or steps of a slice of everything, as far as the axes are known."""
    if index == 1:
        return (0,) * count
    if index == 2 and data:
        # Without the axes: as far as the shortest dimension reaches.
        return data if count == len(data) else (min(data),) * count
    return tuple(range(count)) if index == 3 else (1,) * count
