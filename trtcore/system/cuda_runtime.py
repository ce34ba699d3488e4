"""Whether the CUDA runtime inside cuda-python works with this driver."""

from __future__ import annotations

from typing import Any


def runtime_problem() -> str | None:
    """Returns None where the runtime fits the driver, else one line saying why not; never raises.

    A runtime of a newer major version than the driver's fails at its first call; an older one
    works, and so does a newer minor version. Without a driver there is nothing to compare with.

    Source: CUDA compatibility guide, minor version compatibility; cuda-bindings 13 on a driver for
    CUDA 12 gives error 35 (cudaErrorInsufficientDriver).
    """
    try:
        from cuda.bindings import runtime
    except ImportError as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        return f"cuda-python cannot be imported ({first}); pip install cuda-python"
    own, driver = (
        _version(runtime.cudaRuntimeGetVersion()),
        _version(runtime.cudaDriverGetVersion()),
    )
    if not driver or own[:1] <= driver[:1]:
        return None
    return (
        f"cuda-python is for CUDA {_text(own)}, the driver supports CUDA {_text(driver)} at most; "
        f"pip install 'cuda-python<{own[0]}'"
    )


def _version(answer: tuple[Any, ...]) -> tuple[int, ...]:
    """Major and minor of a version such as 12080; nothing where it is 0 or the call failed."""
    status, value = int(answer[0]), answer[1]
    return () if status or not value else (int(value) // 1000, int(value) % 1000 // 10)


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
