"""A plan on the GPU: its I/O tensors, what its inspector tells, and the shapes of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.factories import make_runtime
from trtcore.engine.tensorrt.facts import engine_memory, hardware_compatibility
from trtcore.engine.tensorrt.interrupts import held_interrupts
from trtcore.engine.tensorrt.wheels import extra
from trtcore.errors import EngineLoadError, OptionError, argument
from trtcore.result.readers.inspector.inspector import EngineInformation, parse_engine_information
from trtcore.result.records.build import EngineMemory
from trtcore.result.types.shapes import ShapeRange, shape_text
from trtcore.system.quotations import quoting

Shape = tuple[int, ...]
# TensorRT-RTX releases drop GPUs: 1.6.1 serves some that 1.7.1 does not. Source: running both.
_REFUSES_GPU = "cannot run on this GPU"
# A version-compatible plan holds a lean runtime: code for the CPU, which TensorRT runs on request
# only. Source: the words of TensorRT-RTX 1.7.1's library.
_HOST_CODE = "getEngineHostCodeAllowed() is false"
_WITHOUT_HOST_CODE = (
    "it was built VERSION_COMPATIBLE and holds code for the CPU; build it with "
    "EXCLUDE_LEAN_RUNTIME, or load it yourself with engine_host_code_allowed = True and record "
    "with trtcore.attach"
)


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

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return tuple(name for name in self.tensor_names if self.is_input(name))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(name for name in self.tensor_names if not self.is_input(name))

    @property
    def shape_ranges(self) -> tuple[ShapeRange, ...]:
        """What optimization profile 0 takes of the inputs whose shape may vary."""
        return tuple(
            self.shape_range(name)
            for name in self.inputs
            if -1 in self.engine.get_tensor_shape(name)
        )

    def shape_range(self, name: str) -> ShapeRange:
        """What optimization profile 0 takes of an input whose shape may vary."""
        shapes = self.engine.get_tensor_profile_shape(name, 0)
        return ShapeRange(name, *(tuple(int(dim) for dim in shape) for shape in shapes))

    @property
    def memory(self) -> EngineMemory:
        """What it needs of the device, as far as its bindings tell."""
        return engine_memory(self.bindings, self.engine)

    @property
    def hardware_compatibility(self) -> str:
        """Other GPUs that the plan is for too, such as ``AMPERE_PLUS``; ``""`` if it is for one."""
        return hardware_compatibility(self.engine)

    @property
    def shape_inputs(self) -> tuple[str, ...]:
        """The inputs whose values decide shapes: TensorRT reads them in host memory."""
        return tuple(filter(self.is_on_host, self.inputs))

    @property
    def has_open_shapes(self) -> bool:
        """Whether a run chooses shapes, by those of its inputs or by their values."""
        return bool(self.shape_ranges or self.shape_inputs)

    def is_on_host(self, name: str) -> bool:
        """Whether the tensor has to be in host memory."""
        location = self.engine.get_tensor_location(name)
        return bool(location == self.bindings.module.TensorLocation.HOST)

    def shape_values(self, name: str) -> ShapeRange:
        """What optimization profile 0 takes of an input that decides shapes, as values."""
        # The bindings have the index first, whatever their signature says.
        values = self.engine.get_tensor_profile_values(0, name)
        return ShapeRange(name, *(tuple(int(one) for one in each) for each in values))

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
        BackendError: TensorRT cannot even make a runtime here.
    """
    with held_interrupts():
        runtime = make_runtime(bindings)
        engine = runtime.deserialize_cuda_engine(plan)
    if engine is None:
        raise _load_problem(bindings, source)
    return Engine(bindings, engine, runtime)


def _load_problem(bindings: Bindings, source: str) -> EngineLoadError:
    reason = bindings.log.last_error()
    if any(_REFUSES_GPU in message for message in bindings.log.errors):
        return quoting(
            EngineLoadError,
            f"{bindings.label} refuses this GPU: ",
            reason,
            f"; use TensorRT itself (pip install '{extra('tensorrt')}') or TensorRT-RTX 1.6",
        )
    if any(_HOST_CODE in message for message in bindings.log.errors):
        return EngineLoadError(f"{source}: {bindings.label} does not load it: {_WITHOUT_HOST_CODE}")
    return quoting(
        EngineLoadError,
        f"{source}: {bindings.label} cannot load it: ",
        reason,
        "; a plan loads only in the version and on the kind of GPU it was built for: "
        "build it again",
    )


def set_input_shapes(
    engine: Engine, context: Any, batch: int | None, shapes: Mapping[str, Sequence[int]]
) -> None:
    """Chooses the shapes of dynamic inputs: as requested, else the optimum of profile 0.

    Raises:
        OptionError: an unknown input, or a shape outside the plan's range.
    """
    inputs = engine.inputs
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
            raise OptionError(
                f"input '{name}' of the plan is {shape_text(static)}, {shape_text(wanted)} was "
                "requested"
            )


def check_shape_values(engine: Engine, values: Mapping[str, Sequence[int]]) -> None:
    """Raises OptionError if inputs that decide shapes have values outside the plan's range."""
    for name in engine.shape_inputs:
        takes = engine.shape_values(name)
        if not takes.holds(values[name]):
            found, least, most = (
                ",".join(map(str, one)) for one in (values[name], takes.least, takes.most)
            )
            raise OptionError(
                f"input '{name}' decides shapes and takes {least} to {most}, {found} was asked for"
            )


def _wanted_shape(
    engine: Engine, name: str, static: Shape, batch: int | None, requested: Sequence[int] | None
) -> Shape:
    if requested is not None:
        if batch is not None and static[:1] == (-1,) and requested[0] != batch:
            raise OptionError(
                f"{argument('batch', batch)} and {argument('shapes', {name: tuple(requested)})} "
                "contradict each other: leave one of them out"
            )
        return tuple(requested)
    # Profile 0, and of its minimum, optimum and maximum shapes the optimum.
    shape = static
    if -1 in static:
        shape = engine.shape_range(name).optimum
    # The values of a shape are no items of a batch.
    if batch is None or not shape or engine.is_on_host(name):
        return shape
    return (batch, *shape[1:])


def _require_in_range(engine: Engine, name: str, shape: Shape) -> None:
    takes = engine.shape_range(name)
    if not takes.holds(shape):
        least, most = shape_text(takes.least), shape_text(takes.most)
        raise OptionError(
            f"input '{name}' takes {least} to {most}, {shape_text(shape)} was requested"
        )
