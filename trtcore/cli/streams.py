"""Standard output and error: always there, never a crash over a letter, one end when they close."""

from __future__ import annotations

import errno
import io
import os
import sys

CLOSED_PIPE = 141
"""Exit code when nobody reads the output any more: 128 + SIGPIPE, as a shell would say."""

_OUTPUT_FAILS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def ready_streams() -> None:
    """Puts something in the place of closed streams, and escapes what their encoding lacks."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_of_output(error: OSError) -> bool:
    """Whether it may be standard output that could not be written: errors of files name one."""
    return error.filename is None and error.errno in _OUTPUT_FAILS


def drop_output() -> None:
    """Gives up standard output, so that Python does not complain again when it flushes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
