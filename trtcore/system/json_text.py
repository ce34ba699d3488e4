"""Parses JSON of files; says why it cannot in words that no version of Python changes."""

from __future__ import annotations

import json
from typing import Any

from trtcore.system.quotations import shortened

# Of the parser's own sentence: it may quote keys of the file.
_MOST_CHARACTERS = 120


class NestingError(ValueError):
    """The text nests deeper than Python's parser goes."""


def read_json(text: str | bytes, *, is_strict: bool = True) -> Any:
    """Returns what a JSON text holds.

    Args:
        text: all of it.
        is_strict: refuse control characters inside strings.

    Raises:
        NestingError: nested too deeply.
        ValueError: no JSON; its message is a part of a sentence, of one line.
    """
    try:
        return json.loads(text, strict=is_strict)
    except (ValueError, RecursionError) as error:
        raise explained(error) from None


def explained(error: Exception) -> ValueError:
    """What ended a parser of Python, for JSON or TOML, as an error that says why."""
    # Deeply nested brackets end a parser by RecursionError, whose text differs by version.
    if isinstance(error, RecursionError):
        return NestingError("nested too deeply")
    # The parsers raise classes of their own; this one is of `int`, and names a setting of Python.
    if type(error) is ValueError:
        return ValueError("a number has more digits than can be read")
    return ValueError(shortened(" ".join(str(error).split()), _MOST_CHARACTERS))
