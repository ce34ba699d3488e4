"""The types of options' values. Imports nothing heavy, so that ``--help`` answers at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, NamedTuple


class ValueType(NamedTuple):
    """The type of an option's values.

    Attributes:
        expected: the type as errors name it.
        accepts: whether a value is of this type.
    """

    expected: str
    accepts: Callable[[Any], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    # Integral takes NumPy's integers too; bool is one in Python, but True is no batch size.
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_path(value: object) -> bool:
    return isinstance(value, (str, PathLike))


def _are_texts(value: object) -> bool:
    return isinstance(value, Sequence) and all(map(_is_text, value))


def _are_paths(value: object) -> bool:
    # A text is a sequence of texts: "lib.so" would load a library for every letter.
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        return False
    return all(map(_is_path, value))


def _is_shape(value: object) -> bool:
    return isinstance(value, Sequence) and all(map(_is_whole, value))


def _is_shape_or_range(value: object) -> bool:
    """A shape, or min, opt and max of one; how many there are is said where they are read."""
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        return False
    return _is_shape(value) or all(map(_is_shape, value))


def _are_inputs(value: object) -> bool:
    if not isinstance(value, Mapping):
        return _is_path(value)
    # An array by what it has, as NumPy is not imported here.
    return all(
        _is_text(name) and (_is_path(one) or hasattr(one, "__array__"))
        for name, one in value.items()
    )


def _by_name(accepts: Callable[[object], bool]) -> Callable[[Any], bool]:
    def are_accepted(value: object) -> bool:
        return isinstance(value, Mapping) and all(
            _is_text(name) and accepts(element) for name, element in value.items()
        )

    return are_accepted


NAME = ValueType("a name", _is_text)
WORD = ValueType("one of a few words", lambda _: True)
"""Any value passes: it is checked against the choices, which the error lists, after the type."""
NAMES = ValueType("a list of names", _are_texts)
BLOBS = ValueType("a list of blobs", _are_texts)
"""Not split at commas: names of blobs may contain them."""
PATH = ValueType("a path", _is_path)
PATHS = ValueType("a list of paths", _are_paths)
INPUTS = ValueType(
    "random, a generator or a path to an .npz, or by name such as {'mask': 'ones'}", _are_inputs
)
FLAG = ValueType("True or False", lambda value: isinstance(value, bool))
WHOLE = ValueType("a whole number", _is_whole)
NUMBER = ValueType("a number", _is_number)
SHAPES = ValueType(
    "shapes by name, such as {'data': (1, 3, 224, 224)}, or (min, opt, max) of them",
    _by_name(_is_shape_or_range),
)
FORMATS = ValueType("formats by name, such as {'data': 'chw2'}", _by_name(_is_text))
