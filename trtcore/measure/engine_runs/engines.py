"""Loads plans, prepares contexts, memory and inputs on the GPU, and measures them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.contexts import Contexts
from trtcore.engine.tensorrt.runtime import (
    Engine,
    check_shape_values,
    load_engine,
    set_input_shapes,
)
from trtcore.errors import BackendError, RunError
from trtcore.measure import _core
from trtcore.measure.device.cuda import Stream
from trtcore.measure.device.tensors import (
    Array,
    BoundTensor,
    bind_tensors,
    free,
    input_specs,
    shape_roles,
    upload,
)
from trtcore.measure.energy.meter import EnergyMeter
from trtcore.measure.engine_runs.energy import with_energy
from trtcore.measure.engine_runs.read_back import read_information, read_outputs
from trtcore.measure.engine_runs.rounds import RunLength, Subject, measure
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.kernels.trace import trace_kernels
from trtcore.measure.length.warmup import WarmUpRule
from trtcore.measure.loops.abi_check import native_context
from trtcore.measure.loops.native import Loops, NativeLoops
from trtcore.measure.loops.python import PythonLoops
from trtcore.measure.memory.readings import MemoryLog
from trtcore.models.described import describe_inputs
from trtcore.models.inputs import InputRole, Source, make_inputs
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.readers.inspector.inspector import EngineInformation, match_layers
from trtcore.result.records.build import EngineMemory
from trtcore.result.records.energy import Energy
from trtcore.result.records.input_values import InputValues
from trtcore.result.records.kernel_pass import KernelPass
from trtcore.result.records.layers import IOTensor
from trtcore.result.records.memory import MemoryPoint, RunMemory
from trtcore.result.types.shapes import ShapeRange, Specialization
from trtcore.system.clocks import ClockMonitor
from trtcore.system.progress import Progress
from trtcore.system.quotations import quoting

# Why there are no kernels of a run that an error ended: that error is told once, with the run.
_FAILED = "the run failed"


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


def run_engine(
    bindings: Bindings,
    plan: bytes,
    source: str,
    options: RunOptions,
    monitor: ClockMonitor,
    progress: Progress | None = None,
) -> EngineRun:
    """Loads a plan, sets its inputs and measures it.

    Args:
        bindings: the TensorRT that built the plan.
        plan: the serialized engine.
        source: its name in error messages.
        options: how to run.
        monitor: watches the clocks.
        progress: called with the phase, steps done and steps in all.

    Raises:
        EngineLoadError: the plan cannot be loaded here.
        OptionError: shapes or inputs that do not fit.
        RunError: TensorRT or CUDA failed, or memory ran out.
    """
    return run_engines(bindings, [PlanToRun(plan, source, monitor)], options, progress)[0]


def run_engines(
    bindings: Bindings,
    plans: Sequence[PlanToRun],
    options: RunOptions,
    progress: Progress | None = None,
) -> tuple[EngineRun, ...]:
    """Loads plans, gives them the same inputs and measures them interleaved.

    Args:
        bindings: the TensorRT that built the plans.
        plans: what to measure; all of them are on the GPU at once.
        options: how to run.
        progress: called with the phase, steps done and steps in all.

    Returns:
        A run for each. Ctrl-C and a failure of TensorRT or CUDA end all of them: runs with fewer
        iterations than requested, or without their kernels, are marked as interrupted.

    Raises:
        EngineLoadError: a plan cannot be loaded here.
        OptionError: shapes or inputs that do not fit.
        RunError: TensorRT or CUDA failed, or memory ran out, before there was anything to keep.
        KeyboardInterrupt: Ctrl-C before there was anything to keep.
    """
    log, is_alone = options.log or MemoryLog.begun(), len(plans) == 1
    with contextlib.ExitStack() as ready:
        with options.watch.phase(Phase.CONTEXTS):
            engines = [
                ready.enter_context(_ready(bindings, plan, options, log, progress))
                for plan in plans
            ]
        # Of engines that run interleaved, a counter of the whole board tells none apart.
        meter = EnergyMeter() if is_alone and not options.length.only_layers else None
        subjects = [
            Subject(engine.loops, plan.monitor, plan.label, plan.warm_up, options.watch, meter)
            for engine, plan in zip(engines, plans, strict=True)
        ]
        log_tail = bindings.log.last_error
        runs = measure(subjects, options.length, log_tail, progress)
        if runs[0].counts.failure is None:  # CUDA may answer nothing else after it
            log.note(MemoryPoint.AFTER)
        if options.energy and meter is not None:
            loops = engines[0].loops
            runs = (with_energy(loops, runs[0], meter, options.watch, progress, log_tail),)
        # Kernels are traced after all engines are measured: CUPTI slows the process from then on.
        results: list[EngineRun] = []
        for engine, run in zip(engines, runs, strict=True):
            ended = results[-1].run.counts if results else run.counts
            cut = run.cut(ended.failure) if ended.interrupted else run
            with options.watch.phase(Phase.RESULT):
                results.append(engine.result(cut, options, progress))
        if is_alone:
            return (replace(results[0], used_memory=log.record(contexts=2)),)
        return tuple(results)


@dataclass(frozen=True)
class _Ready:
    """An engine with contexts, memory and inputs."""

    engine: Engine
    contexts: Contexts
    plain: Any
    tensors: tuple[BoundTensor, ...]
    inputs: tuple[InputValues, ...]
    loops: Loops

    def result(self, run: Run, options: RunOptions, progress: Progress | None) -> EngineRun:
        has_failed = run.counts.failure is not None
        if not has_failed:
            self.contexts.keep_more()  # such as kernels for these shapes, compiled when first run
        information = read_information(self.engine, self.plain, has_failed=has_failed)
        kernels, kernel_problem, is_cut = _kernels(self.loops, run, information, options, progress)
        outputs, failure = ({}, None) if has_failed else read_outputs(self.engine, self.tensors)
        if failure is not None and kernel_problem:  # both are the same error, told once
            failure, kernel_problem = replace(failure, phase=Phase.KERNELS), _FAILED
        return EngineRun(
            run=run.cut(failure) if is_cut or failure is not None else run,
            io=tuple(tensor.info for tensor in self.tensors),
            information=information,
            auxiliary_streams=self.engine.auxiliary_streams,
            verbosity=self.engine.verbosity(),
            outputs=outputs,
            inputs=self.inputs,
            in_python=isinstance(self.loops, PythonLoops),
            kernels=kernels,
            kernel_problem=kernel_problem,
            shape_ranges=self.engine.shape_ranges,
            specialization=self.contexts.specialization,
            memory=self.engine.memory,
            hardware_compatibility=self.engine.hardware_compatibility,
            energy=run.energy,
        )


@contextlib.contextmanager
def _ready(
    bindings: Bindings,
    plan: PlanToRun,
    options: RunOptions,
    log: MemoryLog,
    progress: Progress | None,
) -> Iterator[_Ready]:
    log.note(MemoryPoint.DRIVER)
    engine = load_engine(bindings, plan.content, plan.source)
    log.note(MemoryPoint.ENGINE)
    if progress is not None:
        progress("creating execution contexts", 0, 2)
    key, is_named = plan.cache_key or plan.content, bool(plan.cache_key)
    contexts = Contexts(engine, key, is_named=is_named, use_cache=options.use_cache)
    # Two contexts: one that was ever profiled stays slow, so latency needs one that never was.
    plain, profiled = contexts.create(), contexts.create()
    log.note(MemoryPoint.CONTEXTS)
    for context in (plain, profiled):
        set_input_shapes(engine, context, options.batch, options.shapes)
    with _bound(engine, (plain, profiled), options) as (tensors, inputs), Stream() as stream:
        log.note(MemoryPoint.TENSORS)
        loops = _loops(bindings, plain, profiled, stream.handle, tensors, options)
        log.note(MemoryPoint.READY)
        yield _Ready(engine, contexts, plain, tensors, inputs, loops)


@contextlib.contextmanager
def _bound(
    engine: Engine, contexts: Sequence[Any], options: RunOptions
) -> Iterator[tuple[tuple[BoundTensor, ...], tuple[InputValues, ...]]]:
    """Memory of the I/O tensors, shared by contexts and freed at the end, with the inputs in it."""
    with contextlib.ExitStack() as bound:
        inputs = bind_tensors(engine, contexts, engine.inputs)
        bound.callback(free, inputs)
        # A plan tells what values it takes for shapes; of a model it is known without it.
        roles = {**shape_roles(engine), **options.roles}
        made = make_inputs(input_specs(inputs), options.inputs, options.seed, roles)
        shapes = {name: made[name].ravel().tolist() for name in engine.shape_inputs}
        check_shape_values(engine, shapes)
        upload(inputs, made)
        # Only now: the shapes of outputs can follow from the values of inputs.
        outputs = bind_tensors(engine, contexts, engine.outputs)
        bound.callback(free, outputs)
        # In the engine's order, which executeV2 takes addresses in.
        by_name = {tensor.info.name: tensor for tensor in (*inputs, *outputs)}
        tensors = tuple(by_name[name] for name in engine.tensor_names)
        yield tensors, describe_inputs(made, options.inputs, roles)


def _loops(
    bindings: Bindings,
    plain: Any,
    profiled: Any,
    stream: int,
    tensors: Sequence[BoundTensor],
    options: RunOptions,
) -> Loops:
    views = [native_context(bindings, context) for context in (plain, profiled)]
    addresses = [t.buffer.address for t in tensors] if options.sync == "execute" else []
    # executeV2 runs on the default stream, so that is where its events belong.
    where = 0 if addresses else stream
    if views[0] is None or views[1] is None or options.callbacks == "python":
        return PythonLoops(bindings, plain, profiled, where, addresses)
    try:
        loops = _native_loops(views[0], views[1], stream, where, addresses)
    except RuntimeError as error:
        raise quoting(RunError, f"{error}: ", bindings.log.last_error()) from error
    if bindings.newer_than:
        loops.note_newer(bindings.label, bindings.newer_than)
    return loops


def _native_loops(
    plain: _core.Context,
    profiled: _core.Context,
    stream: int,
    where: int,
    addresses: Sequence[int],
) -> NativeLoops:
    bare, timer = _core.StreamTimer(where), _core.EventTimer(where)
    loops = NativeLoops(plain, profiled, timer, addresses, bare)
    # In this order: a blocked stream and a capture both need contexts that have run once.
    loops.run_first()
    loops.open_gate(stream)
    loops.capture_graph(stream)
    return loops


def _kernels(
    loops: Loops,
    run: Run,
    information: EngineInformation,
    options: RunOptions,
    progress: Progress | None,
) -> tuple[KernelPass | None, str, bool]:
    """The kernels if requested, or why there are none, and whether Ctrl-C was pressed.

    A failure here never costs the rest of the run.
    """
    if not options.kernels:
        return None, "", False
    if run.counts.interrupted:
        return None, _FAILED if run.counts.failure else "interrupted", False
    if not isinstance(loops, NativeLoops):
        return None, "the callbacks run in Python", False
    layers = match_layers(information.layers, run.layer_names)
    try:
        with options.watch.phase(Phase.KERNELS):
            kernels, is_cut = trace_kernels(loops, layers, options.length.iterations, progress)
    except (BackendError, RunError) as error:
        return None, str(error), False
    except KeyboardInterrupt:
        return None, "interrupted", True
    return kernels, "interrupted" if kernels is None else "", is_cut
