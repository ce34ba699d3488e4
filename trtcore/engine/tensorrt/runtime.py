"""From a plan to execution contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.interrupts import held_interrupts
from trtcore.errors import EngineLoadError, OptionError, RunError, argument
from trtcore.result.readers.inspector import EngineInformation, parse_engine_information
from trtcore.system.cache import cache_entry, read_entry, write_entry

Shape = tuple[int, ...]
# TensorRT-RTX releases drop GPUs; what still serves them. Source: running 1.6.1 and 1.7.1.
_REFUSES_GPU = "cannot run on this GPU"
_SERVED_BY = "use TensorRT itself (pip install 'trtcore[tensorrt]') or TensorRT-RTX 1.6"


@dataclass(frozen=True)
class Engine:
    """A plan loaded onto the GPU, with the runtime that has to outlive it."""

    bindings: Bindings
    engine: Any = field(repr=False)
    runtime: Any = field(repr=False)

    @property
    def auxiliary_streams(self) -> int:
        """CUDA streams the engine uses beside the main one."""
        return int(self.engine.num_aux_streams)

    @property
    def tensor_names(self) -> tuple[str, ...]:
        """Names of the I/O tensors, in the engine's order."""
        names = (self.engine.get_tensor_name(i) for i in range(self.engine.num_io_tensors))
        return tuple(str(name) for name in names)

    def is_input(self, name: str) -> bool:
        """Whether the tensor is an input."""
        mode = self.engine.get_tensor_mode(name)
        return bool(mode == self.bindings.module.TensorIOMode.INPUT)

    def verbosity(self) -> str:
        """Profiling verbosity of the plan: ``DETAILED``, ``LAYER_NAMES_ONLY`` or ``NONE``."""
        return str(self.engine.profiling_verbosity.name)

    def information(self, context: Any = None) -> EngineInformation:
        """What the inspector tells; with a context, dynamic dimensions are the actual ones."""
        trt = self.bindings.module
        inspector = self.engine.create_engine_inspector()
        if context is not None:
            inspector.execution_context = context
        return parse_engine_information(
            inspector.get_engine_information(trt.LayerInformationFormat.JSON)
        )


def load_engine(bindings: Bindings, plan: bytes, source: str) -> Engine:
    """Loads a plan onto the current GPU.

    Raises:
        EngineLoadError: not a plan, or made for another version or GPU; TensorRT's words included.
    """
    bindings.log.clear()
    with held_interrupts():
        runtime = bindings.module.Runtime(bindings.logger)
        engine = runtime.deserialize_cuda_engine(plan)
    if engine is None:
        raise EngineLoadError(_load_problem(bindings, source))
    return Engine(bindings, engine, runtime)


def _load_problem(bindings: Bindings, source: str) -> str:
    reason = bindings.log.last_error()
    if any(_REFUSES_GPU in message for message in bindings.log.errors):
        return f"{bindings.label} refuses this GPU: {reason}; {_SERVED_BY}"
    return (
        f"{source}: {bindings.label} cannot load it: {reason}; "
        "a plan loads only in the version and on the kind of GPU it was built for: build it again"
    )


def create_context(engine: Engine, plan: bytes) -> Any:
    """Creates an execution context.

    TensorRT-RTX compiles its kernels here, which takes seconds; what it compiled is kept in the
    user's cache folder, so that the second context and the next process take milliseconds.

    Raises:
        RunError: TensorRT could not, such as for lack of device memory.
    """
    bindings = engine.bindings
    bindings.log.clear()
    with held_interrupts():
        if bindings.name == "tensorrt_rtx":
            context = _create_rtx_context(engine, plan)
        else:
            context = engine.engine.create_execution_context()
    if context is None:
        needed = int(engine.engine.device_memory_size_v2) / 2**20
        raise RunError(
            f"no execution context: {bindings.log.last_error()} "
            f"(it needs {needed:.1f} MiB of device memory beside its weights)"
        )
    return context


def _create_rtx_context(engine: Engine, plan: bytes) -> Any:
    config = engine.engine.create_runtime_config()
    cache = config.create_runtime_cache()
    path = cache_entry("runtime", engine.bindings.version, _device_name(), plan)
    # The plan is part of the key: kernels compiled for one engine serve that engine only.
    stored = read_entry(path)
    if stored:
        cache.deserialize(stored)
    config.set_runtime_cache(cache)
    context = engine.engine.create_execution_context(config)
    if context is not None and not stored:
        write_entry(path, bytes(cache.serialize()))
    return context


def _device_name() -> str:
    from trtcore.system.device import current_device

    device = current_device()
    return f"{device.name} {device.compute_capability}" if device else ""


def set_input_shapes(
    engine: Engine, context: Any, batch: int | None, shapes: Mapping[str, Sequence[int]]
) -> None:
    """Chooses the shapes of dynamic inputs: as asked, else the optimum of profile 0.

    Raises:
        OptionError: an unknown input, or a shape outside the plan's range.
    """
    inputs = [name for name in engine.tensor_names if engine.is_input(name)]
    unknown = sorted(set(shapes) - set(inputs))
    if unknown:
        raise OptionError(
            f"{argument('shapes')} names '{unknown[0]}'; the inputs are {', '.join(inputs)}"
        )
    for name in inputs:
        static = tuple(engine.engine.get_tensor_shape(name))
        wanted = _wanted_shape(engine, name, static, batch, shapes.get(name))
        if -1 in static:
            _require_in_range(engine, name, wanted)
            context.set_input_shape(name, wanted)
        # A static input has its one shape in the plan; TensorRT takes no other.
        elif wanted != static:
            raise OptionError(f"input '{name}' of the plan is {static}, {wanted} was asked for")


def _wanted_shape(
    engine: Engine, name: str, static: Shape, batch: int | None, asked: Sequence[int] | None
) -> Shape:
    if asked is not None:
        if batch is not None and static[:1] == (-1,) and asked[0] != batch:
            raise OptionError(
                f"{argument('batch', batch)} and {argument('shapes', {name: tuple(asked)})} "
                "contradict each other: leave one of them out"
            )
        return tuple(asked)
    # Profile 0, and of its minimum, optimum and maximum shapes the optimum.
    shape = static
    if -1 in static:
        shape = tuple(engine.engine.get_tensor_profile_shape(name, 0)[1])
    return (batch, *shape[1:]) if batch is not None and shape else shape


def _require_in_range(engine: Engine, name: str, shape: Shape) -> None:
    low, _, high = (tuple(s) for s in engine.engine.get_tensor_profile_shape(name, 0))
    inside = len(shape) == len(low) and all(
        a <= n <= b for a, n, b in zip(low, shape, high, strict=True)
    )
    if not inside:
        raise OptionError(f"input '{name}' takes {low} to {high}, {shape} was asked for")
