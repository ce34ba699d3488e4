"""The two passes of a run on the CPU: a session with ONNX Runtime's profiler, and one without."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from trtcore.measure.nodes.onnxruntime.graph import TimedGraph, layer_index, timed_graph
from trtcore.measure.nodes.onnxruntime.session import (
    Inputs,
    graph_as_run,
    open_session,
    run_session,
)
from trtcore.measure.nodes.onnxruntime.trace import NodeTimes, read_profile
from trtcore.measure.nodes.turns import WARM_UP, NodeRunLength, Pass, interleave
from trtcore.models.model import Model
from trtcore.models.onnx.graph import fits_in_memory


@dataclass(frozen=True, eq=False)
class Prepared:
    """A graph that is ready to be timed.

    Attributes:
        graph: was run once.
        inputs: an array per input.
        label: tells it from others that are timed interleaved with it; ``""`` if there are none.
    """

    graph: TimedGraph
    inputs: Inputs
    label: str = ""


@dataclass(frozen=True, eq=False)
class Timed:
    """The times of both passes.

    Attributes:
        nodes: times of the nodes; maybe of fewer iterations than were run.
        profiled_wall_ms: host time of each profiled iteration.
        wall_ms: host time of each un-profiled iteration.
        interrupted: Ctrl-C ended the passes early.
    """

    nodes: NodeTimes
    profiled_wall_ms: list[float]
    wall_ms: list[float]
    interrupted: bool


def prepare(model: Model, inputs: Inputs, threads: int) -> TimedGraph:
    """Returns the graph to time; runs it once.

    It is flattened only where ONNX Runtime replaced nodes, as that writes the weights to disk.

    Raises:
        ModelError: ONNX Runtime refuses the model or the inputs.
    """
    timed = timed_graph(model)
    with _profiling_session(timed, threads) as session:
        run_session(session, timed.model, inputs, timed.layers)
        names = read_profile(Path(session.end_profiling()), 0, 1).names
    known = all(layer_index(name) is not None for name in names)
    # ONNX Runtime cannot save a graph above protobuf's 2 GB in one file: its extra nodes stay rows
    # without a node.
    if known or not fits_in_memory(model):
        return timed
    return graph_as_run(model, timed, threads)


def time_interleaved(
    prepared: Sequence[Prepared],
    threads: int,
    length: NodeRunLength,
    when_loaded: Callable[[], None] = lambda: None,
) -> tuple[Timed, ...]:
    """Times the nodes of every graph, interleaved with whole iterations without a profiler.

    ``when_loaded`` is called once all sessions are made, before anything is timed.

    Raises:
        ModelError: a node failed.
        KeyboardInterrupt: Ctrl-C before every graph had something to keep.
    """
    with ExitStack() as stack:
        profiling = [
            stack.enter_context(_profiling_session(network.graph, threads)) for network in prepared
        ]
        passes = [
            timed_pass
            for network, session in zip(prepared, profiling, strict=True)
            for timed_pass in _passes(network, session, threads)
        ]
        when_loaded()
        walls, interrupted = interleave(passes, length)
        # Passes alternate: with the profiler and without, for each graph.
        pairs = list(zip(walls[::2], walls[1::2], strict=True))
        if not all(profiled for profiled, _ in pairs):
            raise KeyboardInterrupt
        return tuple(
            Timed(_node_times(one.graph, session, len(profiled)), profiled, plain, interrupted)
            for one, session, (profiled, plain) in zip(prepared, profiling, pairs, strict=True)
        )


def _passes(network: Prepared, profiling: Any, threads: int) -> tuple[Pass[float], Pass[float]]:
    graph = network.graph
    plain = open_session(graph.model, threads, layers=graph.layers)

    def timed_run(session: Any) -> float:
        before = perf_counter()
        run_session(session, graph.model, network.inputs, graph.layers)
        return (perf_counter() - before) * 1000

    suffix = f", {network.label}" if network.label else ""
    return (
        Pass(f"timing layers{suffix}", partial(timed_run, profiling)),
        Pass(f"timing inference{suffix}", partial(timed_run, plain)),
    )


def _node_times(graph: TimedGraph, session: Any, iterations: int) -> NodeTimes:
    return read_profile(Path(session.end_profiling()), WARM_UP, iterations, graph.holders)


@contextmanager
def _profiling_session(graph: TimedGraph, threads: int) -> Iterator[Any]:
    with tempfile.TemporaryDirectory(prefix="trtcore-") as folder:
        head = Path(folder, "nodes")
        yield open_session(graph.model, threads, layers=graph.layers, profile_to=head)
