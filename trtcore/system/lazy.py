"""Functions that a registry names and that are imported when they are first called."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def lazily(module: str, name: str) -> Callable[..., Any]:
    """Returns a function that imports another one when called, for registries of many modules.

    ``trtcore --help`` lists formats, readers and precisions and must load neither NumPy nor ONNX.

    Args:
        module: full name of the module, as a literal: `tests/test_dependency_rule.py` reads it like
            an import.
        name: the function in it.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    return call
