"""Escapes control characters in names, which come from files, for terminals and tables."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from functools import cache
from operator import is_not
from typing import Any, TypeVar

T = TypeVar("T")
_NUMBERS = frozenset({int, float, bool, type(None)})


def printable_text(text: str) -> str:
    r"""Returns a text with what cannot be printed (ESC, newlines) escaped as ``\x1b``, ``\n``."""
    if text.isprintable():
        return text
    return "".join(x if x.isprintable() else x.encode("unicode_escape").decode() for x in text)


def printable(value: T) -> T:
    """Returns a result with the control characters in all of its texts escaped.

    Args:
        value: a profile, a comparison or anything of dataclasses, tuples and texts; returned
            as it is if there is nothing to escape.
    """
    # Parts that did not change are shared, not copied: a profile can hold gigabytes of samples.
    result: Any = value
    kind: type = type(value)
    if kind in _NUMBERS:  # most of what there is, such as in shapes: left before anything is asked
        pass
    elif isinstance(value, str):
        result = printable_text(value)
    elif isinstance(value, tuple):
        parts = tuple(map(printable, value))
        if any(map(is_not, parts, value)):
            result = parts if kind is tuple else kind(*parts)  # a NamedTuple
    elif names := _field_names(kind):
        result = _with_printable_fields(value, names)
    escaped: T = result
    return escaped


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def _with_printable_fields(value: Any, names: tuple[str, ...]) -> Any:
    changed = {}
    for name in names:
        old = getattr(value, name)
        new = printable(old)
        if new is not old:
            changed[name] = new
    return replace(value, **changed) if changed else value
