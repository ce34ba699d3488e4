"""Loads plugin libraries, as ``trtexec --dynamicPlugins`` does."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.interrupts import held_interrupts
from trtcore.errors import BackendError, OptionError
from trtcore.system.files import check_readable

# TensorRT refuses to load a library twice, and keeps each for as long as the process lives.
_LOADED: set[tuple[str, str]] = set()
# TensorRT's own plugins keep the logger that they were registered with as long as they live.
_STANDARD_LOGGERS: list[Any] = []


def load_plugins(bindings: Bindings, libraries: Sequence[str | Path]) -> None:
    """Loads plugin libraries, once each, before a graph is parsed or a plan is loaded.

    TensorRT's own plugins come first; TensorRT-RTX has none.

    A library exports its plugins (``getCreators``) or registers them itself when it is loaded
    (``REGISTER_TENSORRT_PLUGIN``). A bare name such as ``libnvinfer_plugin.so.10``, which is
    no file in the working folder, is searched by the system's loader.

    Raises:
        OptionError: a library is missing or cannot be read.
        BackendError: it cannot be loaded, or has no plugins.
    """
    _register_standard_plugins(bindings)
    for library in libraries:
        path = _path(str(library))
        if (bindings.name, path) in _LOADED:
            continue
        # Ctrl-C must not come between the loading of a library and the note that it is loaded.
        with held_interrupts():
            if problem := _load(bindings, path):
                raise BackendError(
                    f"{library}: {bindings.label} cannot load this plugin library: {problem}"
                )
            _LOADED.add((bindings.name, path))


def _register_standard_plugins(bindings: Bindings) -> None:
    """Makes TensorRT's own plugins known, once; lean installations have none."""
    register = getattr(bindings.module, "init_libnvinfer_plugins", None)
    if bindings.name == "tensorrt" and register is not None and not _STANDARD_LOGGERS:
        _STANDARD_LOGGERS.append(bindings.logger)
        register(bindings.logger, "")


def _path(library: str) -> str:
    if library and "/" not in library and not os.path.exists(library):
        return library
    return os.path.realpath(check_readable(library, OptionError))


def _load(bindings: Bindings, path: str) -> str:
    """Loads a library; returns why it cannot be, if so."""
    registry = bindings.module.get_plugin_registry()
    before = len(registry.all_creators)
    was_there = _is_mapped(path)
    try:
        # Never unloaded, as TensorRT keeps pointers to the creators that it has registered.
        library = ctypes.CDLL(path)
        if hasattr(library, "getCreators"):
            return _load_by_registry(bindings.module, registry, path)
        ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
    except OSError as error:
        return " ".join(str(error).split())
    if was_there or len(registry.all_creators) > before:
        return ""
    return "it exports no getCreators and registered no plugin when loaded"


def _is_mapped(path: str) -> bool:
    """Whether this process has loaded the library already: it then registers nothing again."""
    try:
        ctypes.CDLL(path, os.RTLD_NOLOAD)
    except OSError:
        return False
    return True


def _load_by_registry(module: Any, registry: Any, path: str) -> str:
    errors: list[str] = []
    # The registry logs to the first logger that this process gave to TensorRT, maybe not ours.
    before = registry.error_recorder
    registry.error_recorder = recorder = _make_recorder(module, errors)
    try:
        handle = registry.load_library(path)
    finally:
        registry.error_recorder = before
        del recorder
    if handle is not None:
        return ""
    return " ".join(errors[0].split()) if errors else "TensorRT gave no reason"


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
