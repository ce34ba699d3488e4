"""Escapes control characters in names, which come from files, for terminals and tables."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")


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
    if isinstance(value, str):
        result = printable_text(value)
    elif isinstance(value, tuple):
        parts = tuple(map(printable, value))
        if any(part is not old for part, old in zip(parts, value, strict=True)):
            result = parts if type(value) is tuple else type(value)(*parts)  # a NamedTuple
    elif is_dataclass(value) and not isinstance(value, type):
        result = _with_printable_fields(value)
    escaped: T = result
    return escaped


def _with_printable_fields(value: Any) -> Any:
    changed = {}
    for field in fields(value):
        old = getattr(value, field.name)
        new = printable(old)
        if new is not old:
            changed[field.name] = new
    return replace(value, **changed) if changed else value
