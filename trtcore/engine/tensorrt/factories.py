"""TensorRT's builder and runtime, or its own reason why there is none."""

from __future__ import annotations

from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.wheels import driver_problem
from trtcore.errors import BackendError, BuildError, TrtcoreError
from trtcore.system.device import gpu_problem
from trtcore.system.quotations import quoting


def make_builder(bindings: Bindings) -> Any:
    """A ``Builder`` with the logger of the bindings, whose log begins anew.

    Raises:
        BuildError: TensorRT makes none, as without a GPU or with a driver that is too old.
    """
    return _made(bindings, "Builder", BuildError)


def make_runtime(bindings: Bindings) -> Any:
    """A ``Runtime`` with the logger of the bindings, whose log begins anew.

    Raises:
        BackendError: TensorRT makes none, as without a GPU or with a driver that is too old.
    """
    return _made(bindings, "Runtime", BackendError)


def _made(bindings: Bindings, kind: str, failure: type[TrtcoreError]) -> Any:
    bindings.log.clear()
    try:
        return getattr(bindings.module, kind)(bindings.logger)
    except TypeError as error:
        # "pybind11::init(): factory function returned nullptr" is all that the bindings say.
        reason = bindings.log.reason()
        start = f"{bindings.label} makes no {kind}: "
        raise quoting(failure, start, reason, _way_out(bindings)) from error


def _way_out(bindings: Bindings) -> str:
    problem = driver_problem(bindings.name) or gpu_problem()
    return f"; {problem}" if problem else ""
