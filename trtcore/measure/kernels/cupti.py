"""Where NVIDIA's CUPTI may be found: its wheels, a CUDA toolkit, the loader's path."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from trtcore.errors import BackendError
from trtcore.measure import _core
from trtcore.system.device import cuda_version

# The CUDA majors whose CUPTI records the native half reads: see cpp/abi/cupti_abi.hpp.
_MAJORS = ("13", "12")
# Inside the namespace package `nvidia`: wheels for CUDA 13, and those for CUDA 12.
_WHEEL_FOLDERS = ("cu13/lib", "cuda_cupti/lib")
_TOOLKITS = Path("/usr/local")
_TOOLKIT_FOLDERS = ("extras/CUPTI/lib64", "lib64")


def check_cupti() -> None:
    """Finds out whether CUPTI is installed, without setting it up: that would slow the process.

    Raises:
        BackendError: it is not.
    """
    try:
        _core.find_cupti(cupti_candidates())
    except RuntimeError as error:
        raise BackendError(f"kernel times need CUPTI: {error}") from None


def open_trace() -> _core.KernelTrace:
    """Returns a kernel trace that is not started.

    Raises:
        BackendError: CUPTI is not installed, does not work here, or is of an unknown version.
    """
    try:
        return _core.KernelTrace(cupti_candidates())
    except RuntimeError as error:
        raise BackendError(f"kernel times need CUPTI: {error}") from None


def cupti_candidates() -> tuple[str, ...]:
    """Returns paths of libcupti that are there, then names for the loader.

    Those of the driver's own CUDA major version come first, as a newer CUPTI does not work with an
    older driver.
    """
    majors = sorted(_MAJORS, key=lambda major: not cuda_version().startswith(f"{major}."))
    names = [f"libcupti.so.{major}" for major in majors]
    folders = [*_wheel_folders(), *_toolkit_folders()]
    paths = (folder / name for name in names for folder in folders)
    return (*(str(path) for path in paths if path.is_file()), *names)


def _wheel_folders() -> Iterator[Path]:
    # A namespace package has a folder for each place that wheels were installed to.
    spec = importlib.util.find_spec("nvidia")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield from (Path(place) / folder for folder in _WHEEL_FOLDERS)


def _toolkit_folders() -> Iterator[Path]:
    # Beside the current toolkit, /usr/local/cuda, lie those of other versions, such as cuda-12.8.
    installed = sorted(_TOOLKITS.glob("cuda-*"), reverse=True)
    named = (os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), _TOOLKITS / "cuda")
    for place in (*named, *installed):
        if place:
            yield from (Path(place) / folder for folder in _TOOLKIT_FOLDERS)
