"""Standard output and error: closed streams, characters they cannot encode, and closed pipes."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

CLOSED_PIPE = 141
"""Exit code when the reader of the output is gone: 128 + SIGPIPE, as a shell reports it."""

_OUTPUT = "standard output"


class _Output:
    """Standard output, with its errors marked to tell them from those of files."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    # argparse, rich and print use more of a stream than the two methods below.
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
        # A write to a descriptor leaves filename None, like a write to any other open file.
        error.filename = _OUTPUT
        raise


def ready_streams() -> None:
    """Replaces closed streams, and escapes characters that their encoding lacks."""
    for name in ("stdout", "stderr"):
        # None after `>&-`: print would be silent, but flush would raise.
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            # In ASCII a layer named in Chinese would end a finished run with an error.
            stream.reconfigure(errors="backslashreplace")


def is_of_output(error: OSError) -> bool:
    """Whether it is standard output that could not be written."""
    return bool(error.filename == _OUTPUT)


def drop_output() -> None:
    """Redirects standard output to nowhere."""
    # Python flushes it once more at exit, and would print the error and exit with 120.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
