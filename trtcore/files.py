"""Reading and writing files with one clear line when it cannot be done."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from trtcore.errors import ResultError, TrtcoreError


def check_readable(path: str | Path, error: type[TrtcoreError]) -> Path:
    """Returns the path if it is a file with something in it.

    Raises:
        error: missing, a directory, empty or not permitted.
    """
    path = Path(path)
    if path.is_dir():
        raise error(f"{path}: is a directory, expected a file")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise error(f"{path}: the file is empty")
    except OSError as problem:
        raise error(f"{path}: cannot be read ({_reason(problem)})") from None
    return path


def check_writable(path: str | Path) -> Path:
    """Returns the path if a file can be put there; asked before the long work starts.

    Raises:
        ResultError: a directory, no such folder or not permitted.
    """
    path = Path(path)
    if path.is_dir():
        raise ResultError(f"{path}: is a directory, name a file to write")
    if _is_special(path):
        return path
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            return path
    except OSError as problem:
        raise ResultError(f"{path}: cannot be written ({_reason(problem)})") from None


def read_text(path: str | Path) -> str:
    """Reads a UTF-8 text file, with or without a byte order mark.

    Raises:
        ResultError: not there, not readable or not text.
    """
    try:
        return check_readable(path, ResultError).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ResultError(f"{path}: is not a text file") from None


def write_file(path: str | Path, content: bytes) -> None:
    """Writes a file aside and renames it, so that it is there whole or not at all.

    Raises:
        ResultError: the path cannot be written.
    """
    path = check_writable(path)
    if _is_special(path):
        path.write_bytes(content)
        return
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(aside, 0o666 & ~umask)
        os.replace(aside, path)
    except OSError as problem:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise ResultError(f"{path}: cannot be written ({_reason(problem)})") from None


def _is_special(path: Path) -> bool:
    """Whether the path is a pipe or device, such as /dev/stdout, which must not be replaced."""
    return path.exists() and not path.is_file()


def _reason(problem: OSError) -> str:
    return problem.strerror or str(problem)
