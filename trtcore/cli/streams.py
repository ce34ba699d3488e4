"""Standard output and error: always there, never a crash over a letter, one end when they close."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

CLOSED_PIPE = 141
"""Exit code when nobody reads the output any more: 128 + SIGPIPE, as a shell would say."""

_OUTPUT = "standard output"


class _Output:
    """Standard output, whose errors can be told from those of files."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with _marked():
            return self._stream.write(text)

    def flush(self) -> None:
        with _marked():
            self._stream.flush()


@contextmanager
def marked_output() -> Iterator[None]:
    """Marks errors of standard output for `is_of_output`, for as long as it lasts."""
    stream = sys.stdout
    sys.stdout = cast("TextIO", _Output(stream))
    try:
        yield
    finally:
        sys.stdout = stream


@contextmanager
def _marked() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        error.filename = _OUTPUT
        raise


def ready_streams() -> None:
    """Puts something in the place of closed streams, and escapes what their encoding lacks."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_of_output(error: OSError) -> bool:
    """Whether it is standard output that could not be written."""
    return bool(error.filename == _OUTPUT)


def drop_output() -> None:
    """Gives up standard output, so that Python does not complain again when it flushes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
