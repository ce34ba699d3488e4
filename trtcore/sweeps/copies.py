"""The files of cells on the machine of a worker: the user's own, or copies by content hash."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from trtcore.sweeps.files import Files, digest_of
from trtcore.system.cache import cache_dir

_FOLDER = "sweep-models"


def find_files(files: Files, model: str = "") -> dict[str, str] | None:
    """Returns where the files of a cell lie on this machine, by name; None if they do not.

    Args:
        files: as they were found where the sweep was planned.
        model: the name of a built-in one.
    """
    if not files.files:
        return {}
    for paths in ({file.name: file.path for file in files.files}, _copies(files)):
        if all(map(os.path.isfile, paths.values())) and digest_of(paths, model) == files.digest:
            return paths
    return None


def keep_files(files: Files, contents: Mapping[str, bytes]) -> None:
    """Writes copies of the files of a cell into the cache of this machine.

    Args:
        files: their names.
        contents: by name.
    """
    target = _folder(files)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        for name, content in contents.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        # A copy that is there already may be damaged; a cell that reads it holds its own files.
        shutil.rmtree(target, ignore_errors=True)
        os.replace(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _copies(files: Files) -> dict[str, str]:
    folder = _folder(files)
    return {file.name: str(folder / file.name) for file in files.files}


def _folder(files: Files) -> Path:
    parent = cache_dir() or Path(tempfile.gettempdir()) / f"trtcore-{os.getuid()}"
    return parent / _FOLDER / files.digest
