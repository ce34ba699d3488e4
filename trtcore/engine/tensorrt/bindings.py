"""Which TensorRT is installed, and whether its C++ layout is supported."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trtcore.engine.tensorrt.importing import import_bindings
from trtcore.engine.tensorrt.logger import MessageLog, make_logger
from trtcore.errors import BackendError
from trtcore.result.backends import engine_backends, find_backend

_LABELS = {name: find_backend(name).label for name in engine_backends()}
# The newest release whose C++ layout tests/conformance compared, major and minor.
NEWEST_PROVED = {"tensorrt": (11, 4), "tensorrt_rtx": (1, 7)}


@dataclass(frozen=True)
class Bindings:
    """An imported TensorRT binding.

    Attributes:
        name: ``tensorrt`` or ``tensorrt_rtx``.
        module: the module itself.
        version: such as ``1.6.1.120``.
        layout: which C++ layout its profiler and context have, 10 or 11; None where the bindings
            hand out no C++ pointers (those without pybind11's conduit, as TensorRT 10.0 to 10.15)
            and Python has to do the callbacks.
        log: the messages TensorRT logs through ``logger``.
        logger: the ``ILogger`` to give to builders, parsers and runtimes.
    """

    name: str
    module: Any = field(repr=False)
    version: str
    layout: int | None
    log: MessageLog = field(repr=False)
    logger: Any = field(repr=False)

    @property
    def label(self) -> str:
        """Name and version for reports: ``TensorRT-RTX 1.6.1.120``."""
        return f"{_LABELS[self.name]} {self.version}"

    @property
    def newer_than(self) -> str:
        """The newest release whose layout was proved, where this one is newer; else empty."""
        newest = NEWEST_PROVED[self.name]
        return ".".join(map(str, newest)) if _release(self.version) > newest else ""


def load_bindings(name: str) -> Bindings:
    """Imports ``tensorrt`` or ``tensorrt_rtx``.

    Raises:
        BackendError: not installed, not importable, or of an unsupported version.
    """
    module = import_bindings(name, _LABELS[name])
    # pybind11's conduit is what hands out the C++ pointer of a context.
    has_conduit = hasattr(module.IExecutionContext, "_pybind11_conduit_v1_")
    layout = native_layout(name, module.__version__, has_conduit=has_conduit)
    log = MessageLog()
    return Bindings(name, module, module.__version__, layout, log, make_logger(module, log))


def bindings_of(context: object) -> Bindings:
    """The bindings a live execution context belongs to.

    Raises:
        BackendError: the object is no ``IExecutionContext`` of a known TensorRT.
    """
    package = type(context).__module__.partition(".")[0].removesuffix("_bindings")
    if package in _LABELS:
        bindings = load_bindings(package)
        if isinstance(context, bindings.module.IExecutionContext):
            return bindings
    raise BackendError(
        f"a {type(context).__module__}.{type(context).__qualname__} was given; "
        "expected an IExecutionContext of tensorrt or tensorrt_rtx"
    )


def native_layout(name: str, version: str, *, has_conduit: bool) -> int | None:
    """The C++ layout of a version; None where only Python callbacks work.

    Raises:
        BackendError: the version is not supported.

    Source: TensorRT's public headers (10.0 to 10.16, 11.0, 11.1), and what the bindings of each
    release compiled (docs/compatibility.md); TensorRT-RTX 1.6 by running it.
    """
    major, minor = _release(version)
    is_rtx = name == "tensorrt_rtx"
    # TensorRT-RTX 1.4 has slots of its own.
    if not (major == 1 and minor >= 5 if is_rtx else major in (10, 11)):
        raise BackendError(
            f"{_LABELS[name]} {version} is not supported: "
            "use TensorRT 10 or 11, or TensorRT-RTX 1.5 or newer"
        )
    if not has_conduit:
        return None
    return 10 if major == 10 else 11


def _release(version: str) -> tuple[int, int]:
    """Major and minor number of a version such as ``1.6.1.120``."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)
