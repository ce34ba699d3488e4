"""Which of TensorRT's Python packages is installed, and which one this driver needs.

``tensorrt`` and ``tensorrt-rtx`` on PyPI are for CUDA 13. Their ``-cu12`` packages are for CUDA 12:
they hold the same folders, so that one of them must not be installed over the other.
"""

from __future__ import annotations

from importlib import metadata

from trtcore.system.device import cuda_version

_EXTRAS = {"tensorrt": "tensorrt", "tensorrt_rtx": "rtx"}
_CUDA_MAJORS = (12, 13)


def extra(name: str) -> str:
    """What to install a TensorRT with: ``trtcore[rtx-cu12]`` where the driver is for CUDA 12."""
    suffix = "-cu12" if _driver_major() == 12 else ""
    return f"trtcore[{_EXTRAS[name]}{suffix}]"


def built_for(name: str) -> int:
    """CUDA's major version that the installed package is for; 0 where it is not known.

    It is not known of libraries that did not come as a package, nor where packages for both are
    installed.
    """
    found = [major for major in _CUDA_MAJORS if _is_installed(f"{_prefix(name)}{major}-bindings")]
    return found[0] if len(found) == 1 else 0


def driver_problem(name: str) -> str:
    """What to do about a package that is for a newer CUDA than the driver; ``""`` if it is not."""
    built, driver = built_for(name), _driver_major()
    if not driver or built <= driver:
        return ""
    base = f"{_prefix(name)}{built}"
    return (
        f"{base} is installed, the driver supports CUDA {cuda_version()} at most; "
        f"pip uninstall {base} {base}-bindings {base}-libs, then pip install '{extra(name)}'"
    )


def _prefix(name: str) -> str:
    return f"{name.replace('_', '-')}-cu"


def _is_installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _driver_major() -> int:
    return int(cuda_version().partition(".")[0] or 0)
