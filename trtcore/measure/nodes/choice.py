"""Chooses the runtime of the baseline: PyTorch where it can use the GPU, else ONNX Runtime."""

from __future__ import annotations

import importlib.util

from trtcore.errors import BackendError, OptionError
from trtcore.measure.nodes.timers import TIMERS
from trtcore.result.backends import find_backend
from trtcore.system.device import gpu_problem


def measured() -> tuple[str, ...]:
    """Baselines that are measured, not read from a file."""
    return ("auto", *TIMERS)


def check_baseline(kind: str) -> None:
    """Raises an error if there is no such baseline, or its package is not installed.

    PyTorch is not imported yet: engines measured before it should not share their process with it.

    Raises:
        OptionError: an unknown kind.
        BackendError: PyTorch was requested by name and is not installed.
    """
    if kind not in measured():
        raise OptionError(f"baseline is '{kind}', must be one of {', '.join(measured())}")
    package = "" if kind == "auto" else TIMERS[kind].package
    if package and importlib.util.find_spec(package) is None:
        raise BackendError(
            f"baseline {kind}: {find_backend(kind).label} is not installed; "
            f"pip install 'trtcore[{package}]'"
        )


def choose_baseline(kind: str = "auto") -> tuple[str, str]:
    """Chooses the runtime that times a baseline.

    Returns:
        A name of `TIMERS`, and why not PyTorch, in one line, if ``auto`` could not take it.

    Raises:
        OptionError: an unknown kind.
        BackendError: PyTorch was requested by name and cannot be imported.
    """
    check_baseline(kind)
    if kind != "auto":
        if problem := TIMERS[kind].import_problem():
            raise BackendError(f"baseline {kind}: {problem}")
        return kind, ""
    problem = ""
    for name, timer in TIMERS.items():
        if timer.uses_gpu:
            problem = gpu_problem() or timer.import_problem() or timer.gpu_problem()
            if not problem:
                return name, ""
    return stand_in(), problem


def stand_in() -> str:
    """What ``auto`` takes where no runtime can use a GPU: the first one that needs none."""
    return next(name for name, timer in TIMERS.items() if not timer.uses_gpu)
