"""Execution contexts of an engine, and what TensorRT-RTX compiles for them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from trtcore.engine.tensorrt.interrupts import held_interrupts
from trtcore.engine.tensorrt.kernel_cache import KernelCache, kernel_cache
from trtcore.engine.tensorrt.runtime import Engine
from trtcore.errors import RunError
from trtcore.result.types.shapes import Specialization
from trtcore.system.quotations import quoting


class Contexts:
    """Creates the execution contexts of one engine.

    TensorRT-RTX compiles its kernels for the first one, which takes seconds. They share what it
    compiled, so that the second takes milliseconds. With the user's cache folder, those of further
    engines of the plan do too, here and in the next process. Keep this while its contexts run: the
    bindings do not keep the cache into which they compile.

    Args:
        engine: the loaded plan.
        key: by what the cache knows it: the bytes of the plan, or a name that engines of the same
            kernels share.
        is_named: whether the key is such a name.
        use_cache: keep and use what was compiled, in this process and the user's cache folder.
    """

    def __init__(
        self, engine: Engine, key: bytes, *, is_named: bool = False, use_cache: bool = True
    ) -> None:
        self._engine = engine
        self._is_named = is_named
        self._config: Any = None
        self._cache: KernelCache | None = None
        if engine.bindings.name == "tensorrt_rtx":
            self._prepare(key, use_cache)

    def create(self) -> Any:
        """Creates an execution context.

        Raises:
            RunError: TensorRT could not, such as for lack of device memory.
        """
        bindings = self._engine.bindings
        bindings.log.clear()
        configured = () if self._config is None else (self._config,)
        alone = nullcontext() if self._cache is None else self._cache.lock
        with held_interrupts(), alone:
            context = self._engine.engine.create_execution_context(*configured)
        if context is None:
            needed = _device_memory_bytes(self._engine.engine) / 2**20
            raise quoting(
                RunError,
                "no execution context: ",
                bindings.log.last_error(),
                f" (it needs {needed:.1f} MiB of device memory beside its weights)",
            )
        if self._cache is not None:
            self._cache.keep_new()
        return context

    def keep_more(self) -> None:
        """Stores what was compiled beyond the first context: for shapes, or one more engine."""
        if self._cache is not None and (self._is_named or self._engine.has_open_shapes):
            self._cache.keep()

    @property
    def specialization(self) -> Specialization:
        """When kernels are compiled for the shapes of a run."""
        if self._config is None or not self._engine.has_open_shapes:
            return Specialization.NONE
        return Specialization.LAZY if _eager(self._engine) is None else Specialization.EAGER

    def _prepare(self, key: bytes, use_cache: bool) -> None:
        self._config = self._engine.engine.create_runtime_config()
        has_open_shapes = self._engine.has_open_shapes
        version = self._engine.bindings.version
        # What is stored more than once is not shared, see `kernel_cache`.
        is_shared = not (has_open_shapes or self._is_named)
        self._cache = kernel_cache(
            self._config, version, key, use_cache=use_cache, is_shared=is_shared
        )
        eager = _eager(self._engine)
        if eager is not None and has_open_shapes:
            # Lazily, a kernel is swapped for another under the same name while it is timed.
            self._config.dynamic_shapes_kernel_specialization_strategy = eager


def _device_memory_bytes(engine: Any) -> int:
    """Scratch memory of a context. TensorRT 10.0 has only the first form of the property."""
    has_second = hasattr(engine, "device_memory_size_v2")
    return int(engine.device_memory_size_v2 if has_second else engine.device_memory_size)


def _eager(engine: Engine) -> Any:
    """The strategy that compiles before the first run with a shape; None in older bindings."""
    name = "DynamicShapesKernelSpecializationStrategy"
    return getattr(getattr(engine.bindings.module, name, None), "EAGER", None)
