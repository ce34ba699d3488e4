"""Reads and writes files, with errors of one line."""

from __future__ import annotations

import codecs
import contextlib
import errno
import fcntl
import io
import os
import re
import stat
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

from trtcore.errors import ResultError, TrtcoreError, WriteError

# File descriptors by path, such as a shell's redirected output: written to without opening again.
_DESCRIPTOR = re.compile(r"/(?:dev|proc/(?:self|\d+))/fd/(\d+)")
_MOST_LINKS = 40  # as many as Linux follows before ELOOP


def check_readable(path: str | Path, error: type[TrtcoreError]) -> Path:
    """Returns the path if it is a file with something in it, which can be opened again.

    Raises:
        error: missing, without a name, a directory, a pipe, empty or not permitted.
    """
    try:
        if _is_pipe(path):
            raise error(f"{path}: is a pipe, which can be read only once: give a file")
    except OSError as problem:
        raise error(f"{path}: cannot be read ({_reason(problem)})") from None
    _read(path, error, 1)
    return Path(path)


def read_content(path: str | Path, error: type[TrtcoreError]) -> bytes:
    """Reads all that a file or a pipe holds, opening it once.

    Raises:
        error: missing, without a name, a directory, empty or not permitted.
    """
    return _read(path, error)


def check_writable(path: str | Path) -> Path:
    """Returns the path if a file can be written there; called before long work starts.

    Raises:
        ResultError: a directory, no name or one too long, no such folder, not open or not
            permitted.
    """
    if path == "":
        raise ResultError("'' names no file to write: its name is empty")
    if str(path) == "-":
        raise ResultError("-: names no file to write; /dev/stdout is standard output")
    path = Path(path)
    if os.path.isdir(path):
        raise ResultError(f"{path}: is a directory, name a file to write")
    try:
        if is_special(path):
            _check_special(path)
        else:
            _check_place(_target(path))
    except OSError as problem:
        raise ResultError(f"{path}: cannot be written ({_reason(problem)})") from None
    return path


# The first bytes of compressed files.
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
# What no text has; logs have the escape of colours.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read_text(path: str | Path) -> str:
    """Reads a text file in UTF-8, UTF-16 with its byte order mark, or else Latin-1; pipes too.

    Raises:
        ResultError: not there, not readable, packed or not text.
    """
    return decode_text(read_content(path, ResultError), path)


def decode_text(content: bytes, path: str | Path) -> str:
    """The text that `read_text` makes of a file's content; ``path`` names it in errors.

    Raises:
        ResultError: not text.
    """
    # What PowerShell writes behind `program > log.txt`.
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if is_wide else "utf-8-sig"
    try:
        return io.TextIOWrapper(io.BytesIO(content), encoding=encoding).read()
    except UnicodeDecodeError:
        pass
    if packed := packing(content):
        raise ResultError(f"{path}: is packed by {packed}: unpack it")
    if is_wide or _CONTROL.search(content):
        raise ResultError(f"{path}: is not a text file")
    # A log of an older system: Latin-1 has a character for each byte, so that none is lost.
    return io.TextIOWrapper(io.BytesIO(content), encoding="latin-1").read()


def packing(content: bytes) -> str:
    """What a file is packed by, by its first bytes; ``""`` for nothing that is known."""
    return next((name for start, name in _PACKED.items() if content.startswith(start)), "")


def write_file(path: str | Path, content: bytes, *, is_private: bool = False) -> None:
    """Writes a temporary file and renames it, so that the file is complete or absent.

    A link is kept and its target is written; so is a pipe, a device or ``/dev/stdout``.

    Args:
        path: the file.
        content: all of it.
        is_private: only its owner may read or write a new file; else the umask decides.

    Raises:
        ResultError: the path cannot be written.
        WriteError: the content cannot, such as on a full disk or to a pipe without a reader.
        BrokenPipeError: it is standard output and its reader has closed it.
    """
    path = check_writable(path)
    try:
        if is_special(path):
            with _open_in_place(path) as file:
                file.write(content)
        else:
            _write_aside(_target(path), content, is_private=is_private)
    except OSError as problem:
        if isinstance(problem, BrokenPipeError) and _is_output(path):
            raise
        raise WriteError(f"{path}: cannot be written ({_reason(problem)})") from None


def is_special(path: Path) -> bool:
    """Whether it is a pipe, a device or an open file, which must not be replaced by a file."""
    if _descriptor(path) is not None or _target(path).is_relative_to("/proc"):
        return True
    return os.path.exists(path) and not os.path.isfile(path)


def same_file(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file, which need not exist yet; False for pipes and devices."""
    if is_special(path) or is_special(other):
        return False
    try:
        return path.samefile(other)
    except OSError:
        return _target(path) == _target(other)


def _read(path: str | Path, error: type[TrtcoreError], size: int = -1) -> bytes:
    if path == "":
        raise error("'' names no file: its name is empty")
    if str(path) == "-":
        raise error("-: names no file; /dev/stdin is standard input")
    if os.path.isdir(path):
        raise error(f"{path}: is a directory, expected a file")
    try:
        with open(path, "rb") as file:
            content = file.read(size)
    except OSError as problem:
        raise error(f"{path}: cannot be read ({_reason(problem)})") from None
    if not content:
        raise error(f"{path}: the file is empty")
    return content


def _is_pipe(path: str | Path) -> bool:
    """Whether it can be read only once; False for a path that does not exist."""
    with contextlib.suppress(FileNotFoundError):
        mode = os.stat(path).st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    return False


def _check_special(path: Path) -> None:
    """Raises PermissionError if a pipe, a device or an open file may not be written to."""
    descriptor = _descriptor(path)
    if descriptor is None:
        os.stat(path)
        may_write = os.access(path, os.W_OK)
    else:
        may_write = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    if not may_write:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _check_place(path: Path) -> None:
    """Raises OSError if there is no file of this name and none can be created."""
    # A temporary file beside it shows that the folder is writable, which also the rename needs.
    with tempfile.TemporaryFile(dir=path.parent), contextlib.suppress(FileNotFoundError):
        os.stat(path)


def _is_output(path: Path) -> bool:
    try:
        return _descriptor(path) == sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return False


def _write_aside(path: Path, content: bytes, *, is_private: bool) -> None:
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if not is_private:
            # mkstemp makes private files; the result gets the mode that `open` would give it.
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(aside, 0o666 & ~umask)
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise


def _open_in_place(path: Path) -> BinaryIO:
    descriptor = _descriptor(path)
    if descriptor is None:
        return path.open("wb")
    # Opening it again would truncate it and start at its beginning, over what others have written.
    return os.fdopen(os.dup(descriptor), "wb")


def _descriptor(path: Path) -> int | None:
    """The open file of this process that a path leads to, as /dev/stdout does to the first."""
    name = os.path.abspath(path)
    for _ in range(_MOST_LINKS):
        if match := _DESCRIPTOR.fullmatch(name):
            return int(match[1])
        if not os.path.islink(name):
            break
        name = os.path.abspath(os.path.join(os.path.dirname(name), os.readlink(name)))
    return None


def _target(path: Path) -> Path:
    """The path behind all links, whether it exists or not."""
    return Path(os.path.realpath(path))


def _reason(problem: OSError) -> str:
    return problem.strerror or str(problem)
