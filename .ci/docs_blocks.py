"""Of the API reference: the ``::`` before a block of code in docstrings, unknown to Markdown."""

import re
from typing import Any

import griffe

_ALONE = re.compile(r"^ *::$", re.M)


class CodeBlocks(griffe.Extension):
    """Drops the marker where it stands alone: an indented block is code in Markdown without it."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for every class, function and module."""
        if obj.docstring:
            obj.docstring.value = _ALONE.sub("", obj.docstring.value)
