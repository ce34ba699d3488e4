"""What fuzz targets share: inputs as files and texts, and which errors may come out."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from trtcore.errors import TrtcoreError

# A message names the input: more than this would flood a log with a hostile file's content.
MOST_CHARACTERS = 4000
# In memory where there is one of Linux's: a target writes a file for every input.
_MEMORY = Path("/dev/shm")


@contextlib.contextmanager
def refusing(echoed: bytes = b"") -> Iterator[None]:
    """Lets a TrtcoreError of reasonable length end the block, and nothing else.

    Args:
        echoed: an argument, which the user typed and a message may repeat as a whole, escaped.
    """
    most = MOST_CHARACTERS + len("\\U00000000") * len(echoed)
    length = 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except TrtcoreError as error:
        length = len(str(error))
    assert 0 < length <= most, f"a message of {length} characters"


def text_of(data: bytes) -> str:
    """The input as a text file that `read_text` accepts."""
    return data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def argument_of(data: bytes) -> str:
    """The input as an argument of a command, as the shell hands it over: any bytes but NUL."""
    return os.fsdecode(data.replace(b"\0", b""))


def file_of(data: bytes, suffix: str) -> Path:
    """The input as a file; the next input overwrites it."""
    path = _folder() / f"input{suffix}"
    path.write_bytes(data)
    return path


@cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="trtcore-fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
