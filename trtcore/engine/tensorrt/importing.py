"""Imports TensorRT, whatever an import may raise."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from trtcore.engine.tensorrt.wheels import extra
from trtcore.errors import BackendError

# They run version-compatible plans, and have neither builder nor parser.
_RUNTIMES_ONLY = ("tensorrt_lean", "tensorrt_dispatch")


def import_bindings(name: str, label: str) -> Any:
    """Imports ``tensorrt`` or ``tensorrt_rtx``.

    Args:
        name: of the module.
        label: what messages call it.

    Raises:
        BackendError: not installed, another thing of its name, or it cannot be imported.
    """
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise _not_importable(name, label, error) from error
        raise BackendError(f"{label} is not installed{_beside(name)}; {_install(name)}") from None
    # What an import runs may raise anything; only Ctrl-C is the user's.
    except (Exception, SystemExit) as error:
        raise _not_importable(name, label, error) from error
    if not hasattr(module, "IExecutionContext"):
        raise BackendError(_other_of_the_name(name, label, module))
    return module


def _not_importable(name: str, label: str, error: BaseException) -> BackendError:
    first = (str(error).strip().splitlines() or [""])[0]
    kind = "" if isinstance(error, (ImportError, OSError)) and first else type(error).__name__
    reason = ": ".join(filter(None, (kind, first)))
    return BackendError(f"{label} cannot be imported: {reason}; {_install(name)}")


def _other_of_the_name(name: str, label: str, module: Any) -> str:
    file = getattr(module, "__file__", None)
    if file is None:
        # A folder without __init__.py comes last: no package of that name is installed.
        folder = next(iter(getattr(module, "__path__", ())), "unknown")
        return f"{label} is not installed, '{name}' is the folder {folder}; {_install(name)}"
    return (
        f"{label} cannot be used: '{name}' is {file}, which has no IExecutionContext; "
        "rename it or start elsewhere"
    )


def _beside(name: str) -> str:
    """The runtimes without a builder, where the full TensorRT is missing and one of them is not."""
    if name != "tensorrt":
        return ""
    found = [other for other in _RUNTIMES_ONLY if importlib.util.find_spec(other)]
    return f" ({' and '.join(found)} cannot build engines)" if found else ""


def _install(name: str) -> str:
    return f"pip install '{extra(name)}'"
