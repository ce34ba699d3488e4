"""Libraries with layers of somebody's own, as ``trtexec --dynamicPlugins`` loads them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

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
    bindings.log.clear()
    with held_interrupts():
        # Without a builder the registry has no logger to give its reasons to.
        builder = bindings.module.Builder(bindings.logger)
        handle = bindings.module.get_plugin_registry().load_library(path)
    del builder
    if handle is None:
        raise BackendError(
            f"{source}: {bindings.label} cannot load it as a library of plugins: "
            f"{bindings.log.last_error()}"
        )
