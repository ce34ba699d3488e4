"""Of what type each option has to be, so that a wrong one is named instead of failing somewhere."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, NamedTuple

from trtcore.errors import OptionError


class _Type(NamedTuple):
    words: str
    accepts: Callable[[Any], bool]


def check_type(name: str, value: object, *, or_none: bool) -> None:
    """Does nothing if an option may have a value of this type.

    Options whose values are among a few words are not looked at here.

    Args:
        name: the option.
        value: what was given.
        or_none: whether None is accepted too.

    Raises:
        OptionError: it may not.
    """
    expected = EXPECTED.get(name)
    if expected is None or (value is None and or_none) or expected.accepts(value):
        return
    given = " ".join(reprlib.repr(value).split())
    raise OptionError(
        f"{name} is {given}, expected {expected.words}{', or None' if or_none else ''}"
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, Sequence) and all(map(_is_text, value))


def _are_paths(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        return False
    return all(isinstance(path, (str, PathLike)) for path in value)


def _is_shape(value: object) -> bool:
    return isinstance(value, Sequence) and all(map(_is_whole, value))


def _by_name(accepts: Callable[[object], bool]) -> Callable[[Any], bool]:
    def are_accepted(value: object) -> bool:
        return isinstance(value, Mapping) and all(
            _is_text(name) and accepts(one) for name, one in value.items()
        )

    return are_accepted


_WHOLE = _Type("a whole number", _is_whole)
_NUMBER = _Type("a number", _is_number)
_FLAG = _Type("True or False", _is_flag)

EXPECTED: Mapping[str, _Type] = {
    "backend": _Type("a name", _is_text),
    "keep_fp32": _Type("a list of names", _are_texts),
    "io_formats": _Type("formats by name, such as {'data': 'chw2'}", _by_name(_is_text)),
    "accuracy": _FLAG,
    "tolerance": _NUMBER,
    "batch": _WHOLE,
    "shapes": _Type("shapes by name, such as {'data': (1, 3, 224, 224)}", _by_name(_is_shape)),
    "iterations": _WHOLE,
    "precision_target": _NUMBER,
    "max_seconds": _NUMBER,
    "stream": _FLAG,
    "inputs": _Type(
        "random, zeros or a path to an .npz", lambda value: isinstance(value, (str, PathLike))
    ),
    "seed": _WHOLE,
    "workspace_mib": _WHOLE,
    "serial": _FLAG,
    "plugins": _Type("a list of paths", _are_paths),
    "calibrate": _FLAG,
    "use_cache": _FLAG,
}
