"""What a CUDA graph saves of a plan, by CUDA's own calls: no trtcore loop and no profiler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cuda.bindings import runtime
from gpu_rig import loaded_rig
from graph_loop import captured_graph
from harness import interleave, milliseconds

from trtcore.engine.choice import choose_backend
from trtcore.measure.device.cuda import check

_ROUNDS = 11
_ITERATIONS = 50


def enqueued_and_as_graph(plan: str) -> tuple[float, float]:
    """Host time of an iteration of a plan that is waited for, in ms: enqueued, and as a graph.

    A function of a module, so that it can be called in a fresh process: other engines in a process
    make every kernel slower (results/process_state.md).
    """
    bindings = choose_backend().bindings
    assert bindings is not None
    with loaded_rig(bindings, Path(plan).read_bytes(), _ITERATIONS) as rig:
        enqueued = rig.context()
        # The graph works in the context's memory, so the context has to live as long.
        in_graph = rig.context()
        graph = captured_graph(in_graph, rig.stream)
        times = interleave(
            {
                "enqueued": lambda: milliseconds(lambda: _enqueue(enqueued, rig.stream)),
                "graph": lambda: milliseconds(lambda: _launch(graph, rig.stream)),
            },
            _ROUNDS,
        )
        del in_graph
    return times["enqueued"] / _ITERATIONS, times["graph"] / _ITERATIONS


def _enqueue(context: Any, stream: int) -> None:
    for _ in range(_ITERATIONS):
        assert context.execute_async_v3(stream)
        check(runtime.cudaStreamSynchronize(stream), "synchronising")


def _launch(graph: Any, stream: int) -> None:
    for _ in range(_ITERATIONS):
        check(runtime.cudaGraphLaunch(graph, stream), "launching")
        check(runtime.cudaStreamSynchronize(stream), "synchronising")
