"""Numbers that a graph takes as an input and uses as axes, lengths, counts or shapes.

Any integers would do for a table of tokens, but not for these: an axis that the tensor does not
have, or a divisor of 0, ends the run. Each operator says what is valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from onnx import NodeProto

Shape = Sequence[int]
_Rule = Callable[[NodeProto, int, "Shapes"], "tuple[int, ...]"]

# How many numbers a Range counts, and how many classes a OneHot has, where an input says it.
_SMALL = 8


class Shapes:
    """The static shapes of a graph's values, by name."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes

    def of(self, node: NodeProto, index: int = 0) -> tuple[int, ...]:
        """The shape of an input of a node; empty if it is unknown or a scalar."""
        if index >= len(node.input):
            return ()
        return tuple(self._shapes.get(node.input[index], ()))

    def output(self, node: NodeProto) -> tuple[int, ...]:
        """The shape of the first output of a node; empty if it is unknown or a scalar."""
        return tuple(self._shapes.get(node.output[0], ()))


def needed_values(node: NodeProto, index: int, count: int, shapes: Shapes) -> tuple[int, ...]:
    """Valid numbers for an input that a node computes a shape or an order with.

    Args:
        node: the reader.
        index: which of its inputs it is.
        count: how many numbers the input has.
        shapes: of the other values.

    Returns:
        As many numbers as the input has; empty where any would do, or nothing is known.
    """
    rule = _rule(node, index)
    if rule is None:
        return ()
    values = rule(node, count, shapes)
    return values if len(values) == count else ()


def _rule(node: NodeProto, index: int) -> _Rule | None:
    if node.op_type.startswith("Reduce") and index == 1:
        return _axes
    return _RULES.get((node.op_type, index))


def _axes(node: NodeProto, count: int, shapes: Shapes) -> tuple[int, ...]:
    rank = len(shapes.of(node))
    return tuple(range(count)) if count <= max(rank, 1) else ()


def _new_axes(node: NodeProto, count: int, shapes: Shapes) -> tuple[int, ...]:
    del node, shapes
    return tuple(range(count))


def _lone_axes(node: NodeProto, count: int, shapes: Shapes) -> tuple[int, ...]:
    axes = [axis for axis, length in enumerate(shapes.of(node)) if length == 1]
    return tuple(axes[:count])


def _same(node: NodeProto, count: int, shapes: Shapes) -> tuple[int, ...]:
    return shapes.of(node)[-count:] if count else ()


def _parts(node: NodeProto, count: int, shapes: Shapes) -> tuple[int, ...]:
    """Equal parts of the axis that is split; the last takes what is left."""
    shape = shapes.of(node)
    axis = next((one.i for one in node.attribute if one.name == "axis"), 0)
    if not shape or not count or not -len(shape) <= axis < len(shape):
        return ()
    part = shape[axis] // count
    return (*[part] * (count - 1), shape[axis] - part * (count - 1))


def _times(node: NodeProto, count: int, shapes: Shapes) -> tuple[int, ...]:
    """The whole length of every sequence."""
    shape = shapes.of(node)
    axis = next((one.i for one in node.attribute if one.name == "time_axis"), 0)
    return (shape[axis],) * count if axis < len(shape) else ()


def _all(value: int) -> _Rule:
    def same(node: NodeProto, count: int, shapes: Shapes) -> tuple[int, ...]:
        del node, shapes
        return (value,) * count

    return same


_RULES: dict[tuple[str, int], _Rule] = {
    ("CumProd", 1): _all(0),
    ("CumSum", 1): _all(0),
    ("CenterCropPad", 1): _same,
    ("Dropout", 1): _all(0),
    ("GRU", 4): _times,
    ("LSTM", 4): _times,
    ("OneHot", 1): _all(_SMALL),
    ("Pad", 3): _axes,
    ("RNN", 4): _times,
    ("Range", 0): _all(0),
    ("Range", 1): _all(_SMALL),
    ("Range", 2): _all(1),
    ("ReverseSequence", 1): _times,
    ("Split", 1): _parts,
    ("SplitToSequence", 1): _parts,
    ("Squeeze", 1): _lone_axes,
    ("Trilu", 1): _all(0),
    ("Unsqueeze", 1): _new_axes,
    # Integers, of which 0 is no divisor.
    ("Div", 1): _all(1),
    ("Mod", 1): _all(3),
}
