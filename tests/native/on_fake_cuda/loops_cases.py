"""Gates and graphs of an engine's loops: when they work, and why not."""

from __future__ import annotations

import gc
import sys
from typing import Any

import numpy as np
import pytest
from words import texts

from trtcore.measure import _core
from trtcore.measure.loops.times import ignore

STREAM = 1
HELD = "GPU times include launch overhead, as the stream was not gated: "


def test_a_gate_that_works_is_no_problem(pair: Any) -> None:
    loops = pair.gated()
    assert loops.gated is not None
    times = loops.time_gated(10, ignore)
    assert times is not None
    assert len(times.gpu_ms) == 10
    assert loops.problems == ()


@pytest.mark.parametrize("value", ["1", "true"])
def test_blocking_launches_leave_no_gate(
    pair: Any, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CUDA_LAUNCH_BLOCKING", value)
    loops = pair.loops()
    loops.open_gate(STREAM)
    assert texts(loops.problems) == (f"{HELD}CUDA_LAUNCH_BLOCKING is set",)
    assert pair.plain.context.runs == 0


@pytest.mark.parametrize("value", ["", "0"])
def test_launches_that_do_not_block_have_one(
    pair: Any, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CUDA_LAUNCH_BLOCKING", value)
    pair.gated()


def test_execute_v2_has_neither_gate_nor_graph(pair: Any) -> None:
    loops = pair.loops(bindings=(64,))
    loops.open_gate(STREAM)
    loops.capture_graph(STREAM)
    assert texts(loops.problems) == (
        f"{HELD}executeV2 is synchronous",
        "no CUDA graph: executeV2 is synchronous",
    )
    assert loops.time_gated(3, ignore) is None
    assert loops.time_graph(3, ignore) is None


@pytest.mark.parametrize("call", ["cuMemHostAlloc", "cuStreamWaitValue32", "cuEventRecord"])
def test_a_driver_that_cannot_hold_a_stream_is_told(pair: Any, call: str, driver: Any) -> None:
    loops = pair.loops()
    driver.fail(call)
    loops.open_gate(STREAM)
    assert texts(loops.problems) == (f"{HELD}{call} failed: made up (CUDA error 700)",)
    assert loops.gated is None


@pytest.mark.parametrize("slow", [False, True], ids=["waits", "is slow"])
def test_an_enqueue_that_does_not_return_leaves_no_gate(pair: Any, slow: bool, driver: Any) -> None:
    loops = pair.loops()
    if slow:
        pair.plain.context.busy_us = 150_000
    else:
        pair.plain.context.on_run = driver.run_address
        driver.synchronize_at(1)
    loops.open_gate(STREAM)
    assert texts(loops.problems) == (f"{HELD}the enqueue call did not return within 100 ms",)
    assert loops.gated is None
    assert loops.time_gated(5, ignore) is None


@pytest.mark.parametrize("layers", [False, True])
def test_a_gate_that_trips_later_is_given_up(pair: Any, layers: bool, driver: Any) -> None:
    loops, recorder = pair.gated(), _core.LayerRecorder()
    rig = pair.profiled if layers else pair.plain
    rig.context.on_run = driver.run_address
    loops.attach(recorder)
    driver.synchronize_at(3)
    times = loops.time_layers(recorder, 10, ignore) if layers else loops.time_gated(10, ignore)
    assert times is not None
    assert len(times.gpu_ms) == 3
    assert texts(loops.problems) == (
        f"{HELD}the stream was blocked for 100 ms before the iteration was enqueued",
    )
    assert loops.gated is None
    assert len(loops.time_layers(recorder, 10, ignore).gpu_ms) == 10
    loops.detach(recorder)


def test_a_graph_is_launched_instead(pair: Any, driver: Any) -> None:
    loops = pair.loops()
    loops.capture_graph(STREAM)
    assert pair.plain.context.runs == 1
    times = loops.time_graph(20, ignore)
    assert times is not None
    assert len(times.gpu_ms) == 20
    assert (pair.plain.context.runs, loops.problems) == (1, ())
    driver.fail("cuGraphLaunch")
    failed = loops.time_graph(1, ignore)
    assert failed is not None
    with pytest.raises(RuntimeError, match="cuGraphLaunch failed: made up"):
        failed.whole()


@pytest.mark.parametrize(
    "call", ["cuStreamBeginCapture", "cuStreamEndCapture", "cuGraphInstantiate"]
)
def test_a_capture_that_cuda_refuses_is_told(pair: Any, call: str, driver: Any) -> None:
    driver.fail(call)
    loops = pair.loops()
    loops.capture_graph(STREAM)
    assert texts(loops.problems) == (f"no CUDA graph: {call} failed: made up (CUDA error 700)",)
    assert loops.time_graph(1, ignore) is None


def test_a_capture_that_tensorrt_refuses_is_told(pair: Any) -> None:
    pair.plain.context.fail_at = 0
    loops = pair.loops()
    loops.capture_graph(STREAM)
    words = "TensorRT refused to enqueue while the stream was captured"
    assert texts(loops.problems) == (f"no CUDA graph: {words}",)


def test_an_enqueue_that_synchronises_cannot_be_captured(pair: Any, driver: Any) -> None:
    pair.plain.context.on_run = driver.run_address
    driver.synchronize_at(0)
    loops = pair.loops()
    loops.capture_graph(STREAM)
    (problem,) = texts(loops.problems)
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


def test_host_times_and_spans_are_of_iterations_of_their_own(pair: Any) -> None:
    times = pair.loops().time_inference(5, ignore)
    assert len(times.wall_ms) == len(times.enqueue_ms) == len(times.gpu_ms) == 5
    assert np.all(np.isfinite(times.gpu_ms))
    assert pair.plain.context.runs == 10


@pytest.mark.parametrize(("run", "runs", "spans"), [(1, 5, 0), (6, 10, 5)])
def test_ctrl_c_ends_either_part(pair: Any, run: int, runs: int, spans: int) -> None:
    pair.plain.context.interrupt_at = run
    times = pair.loops().time_inference(5, ignore)
    assert times.interrupted
    assert (len(times.wall_ms), len(times.gpu_ms)) == (5, spans)
    assert pair.plain.context.runs == runs
