"""What times the un-fused model: PyTorch on the GPU where both are there, else ONNX Runtime."""

from __future__ import annotations

import importlib.util

from trtcore.errors import BackendError, OptionError
from trtcore.measure.nodes.torch.available import gpu_use_problem, import_problem
from trtcore.system.device import gpu_problem

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
        problem = import_problem()
        if problem:
            raise BackendError(f"baseline torch: {problem}")
        return kind, ""
    problem = gpu_problem() or import_problem() or gpu_use_problem()
    return ("onnxruntime", problem) if problem else ("torch", "")
