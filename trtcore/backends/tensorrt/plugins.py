"""Libraries with layers of somebody's own, as ``trtexec --dynamicPlugins`` loads them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trtcore.backends.tensorrt.bindings import Bindings
from trtcore.backends.tensorrt.interrupts import held_interrupts
from trtcore.errors import BackendError, OptionError
from trtcore.files import check_readable

# TensorRT refuses a library that it has, and has it for as long as the process lives.
_LOADED: set[tuple[str, str]] = set()


def load_plugins(bindings: Bindings, libraries: Sequence[str | Path]) -> None:
    """Loads libraries of plugins, once each, before a graph is parsed or a plan is loaded.

    Raises:
        OptionError: a library is missing or cannot be read.
        BackendError: TensorRT cannot load it, or it holds no plugins.
    """
    for library in libraries:
        path = os.path.realpath(check_readable(library, OptionError))
        if (bindings.name, path) not in _LOADED:
            _load(bindings, str(library), path)
            _LOADED.add((bindings.name, path))


def _load(bindings: Bindings, source: str, path: str) -> None:
    registry, errors = bindings.module.get_plugin_registry(), list[str]()
    # The registry's logger is the first that this process gave to TensorRT, whosever that was.
    before = registry.error_recorder
    registry.error_recorder = recorder = _make_recorder(bindings.module, errors)
    try:
        with held_interrupts():
            handle = registry.load_library(path)
    finally:
        registry.error_recorder = before
        del recorder
    if handle is None:
        reason = " ".join(errors[0].split()) if errors else "TensorRT gave no reason"
        raise BackendError(
            f"{source}: {bindings.label} cannot load it as a library of plugins: {reason}"
        )


def _make_recorder(module: Any, errors: list[str]) -> Any:
    """An ``IErrorRecorder`` of the given bindings that writes into ``errors``."""

    class ErrorRecorder(module.IErrorRecorder):  # type: ignore[misc]
        def __init__(self) -> None:
            module.IErrorRecorder.__init__(self)

        def report_error(self, code: Any, description: str) -> bool:
            del code
            errors.append(description)
            return True

        def num_errors(self) -> int:
            return len(errors)

        def get_error_code(self, index: int) -> Any:
            del index
            return module.ErrorCodeTRT.UNSPECIFIED_ERROR

        def get_error_desc(self, index: int) -> str:
            return errors[index]

        def has_overflowed(self) -> bool:
            return False

        def clear(self) -> None:
            errors.clear()

    return ErrorRecorder()
