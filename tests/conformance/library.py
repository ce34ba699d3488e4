"""The fake library, compiled once and put under the names that the bindings link."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from conformance.wheels import UnavailableError, cache_folder

SOURCE = Path(__file__).with_name("fake_nvinfer.cpp")


def compiler() -> str:
    """The C++ compiler.

    Raises:
        UnavailableError: there is none.
    """
    found = shutil.which("g++") or shutil.which("c++")
    if found is None:
        raise UnavailableError("there is no C++ compiler")
    return found


def library_folder(site: Path, module: str) -> Path:
    """A folder for the loader's path, with the fake library under every name these bindings need.

    Raises:
        UnavailableError: there is no compiler.
    """
    library = _compiled()
    folder = library.with_suffix("")
    folder.mkdir(exist_ok=True)
    for name in needed_names(site, module):
        place = folder / name
        if not place.exists():
            # The loader takes links to one file for one library.
            unfinished = folder / f"{name}-{os.getpid()}"
            unfinished.symlink_to(library)
            unfinished.replace(place)
    return folder


def needed_names(site: Path, module: str) -> tuple[str, ...]:
    """The names of TensorRT's libraries in the bindings, such as ``libnvinfer.so.11``."""
    bindings = (site / f"{module}_bindings" / f"{module}.so").read_bytes()
    found = re.findall(rb"\0(lib(?:nv[a-z_]+|tensorrt_[a-z_]+)\.so\.\d+)(?=\0)", bindings)
    return tuple(sorted({name.decode() for name in found}))


def _compiled() -> Path:
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    library = cache_folder() / f"fake-{digest}.so"
    if not library.exists():
        unfinished = library.with_name(f"{library.name}-{os.getpid()}")
        flags = ["-std=c++17", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra"]
        command = [compiler(), *flags, "-o", str(unfinished), str(SOURCE)]
        subprocess.run(command, check=True)
        unfinished.replace(library)
    return library
