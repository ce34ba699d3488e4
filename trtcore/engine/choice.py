"""Chooses the backend: the requested one, or the first that works on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.errors import BackendError, OptionError, argument
from trtcore.result.backends import engine_backends, find_backend, selectable
from trtcore.system.device import gpu_problem
from trtcore.system.forks import fork_problem


@dataclass(frozen=True)
class Choice:
    """A backend and the reason for its choice.

    Attributes:
        name: ``tensorrt``, ``tensorrt_rtx`` or ``onnxruntime``: what the profile times.
        bindings: the TensorRT that builds engines; None where no TensorRT is installed. With
            ``onnxruntime`` it can only build (TensorRT-RTX without a GPU).
        reason: why the preferred backends cannot be used, in one line; empty if they can.
    """

    name: str
    bindings: Bindings | None
    reason: str = ""

    @property
    def runs_nodes(self) -> bool:
        """Whether the model is timed node by node, and not as an engine."""
        return find_backend(self.name).is_unfused

    @property
    def explanation(self) -> str:
        """What times the model, and why no preferred backend does; empty if there is none."""
        if not self.reason:
            return ""
        if self.runs_nodes or self.bindings is None:
            return f"{self.reason}: timing the un-fused model on the CPU with ONNX Runtime"
        return f"{self.reason}: timing with {self.bindings.label}"


def choose_backend(name: str = "auto") -> Choice:
    """Chooses the backend that times.

    Raises:
        OptionError: an unknown name.
        BackendError: a TensorRT was named and cannot be used on this machine, or this process was
            forked from one that had initialised CUDA.
    """
    if name not in selectable():
        raise OptionError(
            f"{argument('backend')} is '{name}', must be one of {', '.join(selectable())}"
        )
    if name == "onnxruntime":
        return Choice(name, None)
    # The CPU would stand in for a GPU that is there.
    if problem := fork_problem():
        raise BackendError(problem)
    if name in engine_backends():
        return _named(name)
    return _automatic()


def choose_builder(name: str = "auto") -> Bindings:
    """Chooses the TensorRT that builds; TensorRT-RTX needs no GPU for that.

    Raises:
        OptionError: an unknown name, or ``onnxruntime``, which builds nothing.
        BackendError: nothing that builds is installed.
    """
    if name in engine_backends():
        return load_bindings(name)
    if name != "auto":
        raise OptionError(
            f"{argument('backend')} is '{name}', must be one of auto, "
            f"{', '.join(engine_backends())}"
        )
    choice = _automatic()
    if choice.bindings is None:
        raise BackendError(f"no engine can be built here: {choice.reason}")
    return choice.bindings


def _named(name: str) -> Choice:
    bindings = load_bindings(name)
    problem = gpu_problem()
    if problem is not None:
        raise BackendError(
            f"backend {name} needs a GPU: {problem}; "
            f"use {argument('backend', 'auto')} or onnxruntime"
        )
    return Choice(name, bindings)


def _automatic() -> Choice:
    """The first TensorRT that imports, on a GPU; else ONNX Runtime, and a TensorRT-RTX to build."""
    gpu = gpu_problem()
    # Why there is no GPU comes first: it is the cause, a missing package is not.
    problems = [] if gpu is None else [gpu]
    for name in engine_backends():
        try:
            bindings = load_bindings(name)
        except BackendError as error:
            problems.append(str(error))
            continue
        if gpu is None:
            return Choice(name, bindings, "; ".join(problems))
        # Only TensorRT-RTX builds without a GPU.
        if name == "tensorrt_rtx":
            return Choice("onnxruntime", bindings, gpu)
    return Choice("onnxruntime", None, "; ".join(problems))
