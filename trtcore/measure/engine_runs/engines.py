"""Loads plans, prepares contexts, memory and inputs on the GPU, and measures them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
from trtcore.measure.engine_runs.records import EngineRun, PlanToRun, RunOptions
from trtcore.measure.engine_runs.rounds import Subject, measure
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.kernels.trace import trace_kernels
from trtcore.measure.loops.abi_check import native_context
from trtcore.measure.loops.native import Loops, NativeLoops
from trtcore.measure.loops.python import PythonLoops
from trtcore.measure.memory.readings import MemoryLog
from trtcore.models.described import describe_inputs
from trtcore.models.inputs import make_inputs
from trtcore.result.phases import Phase
from trtcore.result.readers.inspector.inspector import EngineInformation, match_layers
from trtcore.result.records.input_values import InputValues
from trtcore.result.records.kernel_pass import KernelPass
from trtcore.result.records.memory import MemoryPoint
from trtcore.system.clocks import ClockMonitor
from trtcore.system.progress import Progress
from trtcore.system.quotations import quoting

# Why there are no kernels of a run that an error ended: that error is told once, with the run.
_FAILED = "the run failed"


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
