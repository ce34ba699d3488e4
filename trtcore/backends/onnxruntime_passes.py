"""The passes of a run on the CPU: a session, its warm-up, and as many iterations as planned."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from trtcore.backends.onnxruntime_profile import NodeTimes, read_profile
from trtcore.backends.onnxruntime_session import (
    Inputs,
    graph_as_run,
    open_session,
    run_session,
)
from trtcore.backends.timed_graph import TimedGraph, layer_index, timed_graph
from trtcore.models.model import Model
from trtcore.models.onnx_graph import fits_in_memory

WARM_UP = 2
MOST_ITERATIONS = 1000

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class PassPlan:
    """How long one pass goes on.

    Attributes:
        iterations: how many; None for as many as fit the seconds.
        seconds: time for the pass, with its warm-up.
        fewest: how many even if the time is over.
        progress: called with (phase, done, total) after every iteration.
    """

    iterations: int | None
    seconds: float
    fewest: int
    progress: Progress | None = None

    def total(self, done: int, elapsed: float) -> int:
        """How many iterations there will be, as far as can be told by now."""
        if self.iterations is not None:
            return self.iterations
        return min(max(int(self.seconds * done / elapsed), self.fewest), MOST_ITERATIONS)


def prepare(model: Model, inputs: Inputs, threads: int) -> TimedGraph:
    """Returns the graph to time; runs it once.

    It is flattened only if need be, as that writes the weights to disk.

    Raises:
        ModelError: ONNX Runtime refuses the model or the inputs.
    """
    timed = timed_graph(model)
    with _profiling_session(timed, threads) as session:
        run_session(session, timed.model, inputs, timed.layers)
        names = read_profile(Path(session.end_profiling()), 0, 1).names
    known = all(layer_index(name) is not None for name in names)
    if known or not fits_in_memory(model):
        return timed
    return graph_as_run(model, timed, threads)


def profiled_pass(
    graph: TimedGraph, inputs: Inputs, threads: int, plan: PassPlan
) -> tuple[NodeTimes, list[float], bool]:
    """Times every node.

    Returns:
        The times, the wall time of each iteration in ms, and whether Ctrl-C ended the pass.

    Raises:
        KeyboardInterrupt: Ctrl-C before anything was measured.
    """
    with _profiling_session(graph, threads) as session:
        wall, interrupted = _repeat(session, graph, inputs, plan, "timing layers")
        if not wall:
            raise KeyboardInterrupt
        return read_profile(Path(session.end_profiling()), WARM_UP, len(wall)), wall, interrupted


def plain_pass(
    graph: TimedGraph, inputs: Inputs, threads: int, plan: PassPlan
) -> tuple[list[float], bool]:
    """Times whole iterations without a profiler: wall times in ms, and whether Ctrl-C came."""
    session = open_session(graph.model, threads, layers=graph.layers)
    return _repeat(session, graph, inputs, plan, "timing inference")


@contextmanager
def _profiling_session(graph: TimedGraph, threads: int) -> Iterator[Any]:
    with tempfile.TemporaryDirectory(prefix="trtcore-") as folder:
        head = Path(folder, "nodes")
        yield open_session(graph.model, threads, layers=graph.layers, profile_to=head)


def _repeat(
    session: Any, graph: TimedGraph, inputs: Inputs, plan: PassPlan, phase: str
) -> tuple[list[float], bool]:
    """Returns the wall time of each iteration in ms, and whether Ctrl-C ended it."""
    times: list[float] = []
    start = perf_counter()
    try:
        for _ in range(WARM_UP):
            run_session(session, graph.model, inputs, graph.layers)
        while len(times) < plan.total(len(times), perf_counter() - start):
            before = perf_counter()
            run_session(session, graph.model, inputs, graph.layers)
            times.append((perf_counter() - before) * 1000)
            if plan.progress:
                plan.progress(phase, len(times), plan.total(len(times), perf_counter() - start))
    except KeyboardInterrupt:
        return times, True
    return times, False
