"""CUDA graphs of an engine: captured and launched by trtcore, and by plain CUDA calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from cuda.bindings import runtime
from gpu_rig import Rig

from trtcore.measure import _core
from trtcore.measure.device.cuda import check

ENQUEUES_BEFORE = 3


def trtcore_graph(rig: Rig) -> Callable[[], float]:
    """Returns what launches trtcore's graph and gives the median time between events, in ms."""
    view, timer = rig.view(rig.context()), _core.EventTimer(rig.stream)
    _core.time_inference(view, timer, ENQUEUES_BEFORE)
    graph = _core.Graph(view, rig.stream)

    def run() -> float:
        times = _core.time_inference(view, timer, rig.iterations, (), graph)
        return float(np.median(times[2]))

    return run


def bare_graph(rig: Rig) -> Callable[[], float]:
    """Returns the same for a graph made and launched through cuda-python alone."""
    stream, events = rig.stream, [_event(), _event()]
    # The graph works in the context's memory, so the context has to live as long.
    context = rig.context()
    executable = captured_graph(context, stream)

    def once() -> float:
        assert context is not None
        check(runtime.cudaEventRecord(events[0], stream), "recording")
        check(runtime.cudaGraphLaunch(executable, stream), "launching")
        check(runtime.cudaEventRecord(events[1], stream), "recording")
        check(runtime.cudaStreamSynchronize(stream), "synchronising")
        return float(check(runtime.cudaEventElapsedTime(*events), "asking for the time"))

    return lambda: float(np.median([once() for _ in range(rig.iterations)]))


def _event() -> Any:
    return check(runtime.cudaEventCreate(), "creating an event")


def captured_graph(context: Any, stream: int) -> Any:
    """Captures a context's inference as a CUDA graph, after enqueueing it as it is."""
    for _ in range(ENQUEUES_BEFORE):
        assert context.execute_async_v3(stream)
    check(runtime.cudaStreamSynchronize(stream), "synchronising")
    mode = runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
    check(runtime.cudaStreamBeginCapture(stream, mode), "beginning a capture")
    assert context.execute_async_v3(stream)
    graph = check(runtime.cudaStreamEndCapture(stream), "ending a capture")
    return check(runtime.cudaGraphInstantiate(graph, 0), "instantiating a graph")
