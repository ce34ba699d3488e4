"""The un-fused model on the CPU: ONNX Runtime runs it node by node and times every node.

Graph optimisation is off, so that the rows are the layers of the user's own model. That is what an
engine is compared with, and what is profiled on machines without a usable GPU.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime

from trtcore.errors import OptionError
from trtcore.measure.memory.readings import MemoryLog
from trtcore.measure.nodes.onnxruntime.graph import TimedGraph, layer_index, row_names
from trtcore.measure.nodes.onnxruntime.passes import Prepared, Timed, prepare, time_interleaved
from trtcore.measure.nodes.onnxruntime.session import (
    Inputs,
    open_session,
    physical_cores,
    run_session,
)
from trtcore.measure.nodes.onnxruntime.trace import NodeTimes, TypedShape
from trtcore.measure.nodes.run import NodeRun
from trtcore.measure.nodes.turns import LEAST_ITERATIONS, MOST_ITERATIONS, WARM_UP, NodeRunLength
from trtcore.models.model import Model
from trtcore.models.onnx.walk import walk_nodes
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import Layer, TensorInfo
from trtcore.result.records.memory import MemoryPoint
from trtcore.result.records.method import Method, Timer
from trtcore.result.records.samples import Samples
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.progress import Progress


def runtime_label() -> str:
    """Name and version for reports, such as ``ONNX Runtime 1.31.1``."""
    return f"ONNX Runtime {onnxruntime.__version__}"


def run_model(model: Model, inputs: Inputs, *, threads: int | None = None) -> dict[str, Any]:
    """Runs a model once, un-fused, and returns its outputs by name.

    Args:
        model: the model.
        inputs: an array per input.
        threads: threads within an operator; the number of physical cores if left out.

    Raises:
        ModelError: ONNX Runtime refuses the model or the inputs.
        OptionError: threads below 1.
    """
    session = open_session(model, _threads(threads))
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, run_session(session, model, inputs), strict=True))


def profile_nodes(
    model: Model,
    inputs: Inputs,
    *,
    iterations: int | None,
    max_seconds: float = 10.0,
    min_iterations: int = LEAST_ITERATIONS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> NodeRun:
    """Times every node of the un-fused model, interleaved with the model without a profiler.

    Ctrl-C ends the run and keeps what was measured, if anything was.

    Args:
        model: the model.
        inputs: an array per input.
        iterations: of each of the two passes; None for as many as fit ``max_seconds``, up to 1000.
        max_seconds: time for both passes if iterations is None.
        min_iterations: fewest of a pass, however long they take, if iterations is None.
        threads: threads within an operator; the number of physical cores if left out.
        progress: called with (phase, done, total) after every iteration.

    Raises:
        ModelError: ONNX Runtime refuses the model or the inputs.
        OptionError: iterations or threads below 1.
    """
    _check_positive("iterations", iterations)
    _check_positive("min_iterations", min_iterations)
    length = NodeRunLength(iterations, max_seconds, min_iterations, progress)
    return _profile([(model, inputs)], [""], length, _threads(threads))[0]


def profile_in_turns(
    models: Sequence[tuple[Model, Inputs]],
    *,
    labels: Sequence[str],
    iterations: int | None,
    max_seconds: float = 10.0,
    min_iterations: int = LEAST_ITERATIONS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[NodeRun, ...]:
    """Times several models as `profile_nodes` does, all interleaved, so that they can be compared.

    Args:
        models: each with an array per input.
        labels: name of each in progress reports.
        iterations: of each pass; None for as many as fit ``max_seconds`` for each model.
        max_seconds: time for both passes of a model if iterations is None.
        min_iterations: fewest of a pass, however long they take, if iterations is None.
        threads: threads within an operator; the number of physical cores if left out.
        progress: called with (phase, done, total) after every iteration.

    Raises:
        ModelError: ONNX Runtime refuses a model or its inputs.
        OptionError: iterations or threads below 1.
        KeyboardInterrupt: Ctrl-C before every model had something to keep.
    """
    _check_positive("iterations", iterations)
    _check_positive("min_iterations", min_iterations)
    length = NodeRunLength(iterations, max_seconds * len(models), min_iterations, progress)
    return _profile(models, labels, length, _threads(threads))


def _profile(
    models: Sequence[tuple[Model, Inputs]],
    labels: Sequence[str],
    length: NodeRunLength,
    threads: int,
) -> tuple[NodeRun, ...]:
    log = MemoryLog()
    log.note(MemoryPoint.BEFORE)
    prepared = [
        Prepared(prepare(model, inputs, threads), inputs, label)
        for (model, inputs), label in zip(models, labels, strict=True)
    ]
    runs = time_interleaved(prepared, threads, length, lambda: log.note(MemoryPoint.ENGINE))
    log.note(MemoryPoint.AFTER)
    # Of several graphs in one process it is not known what each of them needs.
    memory = log.record() if len(models) == 1 else None
    method = _method(threads, length, len(models))
    return tuple(
        replace(_node_run(model, network.graph, timed, length, method), memory=memory)
        for (model, _), network, timed in zip(models, prepared, runs, strict=True)
    )


def _node_run(
    model: Model, graph: TimedGraph, timed: Timed, length: NodeRunLength, method: Method
) -> NodeRun:
    # The profiler stops when its buffer is full, so fewer iterations may have layer times.
    layers = _layers(graph, timed.nodes)
    done = len(timed.nodes.layer_ms)
    return NodeRun(
        backend="onnxruntime",
        runtime=runtime_label(),
        layers=layers,
        samples=Samples(
            layer_ms=timed.nodes.layer_ms,
            wall_ms=np.array(timed.wall_ms, dtype=np.float32),
            profiled_wall_ms=np.array(timed.profiled_wall_ms[:done], dtype=np.float32),
        ),
        counts=Counts(length.iterations or 0, 2 * WARM_UP, done, timed.interrupted),
        method=method,
        warnings=(
            *_missing(model, layers),
            *_extra(model, layers),
            *_cut(done, len(timed.profiled_wall_ms)),
        ),
    )


def _layers(graph: TimedGraph, times: NodeTimes) -> tuple[Layer, ...]:
    return tuple(
        _with_shapes(_layer(graph, name, kind), inputs, outputs)
        for name, kind, inputs, outputs in zip(
            times.names, times.kinds, times.inputs, times.outputs, strict=True
        )
    )


def _layer(graph: TimedGraph, name: str, kind: str) -> Layer:
    index = layer_index(name)
    return Layer(name, kind) if index is None else graph.layers[index]


def _with_shapes(
    layer: Layer, inputs: tuple[TypedShape, ...], outputs: tuple[TypedShape, ...]
) -> Layer:
    return replace(
        layer, inputs=_typed(layer.inputs, inputs), outputs=_typed(layer.outputs, outputs)
    )


def _typed(tensors: tuple[TensorInfo, ...], seen: tuple[TypedShape, ...]) -> tuple[TensorInfo, ...]:
    # Where the profile does not list every tensor, it is unknown which ones it lists.
    if len(tensors) != len(seen):
        return tensors
    return tuple(
        TensorInfo(tensor.name, shape, dtype)
        for tensor, (dtype, shape) in zip(tensors, seen, strict=True)
    )


def _method(threads: int, length: NodeRunLength, models: int) -> Method:
    method = Method(Timer.ONNXRUNTIME, threads=threads)
    if length.iterations is not None:
        return method
    return replace(
        method,
        fit_s=length.seconds / models,
        fewest=length.fewest if length.fewest != LEAST_ITERATIONS else 0,
        most=max(MOST_ITERATIONS, length.fewest),
    )


def _missing(model: Model, layers: tuple[Layer, ...]) -> Iterator[RunWarning]:
    run = {node for layer in layers for node in layer.nodes}
    nodes = list(walk_nodes(model.proto.graph))
    kinds = Counter(node.op_type for node in nodes if node.name not in run)
    if kinds:
        numbers = (kinds.total(), len(nodes), *kinds.values())
        yield RunWarning(WarningKind.NODES_NOT_RUN, numbers, tuple(kinds))


def _extra(model: Model, layers: tuple[Layer, ...]) -> Iterator[RunWarning]:
    own = set(row_names(model).values())
    kinds = Counter(layer.kind for layer in layers if layer.name not in own)
    if kinds:
        yield RunWarning(WarningKind.NODES_ADDED, tuple(kinds.values()), tuple(kinds))


def _cut(timed: int, run: int) -> Iterator[RunWarning]:
    if timed != run:
        yield RunWarning(WarningKind.NODE_PROFILE_FULL, (timed, run))


def _threads(threads: int | None) -> int:
    _check_positive("threads", threads)
    return physical_cores() if threads is None else threads


def _check_positive(name: str, value: int | None) -> None:
    if value is not None and value < 1:
        raise OptionError(f"{name} is {value}, expected at least 1")
