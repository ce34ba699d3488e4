"""From an ONNX graph to a plan: parse strongly typed, configure, build."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.factories import make_builder
from trtcore.engine.tensorrt.fp8_weights import store_fp8_as_bytes
from trtcore.engine.tensorrt.interrupts import held_interrupts
from trtcore.engine.tensorrt.optimization_profile import add_profile, shape_hint, shape_tensors
from trtcore.engine.tensorrt.parser_problems import parser_problem
from trtcore.engine.tensorrt.progress import BuildProgress, make_progress_monitor
from trtcore.engine.tensorrt.timing_cache import TimingCache
from trtcore.engine.tensorrt.unbuilt import build_error
from trtcore.errors import ModelError
from trtcore.models.model import Model
from trtcore.models.onnx.graph import on_disk, serialized
from trtcore.models.onnx.shape_ranges import opened
from trtcore.models.onnx.weights import INLINE_BYTES, weight_bytes
from trtcore.result.readers.inspector.inspector import EngineInformation, parse_engine_information
from trtcore.result.records.build import Build, CacheUse
from trtcore.result.records.warnings import RunWarning
from trtcore.system.progress import Progress
from trtcore.system.quotations import quoting


@dataclass(frozen=True)
class BuildOptions:
    """How to build.

    Attributes:
        workspace_bytes: the most scratch memory a layer may use; None leaves it to TensorRT.
        max_aux_streams: CUDA streams beside the main one; None leaves it to TensorRT, 0 makes a
            serial engine.
        tf32: whether FP32 convolutions and products may use TF32.
        io_formats: formats of inputs and outputs by name, in words of
            `trtcore.engine.io_formats`; others are linear.
        shape_values: of inputs that may decide shapes, by name: what the run feeds them.
        use_cache: whether to keep and use a timing cache in the user's cache folder.
    """

    workspace_bytes: int | None = None
    max_aux_streams: int | None = None
    tf32: bool = False
    io_formats: Mapping[str, str] = field(default_factory=dict)
    shape_values: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    use_cache: bool = True


@dataclass(frozen=True)
class Plan:
    """A serialized engine and what is known of it.

    Attributes:
        content: the bytes of the plan.
        build: how it was built.
        information: layers and I/O tensors; None where TensorRT did not tell them.
        model: the graph it was built from.
        warnings: what a user of it has to know.
    """

    content: bytes
    build: Build
    information: EngineInformation | None
    model: Model
    warnings: tuple[RunWarning, ...] = ()


def build_plan(
    bindings: Bindings,
    model: Model,
    options: BuildOptions | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Builds an engine for a model; needs a GPU only with `tensorrt`.

    Where the shapes of inputs may vary, the engine gets one optimization profile for their ranges.

    Raises:
        ModelError: TensorRT cannot read the graph; every offending node and op is named.
        BuildError: TensorRT could not build the engine.
        KeyboardInterrupt: Ctrl-C; the build is given up at its next step.
    """
    with held_interrupts() as interrupts:
        phases = BuildProgress(progress, interrupts)
        return _build(bindings, model, options or BuildOptions(), phases)


def _build(bindings: Bindings, model: Model, options: BuildOptions, phases: BuildProgress) -> Plan:
    builder = make_builder(bindings)
    network = parse(bindings, builder, model)
    _request_formats(bindings, network, options.io_formats)
    config = _configure(bindings, builder, options)
    decided = shape_tensors(network, options.shape_values)
    add_profile(bindings, builder, config, model, decided)
    config.progress_monitor = make_progress_monitor(bindings.module, phases)
    timing_cache = TimingCache(bindings, config) if options.use_cache else None
    start = time.perf_counter()
    content = builder.build_serialized_network(network, config)
    seconds = time.perf_counter() - start
    # Before the plan is looked at: a build that an exception stopped returns None too.
    phases.reraise()
    if content is None:
        hint = _format_hint(options.io_formats) + shape_hint(decided)
        raise build_error(bindings.label, model, hint, bindings.log.last_error())
    information = _logged_information(bindings)
    build = Build(
        backend=bindings.label,
        seconds=seconds,
        plan_bytes=content.nbytes,
        layers=len(information.layers) if information else 0,
        cache=timing_cache.save() if timing_cache else CacheUse.NONE,
        shape_ranges=tuple(one.range for one in model.dynamic),
    )
    plan = bytes(content)
    hashed = replace(build, plan_hash=hashlib.sha256(plan).hexdigest())
    return Plan(plan, hashed, information, model)


def parse(bindings: Bindings, builder: Any, model: Model) -> Any:
    """Returns the network definition of a model.

    Raises:
        ModelError: TensorRT cannot read the graph.
    """
    trt = bindings.module
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, bindings.logger)
    store_fp8_as_bytes(model.proto.graph)
    with opened(model):
        if weight_bytes(model.proto) <= INLINE_BYTES:
            parsed = parser.parse(serialized(model))
        else:
            with on_disk(model) as path:
                parsed = parser.parse_from_file(str(path))
    if not parsed:
        problems = [parser_problem(parser, i, model) for i in range(parser.num_errors)]
        every = list(dict.fromkeys(problems)) or [bindings.log.last_error()]
        more = f"; {len(every) - 1} more like it" if len(every) > 1 else ""
        start = f"{model.source}: {bindings.label} cannot read the graph: "
        raise quoting(ModelError, start, every[0], more, whole="; ".join(every))
    return network


def _request_formats(bindings: Bindings, network: Any, formats: Mapping[str, str]) -> None:
    """Allows each named input and output one format only."""
    inputs = (network.get_input(i) for i in range(network.num_inputs))
    outputs = (network.get_output(i) for i in range(network.num_outputs))
    for tensor in (*inputs, *outputs):
        if tensor.name in formats:
            format_ = getattr(bindings.module.TensorFormat, formats[tensor.name].upper())
            tensor.allowed_formats = 1 << int(format_)


def _format_hint(formats: Mapping[str, str]) -> str:
    """TensorRT's own words for a format that it does not have say nothing about formats."""
    if not set(formats.values()) - {"linear"}:
        return ""
    named = ", ".join(f"{name}:{word}" for name, word in formats.items())
    return f" with the formats {named}, try it without them"


def _configure(bindings: Bindings, builder: Any, options: BuildOptions) -> Any:
    trt = bindings.module
    config = builder.create_builder_config()
    # Without it the inspector reports no model nodes, data types or tactics.
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    if options.workspace_bytes is not None:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, options.workspace_bytes)
    if options.max_aux_streams is not None:
        config.max_aux_streams = options.max_aux_streams
    if options.tf32:
        config.set_flag(trt.BuilderFlag.TF32)
    else:
        # TensorRT allows TF32 by default.
        config.clear_flag(trt.BuilderFlag.TF32)
    return config


def _logged_information(bindings: Bindings) -> EngineInformation | None:
    text = bindings.log.layer_information
    return parse_engine_information(text) if text else None
