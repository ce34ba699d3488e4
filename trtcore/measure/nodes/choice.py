"""What times the un-fused model: PyTorch on the GPU where both are there, else ONNX Runtime."""

from __future__ import annotations

import importlib.util

from trtcore.errors import BackendError, OptionError
from trtcore.measure.nodes.timers import TIMERS
from trtcore.result.backends import find_backend
from trtcore.system.device import gpu_problem


def measured() -> tuple[str, ...]:
    """Baselines that are timed on the spot."""
    return ("auto", *TIMERS)


def check_baseline(kind: str) -> None:
    """Raises an error unless there can be such a baseline, as far as can be told without PyTorch.

    Importing PyTorch is left for later: what is measured before should not share a process with it.

    Raises:
        OptionError: an unknown kind.
        BackendError: PyTorch was asked for by name and is not installed.
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
    """Chooses what to time a baseline with.

    Returns:
        A name of `TIMERS`, and why not PyTorch, in one line, if ``auto`` could not take it.

    Raises:
        OptionError: an unknown kind.
        BackendError: PyTorch was asked for by name and cannot be imported.
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
    """What ``auto`` goes on with where nothing that uses a GPU can: the first that needs none."""
    return next(name for name, timer in TIMERS.items() if not timer.uses_gpu)
