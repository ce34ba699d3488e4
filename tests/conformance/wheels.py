"""The wheels with NVIDIA's Python bindings, and a folder to import each of them from."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

# What the packages `tensorrt` and `tensorrt_rtx` do beside their bindings, and the library wheels,
# which the fake library stands in for.
_HANDS_ON = "from {module}_bindings import *\nfrom {module}_bindings import __version__\n"
_NO_LIBRARIES = 'raise ImportError("the fake library stands in for it")\n'
# Of one connection; a registry that does not answer is as good as none.
_TIMEOUT_S = 15


@dataclass(frozen=True)
class Wheel:
    """A release of the bindings.

    Attributes:
        package: name in the registry.
        release: such as ``10.16.1.11``; empty for the newest there is.
    """

    package: str
    release: str = ""

    def __str__(self) -> str:
        return f"{self.package}-{self.release or 'newest'}"

    @property
    def module(self) -> str:
        """What a program imports."""
        return "tensorrt_rtx" if "rtx" in self.package else "tensorrt"


# 10.0.1: the oldest. 10.15: the last without pybind11's conduit. 10.16.1: the last of layout 10.
# 11.0 and TensorRT-RTX 1.5: the first of layout 11. 1.6.1 ran on GPUs. The newest of each: what a
# new release breaks is seen here first.
WHEELS = (
    Wheel("tensorrt-cu12-bindings", "10.0.1"),
    Wheel("tensorrt-cu12-bindings", "10.15.1.29"),
    Wheel("tensorrt-cu12-bindings", "10.16.1.11"),
    Wheel("tensorrt-cu12-bindings", "11.0.0.114"),
    Wheel("tensorrt-cu12-bindings"),
    Wheel("tensorrt-cu13-bindings", "10.15.1.29"),
    Wheel("tensorrt-cu13-bindings", "10.16.1.11"),
    Wheel("tensorrt-cu13-bindings", "11.0.0.114"),
    Wheel("tensorrt-cu13-bindings"),
    Wheel("tensorrt-rtx-cu13-bindings", "1.5.0.114"),
    Wheel("tensorrt-rtx-cu13-bindings", "1.6.1.120"),
    Wheel("tensorrt-rtx-cu13-bindings"),
)
# One of each layout; the others are marked slow.
EVERY_TIME = (
    Wheel("tensorrt-cu13-bindings", "10.16.1.11"),
    Wheel("tensorrt-cu13-bindings", "11.0.0.114"),
)


class UnavailableError(Exception):
    """Why a wheel cannot be had: offline, or none for this Python."""


def cache_folder() -> Path:
    """Where wheels are kept: under ``$XDG_CACHE_HOME``, else ``~/.cache``."""
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    root = shared if shared.is_absolute() else Path.home() / ".cache"
    folder = root / "trtcore-tests" / "bindings"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def site_of(wheel: Wheel) -> Path:
    """A folder for ``sys.path`` with the bindings of a release, fetched where they are not yet.

    Raises:
        UnavailableError: neither in the cache nor in a registry.
    """
    file = _cached(wheel) or _downloaded(wheel)
    site = file.with_suffix("")
    if not site.is_dir():
        _unpack(file, wheel.module, site)
    return site


def python_tag() -> str:
    """The tag in the names of wheels for this Python, such as ``cp311``."""
    return f"cp{sys.version_info.major}{sys.version_info.minor}"


def _cached(wheel: Wheel) -> Path | None:
    if not wheel.release:
        return None
    name = wheel.package.replace("-", "_")
    return next(cache_folder().glob(f"{name}-{wheel.release}-{python_tag()}-*.whl"), None)


def _downloaded(wheel: Wheel) -> Path:
    specifier = f"{wheel.package}=={wheel.release}" if wheel.release else wheel.package
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    limits = ["--retries", "0", "--timeout", str(_TIMEOUT_S), "--disable-pip-version-check"]
    folder = cache_folder()
    ran = subprocess.run(
        [*command, *limits, "-d", str(folder), specifier],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        errors = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")]
        # The first says which versions there are: none, if the registry does not answer.
        reason = errors[0].removeprefix("ERROR: ") if errors else "pip download failed"
        raise UnavailableError(f"{specifier}: {reason}")
    # pip says "Saved FILE", or "File was already downloaded FILE".
    (named,) = {word for word in ran.stdout.split() if word.endswith(".whl") and "/" in word}
    return folder / Path(named).name


def _unpack(file: Path, module: str, site: Path) -> None:
    unfinished = site.with_name(f"{site.name}-{os.getpid()}")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(unfinished)
    (unfinished / f"{module}.py").write_text(_HANDS_ON.format(module=module))
    (unfinished / f"{module}_libs.py").write_text(_NO_LIBRARIES)
    try:
        unfinished.rename(site)
    except OSError:  # another process was faster
        if not site.is_dir():
            raise
