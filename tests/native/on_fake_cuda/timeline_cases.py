"""Spans between marks on a stream, and what becomes of a call that fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest

from trtcore.measure import _core

STREAM = 1
CALLS = [
    (_core.StreamTimeline, "cuStreamSynchronize"),
    *product(
        (_core.CudaTimeline, _core.GatedTimeline),
        ("cuStreamSynchronize", "cuEventElapsedTime", "start", "end"),
    ),
]


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


def test_a_gated_span_is_free_of_the_launch(rig: Any, driver: Any) -> None:
    timeline = _core.GatedTimeline(STREAM)
    _, gpu = spans(rig, timeline)
    assert np.median(gpu) < 0.1
    assert not timeline.spoilt
    assert not driver.is_held


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
    kind: Callable[[int], _core.Timeline], call: str, succeed_before: int, driver: Any
) -> None:
    driver.fail(call, succeed_before)
    with pytest.raises(RuntimeError, match=rf"{call} failed: made up \(CUDA error 700\)"):
        kind(STREAM)


@pytest.mark.parametrize(("kind", "call"), CALLS)
@pytest.mark.parametrize("iteration", [0, 3])
def test_a_failing_call_is_named_and_leaves_nothing_held(
    rig: Any, kind: Callable[[int], _core.Timeline], iteration: int, call: str, driver: Any
) -> None:
    timeline = kind(STREAM)
    if call in ("start", "end"):
        driver.fail("cuEventRecord", 2 * iteration + (call == "end"))
    else:
        driver.fail(call, iteration)
    with pytest.raises(RuntimeError, match=r"cu\w+ failed: made up"):
        _core.time_inference(rig.view, timeline, 5)
    assert not driver.is_held, "not even until the watchdog comes"
    driver.fail("")
    assert len(_core.time_inference(rig.view, timeline, 5)[0]) == 5
    assert not timeline.spoilt


def test_a_stream_that_cannot_be_held_is_told(rig: Any, driver: Any) -> None:
    timeline = _core.GatedTimeline(STREAM)
    driver.fail("cuStreamWaitValue32", 2)
    with pytest.raises(RuntimeError, match="cuStreamWaitValue32 failed: made up"):
        _core.time_inference(rig.view, timeline, 5)
    assert rig.context.runs == 2


@pytest.mark.parametrize("profiled", [False, True])
def test_a_failing_enqueue_lets_the_stream_go(rig: Any, profiled: bool, driver: Any) -> None:
    timeline = _core.GatedTimeline(STREAM)
    rig.context.fail_at = 3
    plain, layers = _core.time_inference, partial(_core.time_layers, recorder=None)
    with pytest.raises(RuntimeError, match="enqueueV3 failed in iteration 3"):
        (layers if profiled else plain)(rig.view, timeline=timeline, iterations=10)
    assert not driver.is_held
    assert not timeline.spoilt


def test_the_watchdog_lets_a_waiting_enqueue_go(rig: Any, driver: Any) -> None:
    timeline = _core.GatedTimeline(STREAM)
    rig.context.on_run = driver.run_address
    driver.synchronize_at(2)
    start = time.perf_counter()
    wall, *_, interrupted = _core.time_inference(rig.view, timeline, 10)
    assert 0.1 <= time.perf_counter() - start < 1
    assert (len(wall), interrupted, timeline.spoilt) == (2, False, True)
    assert not driver.is_held
    assert len(_core.time_inference(rig.view, timeline, 10)[0]) == 0, "of no more use"
