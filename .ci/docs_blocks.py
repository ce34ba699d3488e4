"""Of the API reference: a docstring's ``::`` before a block of code, which Markdown does not know."""

import re
from typing import Any

import griffe

_MARKER = re.compile(r"^( *)::$|(?<=\w)::$", re.M)


class CodeBlocks(griffe.Extension):
    """Drops the marker; Markdown takes an indented block for code without it."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for every class, function and module."""
        if obj.docstring:
            obj.docstring.value = _MARKER.sub(lambda m: "" if m[1] is not None else ":", obj.docstring.value)
