"""Errors that quote another program: short enough to read, and nothing of it lost."""

from __future__ import annotations

import re
from typing import TypeVar

from trtcore.errors import TrtcoreError

MOST_CHARACTERS = 300
"""Of a message: two or three lines of a terminal. A program's own words can be a page."""
# What a quotation keeps beside a long path or many names: a sentence.
_LEAST_QUOTED = 120
_CUT = " ..."
# Of a value: enough to find it by.
_MOST_OF_A_VALUE = 120
# TensorRT's last error may only say where an exception was caught; the first one has its cause.
_FIRST_ERROR = re.compile(r".* \(first error: (.*)\)$")
# Where in a program's own sources something failed, as TensorRT, CUDA and ONNX Runtime write it:
# `[graphScope.cpp::makeScopeNodesContiguous::812] `, `[myelin_graph.h:1295: attach] `,
# `decompose_composite_ops.cpp:59: ` and ` In lowerShapes at /_src/nodes/conditional.cpp:144`.
_SOURCE = r"[\w./]+\.(?:cc|cpp|cu|cuh|h|hpp)"
_POSITIONS = re.compile(
    rf"\[{_SOURCE}:[^\]]*\] ?|\(?\b{_SOURCE}::?\w+(?:::?\d+)?: |,? [Ii]n [\w:~<>]+ at {_SOURCE}:\d+"
)

Error = TypeVar("Error", bound=TrtcoreError)


def quoting(
    kind: type[Error], before: str, words: str, after: str = "", *, whole: str = ""
) -> Error:
    """An error whose message quotes another program, in `MOST_CHARACTERS` where that can be.

    Words that do not fit lose the positions in the program's sources first, then their end;
    `TrtcoreError.quoted` has all of them.

    Args:
        kind: of the error.
        before: what was wrong, and the value: the message up to the quotation.
        words: the other program's.
        after: what to do.
        whole: all that it said, where the words are a part of it.
    """
    room = max(MOST_CHARACTERS - len(before) - len(after), _LEAST_QUOTED)
    text = " ".join(words.split())
    told = text if len(text) <= room else shortened(without_positions(text), room)
    error = kind(f"{before}{told}{after}")
    said = " ".join((whole or words).split())
    if told != said:
        error.quoted = said
    return error


def quoted(value: object) -> str:
    """A value of a user or a file between quotes: its beginning, where it is long."""
    try:
        text = str(value)
    # A list that holds a list a thousand times over; a number that Python does not write out.
    except RecursionError:
        text = "a value that is nested too deeply"
    except ValueError:
        text = "a number of thousands of digits"
    return f"'{text[:_MOST_OF_A_VALUE]}'"


def without_positions(text: str) -> str:
    """A program's words without the places in its own sources, and the cause before the catch."""
    if found := _FIRST_ERROR.match(text):
        text = found[1]
    return _POSITIONS.sub("", text)


def shortened(text: str, most: int) -> str:
    """The beginning of a text, up to the end of a word."""
    if len(text) <= most:
        return text
    kept = text[: most - len(_CUT)]
    # A word longer than the whole room is cut in two.
    return (kept.rpartition(" ")[0] or kept) + _CUT
