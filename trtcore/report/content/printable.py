"""Names as they may stand in a terminal or a table: no character of them controls either."""

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
    """Returns a result in all of whose texts nothing controls a terminal.

    Args:
        value: a profile, a comparison or what else is made of dataclasses, tuples and texts; it
            comes back itself where there is nothing to escape.
    """
    found: Any = value
    if isinstance(value, str):
        found = printable_text(value)
    elif isinstance(value, tuple):
        parts = tuple(map(printable, value))
        if any(part is not old for part, old in zip(parts, value, strict=True)):
            found = parts
    elif is_dataclass(value) and not isinstance(value, type):
        found = _with_printable_fields(value)
    known: T = found
    return known


def _with_printable_fields(value: Any) -> Any:
    changed = {}
    for field in fields(value):
        old = getattr(value, field.name)
        new = printable(old)
        if new is not old:
            changed[field.name] = new
    return replace(value, **changed) if changed else value
