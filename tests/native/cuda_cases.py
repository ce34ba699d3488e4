"""Timelines, gates and graphs on a CUDA driver whose one stream runs on the host.

`test_cuda.py` collects these, in a process whose loader finds that driver.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import trtcore_fake

from trtcore import _core
from trtcore.clocks import ClockMonitor
from trtcore.errors import RunError
from trtcore.result import Layer
from trtcore.session import cupti, engine_run
from trtcore.session.engine_run import RunOptions
from trtcore.session.kernels import trace_kernels
from trtcore.session.loops import NativeLoops, ignore
from trtcore.session.run import Length, Subject, measure

STREAM = 1
HELD = "not gated, so that times hold launch gaps: "
DRIVER = ctypes.CDLL("libcuda.so.1")
RUN = ctypes.cast(DRIVER.fake_cuda_run, ctypes.c_void_p).value
CALLS = [
    (_core.StreamTimeline, "cuStreamSynchronize"),
    *product(
        (_core.CudaTimeline, _core.GatedTimeline),
        ("cuStreamSynchronize", "cuEventElapsedTime", "start", "end"),
    ),
]


def fail(call: str, succeed_before: int = 0) -> None:
    DRIVER.fake_cuda_fail(call.encode(), succeed_before)


def is_held() -> bool:
    return bool(DRIVER.fake_cuda_is_held() & 1)


@pytest.fixture(autouse=True)
def driver() -> Iterator[None]:
    """Nothing of the driver is left behind, and no word that the stream still looks at."""
    fail("")
    DRIVER.fake_cuda_synchronize_at(-1)
    yield
    fail("")
    gc.collect()
    assert DRIVER.fake_cuda_alive() == 0
    assert DRIVER.fake_cuda_freed_in_use() == 0


class Pair:
    """Two contexts of an engine, as a run has them; an iteration takes 50 us of the host."""

    def __init__(self, rig_of: Any, layout: int = 10) -> None:
        self.plain, self.profiled = rig_of(layout), rig_of(layout)
        for rig in (self.plain, self.profiled):
            rig.context.busy_us = 50

    def loops(self, bindings: tuple[int, ...] = ()) -> NativeLoops:
        views = self.plain.view, self.profiled.view
        bare, timeline = _core.StreamTimeline(STREAM), _core.CudaTimeline(STREAM)
        return NativeLoops(*views, timeline, bindings, bare)

    def gated(self) -> NativeLoops:
        loops = self.loops()
        loops.open_gate(STREAM)
        assert loops.problems == ()
        return loops

    def ready(self, sync: str = "enqueue") -> NativeLoops:
        """As a run makes them."""
        bindings = SimpleNamespace(
            layout=10,
            label="TensorRT",
            module=SimpleNamespace(Profiler=trtcore_fake.Profiler10),
            log=SimpleNamespace(last_error=lambda: "nothing was logged"),
        )
        tensors = [SimpleNamespace(buffer=SimpleNamespace(address=64))]
        contexts = self.plain.context, self.profiled.context
        options = RunOptions(Length(10), sync=sync)
        loops = engine_run._loops(bindings, *contexts, STREAM, tensors, options)  # type: ignore[arg-type]
        assert isinstance(loops, NativeLoops)
        return loops


@pytest.fixture
def pair(rig_of: Any) -> Pair:
    return Pair(rig_of)


def spans(rig: Any, timeline: _core.Timeline, count: int = 20) -> Any:
    """Wall times and spans of an engine that keeps the host busy for 200 us."""
    rig.context.busy_us = 200
    wall, enqueue, gpu, interrupted = _core.time_inference(rig.view, timeline, count)
    assert (len(wall), len(enqueue), len(gpu), interrupted) == (count, count, count, False)
    assert np.all(wall >= 0.2)
    assert np.all(enqueue >= 0.2)
    return wall, gpu


def test_a_stream_has_no_spans(rig: Any) -> None:
    _, gpu = spans(rig, _core.StreamTimeline(STREAM))
    assert np.all(np.isnan(gpu))


def test_events_hold_the_launch_too(rig: Any) -> None:
    wall, gpu = spans(rig, _core.CudaTimeline(STREAM))
    assert np.all(gpu >= 0.2)
    assert np.all(gpu <= wall)


def test_a_gated_span_is_free_of_the_launch(rig: Any) -> None:
    timeline = _core.GatedTimeline(STREAM)
    _, gpu = spans(rig, timeline)
    assert np.median(gpu) < 0.1
    assert not timeline.spoilt
    assert not is_held()


def test_holding_and_releasing_takes_next_to_nothing(rig: Any) -> None:
    rig.context.busy_us = 0
    events, gate = _core.CudaTimeline(STREAM), _core.GatedTimeline(STREAM)
    walls = [np.median(_core.time_inference(rig.view, it, 5000)[0]) for it in (events, gate)]
    assert walls[1] - walls[0] < 0.02


@pytest.mark.parametrize(
    ("kind", "call", "succeed_before"),
    [
        (_core.CudaTimeline, "cuEventCreate", 0),
        (_core.CudaTimeline, "cuEventCreate", 1),
        (_core.GatedTimeline, "cuMemHostAlloc", 0),
        (_core.GatedTimeline, "cuMemHostGetDevicePointer", 0),
    ],
)
def test_what_a_timeline_cannot_get_is_named(
    kind: Callable[[int], _core.Timeline], call: str, succeed_before: int
) -> None:
    fail(call, succeed_before)
    with pytest.raises(RuntimeError, match=rf"{call} failed: made up \(CUDA error 700\)"):
        kind(STREAM)


@pytest.mark.parametrize(("kind", "call"), CALLS)
@pytest.mark.parametrize("iteration", [0, 3])
def test_a_failing_call_is_named_and_leaves_nothing_held(
    rig: Any, kind: Callable[[int], _core.Timeline], iteration: int, call: str
) -> None:
    timeline = kind(STREAM)
    if call in ("start", "end"):
        fail("cuEventRecord", 2 * iteration + (call == "end"))
    else:
        fail(call, iteration)
    with pytest.raises(RuntimeError, match=r"cu\w+ failed: made up"):
        _core.time_inference(rig.view, timeline, 5)
    assert not is_held(), "not even until the watchdog comes"
    fail("")
    assert len(_core.time_inference(rig.view, timeline, 5)[0]) == 5
    assert not timeline.spoilt


def test_a_stream_that_cannot_be_held_is_told(rig: Any) -> None:
    timeline = _core.GatedTimeline(STREAM)
    fail("cuStreamWaitValue32", 2)
    with pytest.raises(RuntimeError, match="cuStreamWaitValue32 failed: made up"):
        _core.time_inference(rig.view, timeline, 5)
    assert rig.context.runs == 2


@pytest.mark.parametrize("profiled", [False, True])
def test_a_failing_enqueue_lets_the_stream_go(rig: Any, profiled: bool) -> None:
    timeline = _core.GatedTimeline(STREAM)
    rig.context.fail_at = 3
    plain, layers = _core.time_inference, partial(_core.time_layers, recorder=None)
    with pytest.raises(RuntimeError, match="enqueueV3 failed in iteration 3"):
        (layers if profiled else plain)(rig.view, timeline=timeline, iterations=10)
    assert not is_held()
    assert not timeline.spoilt


def test_the_watchdog_lets_a_waiting_enqueue_go(rig: Any) -> None:
    timeline = _core.GatedTimeline(STREAM)
    rig.context.on_run = RUN
    DRIVER.fake_cuda_synchronize_at(2)
    start = time.perf_counter()
    wall, *_, interrupted = _core.time_inference(rig.view, timeline, 10)
    assert 0.1 <= time.perf_counter() - start < 1
    assert (len(wall), interrupted, timeline.spoilt) == (2, False, True)
    assert not is_held()
    assert len(_core.time_inference(rig.view, timeline, 10)[0]) == 0, "of no more use"


def test_a_gate_that_works_is_no_problem(pair: Pair) -> None:
    loops = pair.gated()
    assert loops.gated is not None
    times = loops.time_gated(10, ignore)
    assert times is not None
    assert len(times.gpu_ms) == 10
    assert loops.problems == ()


@pytest.mark.parametrize("value", ["1", "true"])
def test_blocking_launches_leave_no_gate(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CUDA_LAUNCH_BLOCKING", value)
    loops = pair.loops()
    loops.open_gate(STREAM)
    assert loops.problems == (f"{HELD}CUDA_LAUNCH_BLOCKING is set",)
    assert pair.plain.context.runs == 0


@pytest.mark.parametrize("value", ["", "0"])
def test_launches_that_do_not_block_have_one(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CUDA_LAUNCH_BLOCKING", value)
    pair.gated()


def test_execute_v2_has_neither_gate_nor_graph(pair: Pair) -> None:
    loops = pair.loops(bindings=(64,))
    loops.open_gate(STREAM)
    loops.capture_graph(STREAM)
    assert loops.problems == (
        f"{HELD}executeV2 synchronises by itself",
        "no CUDA graph: executeV2 synchronises by itself",
    )
    assert loops.time_gated(3, ignore) is None
    assert loops.time_graph(3, ignore) is None


@pytest.mark.parametrize("call", ["cuMemHostAlloc", "cuStreamWaitValue32", "cuEventRecord"])
def test_a_driver_that_cannot_hold_a_stream_is_told(pair: Pair, call: str) -> None:
    loops = pair.loops()
    fail(call)
    loops.open_gate(STREAM)
    assert loops.problems == (f"{HELD}{call} failed: made up (CUDA error 700)",)
    assert loops.gated is None


@pytest.mark.parametrize("slow", [False, True], ids=["waits", "is slow"])
def test_an_enqueue_that_does_not_return_leaves_no_gate(pair: Pair, slow: bool) -> None:
    loops = pair.loops()
    if slow:
        pair.plain.context.busy_us = 150_000
    else:
        pair.plain.context.on_run = RUN
        DRIVER.fake_cuda_synchronize_at(1)
    loops.open_gate(STREAM)
    assert loops.problems == (f"{HELD}the enqueue call did not return within 100 ms",)
    assert loops.gated is None
    assert loops.time_gated(5, ignore) is None


@pytest.mark.parametrize("layers", [False, True])
def test_a_gate_that_trips_later_is_given_up(pair: Pair, layers: bool) -> None:
    loops, recorder = pair.gated(), _core.LayerRecorder()
    rig = pair.profiled if layers else pair.plain
    rig.context.on_run = RUN
    loops.attach(recorder)
    DRIVER.fake_cuda_synchronize_at(3)
    times = loops.time_layers(recorder, 10, ignore) if layers else loops.time_gated(10, ignore)
    assert times is not None
    assert len(times.gpu_ms) == 3
    assert loops.problems == (f"{HELD}the stream was held for 100 ms before all was queued",)
    assert loops.gated is None
    assert len(loops.time_layers(recorder, 10, ignore).gpu_ms) == 10
    loops.detach(recorder)


def test_a_graph_is_launched_instead(pair: Pair) -> None:
    loops = pair.loops()
    loops.capture_graph(STREAM)
    assert pair.plain.context.runs == 1
    times = loops.time_graph(20, ignore)
    assert times is not None
    assert len(times.gpu_ms) == 20
    assert (pair.plain.context.runs, loops.problems) == (1, ())
    fail("cuGraphLaunch")
    with pytest.raises(RuntimeError, match="cuGraphLaunch failed: made up"):
        loops.time_graph(1, ignore)


@pytest.mark.parametrize(
    "call", ["cuStreamBeginCapture", "cuStreamEndCapture", "cuGraphInstantiate"]
)
def test_a_capture_that_cuda_refuses_is_told(pair: Pair, call: str) -> None:
    fail(call)
    loops = pair.loops()
    loops.capture_graph(STREAM)
    assert loops.problems == (f"no CUDA graph: {call} failed: made up (CUDA error 700)",)
    assert loops.time_graph(1, ignore) is None


def test_a_capture_that_tensorrt_refuses_is_told(pair: Pair) -> None:
    pair.plain.context.fail_at = 0
    loops = pair.loops()
    loops.capture_graph(STREAM)
    words = "TensorRT refused to enqueue while the stream was captured"
    assert loops.problems == (f"no CUDA graph: {words}",)


def test_an_enqueue_that_synchronises_cannot_be_captured(pair: Pair) -> None:
    pair.plain.context.on_run = RUN
    DRIVER.fake_cuda_synchronize_at(0)
    loops = pair.loops()
    loops.capture_graph(STREAM)
    (problem,) = loops.problems
    assert "cuStreamEndCapture failed: not permitted in a capture (CUDA error 900)" in problem


def test_a_graph_keeps_its_context_alive(rig: Any) -> None:
    context = rig.context
    references = sys.getrefcount(context)
    graph = _core.Graph(_core.Context(context, rig.layout), STREAM)
    gc.collect()
    assert sys.getrefcount(context) > references
    del graph
    gc.collect()
    assert sys.getrefcount(context) == references


def test_host_times_and_spans_are_of_iterations_of_their_own(pair: Pair) -> None:
    times = pair.loops().time_inference(5, ignore)
    assert len(times.wall_ms) == len(times.enqueue_ms) == len(times.gpu_ms) == 5
    assert np.all(np.isfinite(times.gpu_ms))
    assert pair.plain.context.runs == 10


@pytest.mark.parametrize(("run", "runs", "spans"), [(1, 5, 0), (6, 10, 5)])
def test_ctrl_c_ends_either_part(pair: Pair, run: int, runs: int, spans: int) -> None:
    pair.plain.context.interrupt_at = run
    times = pair.loops().time_inference(5, ignore)
    assert times.interrupted
    assert (len(times.wall_ms), len(times.gpu_ms)) == (5, spans)
    assert pair.plain.context.runs == runs


def test_the_first_enqueue_of_either_context_may_synchronise(pair: Pair) -> None:
    pair.profiled.context.on_run = RUN
    DRIVER.fake_cuda_synchronize_at(0)
    loops, recorder = pair.ready(), _core.LayerRecorder()
    loops.attach(recorder)
    assert len(loops.time_layers(recorder, 10, ignore).gpu_ms) == 10
    loops.detach(recorder)
    assert loops.problems == ()
    assert recorder.names == ["conv1", "relu1", "conv1"]


def test_a_whole_run_has_all_passes(pair: Pair) -> None:
    loops = pair.ready()
    assert not pair.profiled.context.enqueue_emits_profile
    with ClockMonitor() as monitor:
        (run,) = measure([Subject(loops, monitor)], Length(20), lambda: "nothing was logged")
    samples = run.samples
    assert samples.layer_ms.shape == (20, 3)
    for times in (samples.wall_ms, samples.gpu_ms, samples.gated_ms, samples.graph_ms):
        assert times.shape == (20,)
        assert np.all(np.isfinite(times))
    assert np.median(samples.gated_ms) < 0.05 < np.median(samples.gpu_ms)
    assert run.problems == ()


def test_execute_v2_is_run_once_before_it_is_timed(pair: Pair) -> None:
    loops = pair.ready("execute")
    assert len(loops.problems) == 2
    assert pair.profiled.context.enqueue_emits_profile
    assert (pair.plain.context.runs, pair.profiled.context.runs) == (2, 1)


@pytest.mark.parametrize("profiled", [False, True])
def test_a_failing_first_enqueue_is_one_line(pair: Pair, profiled: bool) -> None:
    rig = pair.profiled if profiled else pair.plain
    rig.context.fail_at = 0
    with pytest.raises(RunError, match="enqueueV3 failed in iteration 0: nothing was logged"):
        pair.ready()


@pytest.mark.parametrize("run", [0, 1, 2, 3, 4], ids=["bare", "events", *("probe",) * 3])
def test_ctrl_c_before_the_run_is_not_lost(pair: Pair, run: int) -> None:
    pair.plain.context.interrupt_at = run
    with pytest.raises(KeyboardInterrupt):
        pair.ready()
    assert pair.plain.context.runs == (run + 1 if run < 2 else 5)


def test_ctrl_c_in_the_first_profiled_enqueue_is_not_lost(pair: Pair) -> None:
    pair.profiled.context.interrupt_at = 0
    with pytest.raises(KeyboardInterrupt):
        pair.ready()
    assert pair.plain.context.runs == 2, "no gate was tried"


LAYERS = (Layer("conv1", "conv", stream=0), Layer("relu1", "relu", stream=0))


@pytest.fixture
def tracing(pair: Pair, fake_cupti: Any, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Launches three kernels for two layers, so that they have to be mapped by times."""
    monkeypatch.setattr(cupti, "cupti_candidates", lambda: (fake_cupti.path,))
    fake_cupti.script(*((name, 1000, 5000, 7) for name in ("conv", "splitk", "relu")))
    pair.plain.context.on_run = fake_cupti.run_address
    return pair


def test_a_gate_that_trips_while_mapping_costs_the_mapping_alone(tracing: Pair) -> None:
    loops = tracing.gated()
    tracing.profiled.context.on_run = RUN
    DRIVER.fake_cuda_synchronize_at(5)
    found, interrupted = trace_kernels(loops, LAYERS, 10)
    assert found is not None
    assert (len(found.kernel_ms), interrupted) == (10, False)
    words = "no profiled iterations: the stream was held for 100 ms while kernels were traced"
    assert found.mapping.endswith(f"{words})")
    assert loops.gated is None


def test_a_first_profiled_iteration_that_trips_costs_the_mapping_alone(tracing: Pair) -> None:
    loops = tracing.gated()
    tracing.profiled.context.busy_us = 150_000
    found, _ = trace_kernels(loops, LAYERS, 10)
    assert found is not None
    assert "the first profiled iteration was not finished" in found.mapping


def test_a_gate_that_trips_while_tracing_is_given_up(tracing: Pair) -> None:
    loops = tracing.gated()
    tracing.plain.context.busy_us = 120_000
    found, _ = trace_kernels(loops, LAYERS, 1)
    assert found is not None
    assert not found.is_gated
    assert loops.problems == (f"{HELD}the stream was held for 100 ms while kernels were traced",)
