"""The user's cache folder: results of slow work, kept between processes, never relied on.

Whatever fails (no home, no permission, a full disk, a damaged file), the work is done again.
An entry may be a plan or kernels, which TensorRT and the driver run: entries are written for their
owner alone, and one of another user is not read.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path

from trtcore.errors import ResultError
from trtcore.system.files import write_file

# The format's version: a change of it makes older entries read as absent.
_MAGIC = b"trtcore-cache-1\n"
_MAGIC_OF_ANY = b"trtcore-cache-"
_DIGEST_BYTES = 32  # of SHA-256
_ROOT = 0  # may fill a cache for others, as images of containers do


def cache_dir() -> Path | None:
    """Returns the cache folder, created if need be; None where it cannot be written.

    It is ``$TRTCORE_CACHE_DIR``, else ``$XDG_CACHE_HOME/trtcore``, else ``~/.cache/trtcore``.
    """
    try:
        folder = _chosen_dir()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def cache_entry(kind: str, *key_parts: str | int | float | bytes) -> Path | None:
    """Returns the path of an entry, whether it exists or not; None without a cache.

    Args:
        kind: the kind of entry, fit for a file name, such as ``runtime``.
        key_parts: everything the entry depends on: versions, GPU, the plan's bytes.
    """
    folder = cache_dir()
    return folder and folder / entry_name(kind, *key_parts)


def entry_name(kind: str, *key_parts: str | int | float | bytes) -> str:
    """Returns the name of an entry's file, see `cache_entry`."""
    return f"{kind}-{_digest(key_parts)}.bin"


def read_entry(path: Path | None) -> bytes | None:
    """Returns the content of an entry; None if it is absent, or, with a warning, if it is damaged.

    The format of another version of trtcore counts as absent.
    """
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            owner, stored = os.fstat(file.fileno()).st_uid, file.read()
    except OSError:
        return None
    if owner not in (os.geteuid(), _ROOT):
        _warn(path, f"belongs to another user ({owner})")
        return None
    head = len(_MAGIC) + _DIGEST_BYTES
    content = stored[head:]
    if len(stored) >= head and stored[:head] == _head(content):
        return content
    if stored.startswith(_MAGIC) or not stored.startswith(_MAGIC_OF_ANY):
        _warn(path, "is damaged")
    return None


def write_entry(path: Path | None, content: bytes) -> bool:
    """Writes an entry atomically, and returns whether it was written."""
    if path is None:
        return False
    try:
        write_file(path, _head(content) + content, is_private=True)
    except (ResultError, OSError):
        return False
    return True


def _chosen_dir() -> Path:
    own = os.environ.get("TRTCORE_CACHE_DIR")
    if own:
        return Path(own).expanduser()
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG base directory specification says to ignore a relative path.
    return (shared if shared.is_absolute() else Path.home() / ".cache") / "trtcore"


def _digest(parts: tuple[str | int | float | bytes, ...]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        # The length keeps ("ab", "c") apart from ("a", "bc").
        digest.update(b"%d:" % len(raw))
        digest.update(raw)
    return digest.hexdigest()[:32]


def _head(content: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(content).digest()


def _warn(path: Path, reason: str) -> None:
    warnings.warn(
        f"cache entry {path} {reason}: it is ignored and made again", RuntimeWarning, stacklevel=3
    )
