"""Assembles a `Profile` from the measurement, the build and the state of the machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from trtcore.models.inputs import source_text
from trtcore.result.analysis.summary import summarise_layers
from trtcore.result.readers.inspector.inspector import match_layers
from trtcore.result.records.build import Build, PrecisionCheck
from trtcore.result.records.layers import IOTensor, Layer, LayerProfile, ModelRecord
from trtcore.result.records.method import Method, Timer
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.environment import capture_environment

if TYPE_CHECKING:
    from trtcore.api.options.values import Options
    from trtcore.engine.tensorrt.bindings import Bindings
    from trtcore.measure.engine_runs.plans import PlanRun
    from trtcore.measure.engine_runs.records import EngineRun
    from trtcore.measure.nodes.run import NodeRun
    from trtcore.models.model import Model

Check = Callable[[Sequence[Layer], Sequence[LayerProfile]], PrecisionCheck]
"""From the layers of an engine and their times (none if it did not run): its precision."""


def model_record(model: Model) -> ModelRecord:
    """What a profile keeps of a model."""
    # Loads onnx, which reading and profiling a plan do without.
    from trtcore.models.onnx.graph import model_nodes
    from trtcore.models.onnx.weights_hash import weights_hash

    nodes, weights = model_nodes(model), weights_hash(model.proto)
    return ModelRecord(model.name, model.source, model.weights, nodes, model.notes, weights)


def plan_record(bindings: Bindings, plan: bytes) -> Build:
    """What is known of a plan before it is loaded."""
    return Build(bindings.label, 0.0, len(plan), plan_hash=hashlib.sha256(plan).hexdigest())


def engine_profile(
    bindings: Bindings,
    ran: PlanRun,
    model: ModelRecord,
    build: Build,
    options: Options,
    check: Check,
) -> Profile:
    """The profile of an engine that ran."""
    engine_run = ran.engine_run
    profile = Profile(
        model=model,
        backend=bindings.name,
        precision=options.precision or "",
        batch=_batch(engine_run.io),
        method=_method(engine_run, options),
        io=engine_run.io,
        layers=match_layers(engine_run.information.layers, engine_run.run.layer_names),
        samples=engine_run.run.samples,
        counts=engine_run.run.counts,
        environment=capture_environment(bindings.label, ran.clocks),
        build=replace(
            build,
            layers=len(engine_run.run.layer_names),
            auxiliary_streams=engine_run.auxiliary_streams,
            verbosity=engine_run.verbosity,
            shape_ranges=engine_run.shape_ranges,
            specialization=engine_run.specialization,
            memory=engine_run.memory,
            hardware_compatibility=engine_run.hardware_compatibility,
        ),
        event_cost=ran.event_cost,
        kernels=engine_run.kernels,
        memory=engine_run.used_memory,
        energy=engine_run.energy,
        inputs=engine_run.inputs,
    )
    # The verdict weighs layers by their times, so the profile has to be there first.
    return replace(_checked(profile, check), warnings=_problems(ran))


def _problems(ran: PlanRun) -> tuple[RunWarning, ...]:
    """What the run, the calibration and the kernel trace could not do."""
    problems = list(ran.engine_run.run.problems)
    if ran.problem:
        problems.append(RunWarning(WarningKind.NO_EVENT_COST, note=ran.problem))
    if ran.engine_run.kernel_problem:
        problems.append(RunWarning(WarningKind.NO_KERNELS, note=ran.engine_run.kernel_problem))
    return tuple(problems)


def _method(engine_run: EngineRun, options: Options) -> Method:
    """How it was measured."""
    return Method(
        Timer.TENSORRT,
        sync=options.sync,
        in_python=engine_run.in_python,
        inputs=source_text(options.inputs),
    )


def node_profile(
    model: Model,
    node_run: NodeRun,
    build: Build | None,
    precision: str,
    warnings: tuple[RunWarning, ...],
) -> Profile:
    """The profile of an un-fused model."""
    io = _network_io(model)
    environment = capture_environment(node_run.runtime, node_run.clocks)
    # The machine may have a GPU that this run did not use: its name would be taken for the device.
    return Profile(
        model=model_record(model),
        backend=node_run.backend,
        precision=precision,
        batch=_batch(io),
        method=node_run.method,
        io=io,
        layers=node_run.layers,
        samples=node_run.samples,
        counts=node_run.counts,
        environment=environment if node_run.on_gpu else replace(environment, device=""),
        build=build,
        warnings=(*warnings, *node_run.warnings),
        memory=node_run.memory,
    )


def _network_io(model: Model) -> tuple[IOTensor, ...]:
    """The inputs and outputs of a model."""
    from trtcore.models.onnx.graph import model_inputs, model_outputs

    return (
        *(IOTensor(t.name, t.shape, t.dtype, mode="input") for t in model_inputs(model)),
        *(IOTensor(t.name, t.shape, t.dtype, mode="output") for t in model_outputs(model)),
    )


def _checked(profile: Profile, check: Check) -> Profile:
    if profile.build is None:
        return profile
    # Interrupted before the first profiled iteration: layers are then counted, not weighed.
    rows = summarise_layers(profile) if profile.counts.measured else ()
    precision = check(profile.layers, rows)
    return replace(profile, build=replace(profile.build, precision=precision))


def _batch(io: tuple[IOTensor, ...]) -> int:
    # A scalar or missing input has no batch dimension; 1 keeps the throughput one of iterations.
    first = next((tensor.shape for tensor in io if tensor.mode == "input"), ())
    return first[0] if first else 1
