"""What times the un-fused model: PyTorch on the GPU where both are there, else ONNX Runtime."""

from __future__ import annotations

import importlib.util

from trtcore.device import gpu_problem
from trtcore.errors import BackendError, OptionError

MEASURED = ("auto", "onnxruntime", "torch")
"""Baselines that are timed on the spot."""


def check_baseline(kind: str) -> None:
    """Does nothing if there can be such a baseline, as far as can be told without PyTorch.

    Importing PyTorch is left for later: what is measured before should not share a process with it.

    Raises:
        OptionError: an unknown kind.
        BackendError: PyTorch was asked for by name and is not installed.
    """
    if kind not in MEASURED:
        raise OptionError(f"baseline is '{kind}', must be one of {', '.join(MEASURED)}")
    if kind == "torch" and importlib.util.find_spec("torch") is None:
        raise BackendError("baseline torch: PyTorch is not installed; pip install 'trtcore[torch]'")


def choose_baseline(kind: str = "auto") -> tuple[str, str]:
    """Chooses what to time a baseline with.

    Returns:
        ``torch`` or ``onnxruntime``, and why not PyTorch, in one line, if ``auto`` could not take
        it.

    Raises:
        OptionError: an unknown kind.
        BackendError: PyTorch was asked for by name and cannot be imported.
    """
    check_baseline(kind)
    if kind == "onnxruntime":
        return kind, ""
    if kind == "torch":
        problem = _import_problem()
        if problem:
            raise BackendError(f"baseline torch: {problem}")
        return kind, ""
    problem = gpu_problem() or _import_problem() or _gpu_blindness()
    return ("onnxruntime", problem) if problem else ("torch", "")


def _import_problem() -> str:
    """Why PyTorch cannot be imported; empty if it can."""
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return f"PyTorch cannot be imported ({reason}); pip install 'trtcore[torch]'"
    return ""


def _gpu_blindness() -> str:
    from trtcore.backends.torch_eager import runtime_label, sees_gpu

    return "" if sees_gpu() else f"{runtime_label()} cannot use the GPU"
