"""What running engines takes, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trtcore.measure.device.tensors import Array
from trtcore.measure.engine_runs.rounds import RunLength
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.length.warmup import WarmUpRule
from trtcore.measure.memory.readings import MemoryLog
from trtcore.models.inputs import InputRole, Source
from trtcore.result.phases import Stopwatch
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.records.build import EngineMemory
from trtcore.result.records.energy import Energy
from trtcore.result.records.input_values import InputValues
from trtcore.result.records.kernel_pass import KernelPass
from trtcore.result.records.layers import IOTensor
from trtcore.result.records.memory import RunMemory
from trtcore.result.types.shapes import ShapeRange, Specialization
from trtcore.system.clocks import ClockMonitor


@dataclass(frozen=True)
class RunOptions:
    """How to run an engine.

    Attributes:
        length: how long to measure.
        batch: leading dimension of dynamic inputs; None takes the plan's optimum.
        shapes: shapes of dynamic inputs by name.
        inputs: where their values come from, see `make_inputs`.
        seed: of random inputs.
        roles: what integer inputs are for, by name, where the model is known.
        sync: ``enqueue`` for ``enqueueV3`` and synchronise, ``execute`` for ``executeV2``.
        callbacks: ``native``, or ``python`` to force the slow path that old bindings need.
        kernels: trace the kernels with CUPTI too, after all timed passes.
        calibrate: measure the cost of the profiler's events on this machine.
        energy: run long enough to measure the energy of an inference.
        use_cache: read and write caches in the user's cache folder.
        watch: counts where the time goes.
        log: has the memory of before the process used the GPU; None begins it with the run.
    """

    length: RunLength
    batch: int | None = None
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    inputs: Source = "random"
    seed: int = 0
    roles: Mapping[str, InputRole] = field(default_factory=dict)
    sync: str = "enqueue"
    callbacks: str = "native"
    kernels: bool = False
    calibrate: bool = True
    energy: bool = False
    use_cache: bool = True
    watch: Stopwatch = field(default_factory=Stopwatch, compare=False, repr=False)
    log: MemoryLog | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class EngineRun:
    """The results of running a plan.

    Attributes:
        run: layer names, samples and counts.
        io: the I/O tensors with their actual shapes.
        information: what the engine inspector reports.
        auxiliary_streams: CUDA streams the engine uses beside the main one.
        verbosity: profiling verbosity of the plan.
        outputs: the network's outputs after the last iteration, by name.
        in_python: whether the profiler callbacks ran in Python.
        kernels: what CUPTI recorded; None if it was not requested or failed.
        kernel_problem: why it failed, in one line.
        shape_ranges: of the inputs whose shape may vary.
        specialization: when kernels were compiled for the shapes of the run, see `Build`.
        memory: what the engine needs of the device.
        hardware_compatibility: other GPUs that the plan is for, see `Build`.
        inputs: what each input was fed.
        used_memory: what the run needed; None where several engines shared the GPU.
        energy: of an un-profiled loop; None likewise.
    """

    run: Run
    io: tuple[IOTensor, ...]
    information: EngineInformation
    auxiliary_streams: int
    verbosity: str
    outputs: dict[str, Array]
    in_python: bool
    kernels: KernelPass | None = None
    kernel_problem: str = ""
    shape_ranges: tuple[ShapeRange, ...] = ()
    specialization: Specialization = Specialization.NONE
    memory: EngineMemory | None = None
    hardware_compatibility: str = ""
    inputs: tuple[InputValues, ...] = ()
    used_memory: RunMemory | None = None
    energy: Energy | None = None


@dataclass(frozen=True)
class PlanToRun:
    """A plan to measure.

    Attributes:
        content: the serialized engine.
        source: its name in error messages.
        monitor: watches the clocks while it runs.
        label: the phase shown to the user meanwhile.
        cache_key: by what the cache knows its kernels; its content where it shares none.
        warm_up: what has to hold before it is measured.
    """

    content: bytes
    source: str
    monitor: ClockMonitor
    label: str = "measuring"
    cache_key: bytes = b""
    warm_up: WarmUpRule = field(default_factory=WarmUpRule)
