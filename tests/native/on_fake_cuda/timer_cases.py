"""Spans between marks on a stream, and what becomes of a call that fails."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trtcore_fake
from gate_attempts import STREAM, until_it_holds

from trtcore.measure import _core

CALLS = [
    (_core.StreamTimer, "cuStreamSynchronize"),
    *product(
        (_core.EventTimer, _core.GatedTimer),
        ("cuStreamSynchronize", "cuEventElapsedTime", "start", "end"),
    ),
]


def spans(rig: Any, timer: _core.IterationTimer, count: int = 20) -> Any:
    """Wall times and spans of an engine that keeps the host busy for 200 us."""
    rig.context.busy_us = 200
    wall, enqueue, gpu, interrupted = _core.time_inference(rig.view, timer, count)
    assert (len(wall), len(enqueue), len(gpu), interrupted) == (count, count, count, False)
    assert np.all(wall >= 0.2)
    assert np.all(enqueue >= 0.2)
    return wall, gpu


def test_a_stream_has_no_spans(rig: Any) -> None:
    _, gpu = spans(rig, _core.StreamTimer(STREAM))
    assert np.all(np.isnan(gpu))


def test_events_hold_the_launch_too(rig: Any) -> None:
    wall, gpu = spans(rig, _core.EventTimer(STREAM))
    assert np.all(gpu >= 0.2)
    assert np.all(gpu <= wall)


def test_a_gated_span_is_free_of_the_launch(rig: Any, driver: Any) -> None:
    rig.context.busy_us = 200
    timer, times = until_it_holds(lambda timer: _core.time_inference(rig.view, timer, 20))
    wall, enqueue, gpu, interrupted = times
    assert (len(wall), len(enqueue), len(gpu), interrupted) == (20, 20, 20, False)
    assert np.all(wall >= 0.2)
    assert np.all(enqueue >= 0.2)
    assert np.median(gpu) < 0.1
    assert not timer.invalidated
    assert not driver.is_held


def test_holding_and_releasing_takes_next_to_nothing(rig: Any) -> None:
    rig.context.busy_us = 0
    events, gate = _core.EventTimer(STREAM), _core.GatedTimer(STREAM)
    walls = [np.median(_core.time_inference(rig.view, it, 5000)[0]) for it in (events, gate)]
    assert walls[1] - walls[0] < 0.02


def test_the_watchdog_sleeps_while_nothing_is_gated(rig: Any) -> None:
    before = set(os.listdir("/proc/self/task"))
    timer = _core.GatedTimer(STREAM)
    (watchdog,) = set(os.listdir("/proc/self/task")) - before
    _core.time_inference(rig.view, timer, 10)
    wakes = wakes_of(watchdog)
    time.sleep(0.7)
    # It hears of the first iteration, looks twice and sleeps; with a look every 10 ms it were 70.
    assert wakes_of(watchdog) - wakes <= 3


def wakes_of(thread: str) -> int:
    """How often a thread of this process went to sleep, and so how often it was woken."""
    status = Path(f"/proc/self/task/{thread}/status").read_text(encoding="utf-8")
    return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])


def test_the_watchdog_wakes_again_after_it_slept(rig: Any, driver: Any) -> None:
    timer = _core.GatedTimer(STREAM)
    time.sleep(0.5)
    rig.context.on_run = driver.run_address
    driver.synchronize_at(2)
    assert len(_core.time_inference(rig.view, timer, 10)[0]) <= 2
    assert timer.invalidated


@pytest.mark.parametrize(
    ("kind", "call", "succeed_before"),
    [
        (_core.EventTimer, "cuEventCreate", 0),
        (_core.EventTimer, "cuEventCreate", 1),
        (_core.GatedTimer, "cuMemHostAlloc", 0),
        (_core.GatedTimer, "cuMemHostGetDevicePointer", 0),
    ],
)
def test_what_a_timer_cannot_get_is_named(
    kind: Callable[[int], _core.IterationTimer], call: str, succeed_before: int, driver: Any
) -> None:
    driver.fail(call, succeed_before)
    with pytest.raises(RuntimeError, match=rf"{call} failed: made up \(CUDA error 700\)"):
        kind(STREAM)


@pytest.mark.parametrize(("kind", "call"), CALLS)
@pytest.mark.parametrize("iteration", [0, 3])
def test_a_failing_call_is_named_and_leaves_nothing_held(
    rig: Any, kind: Callable[[int], _core.IterationTimer], iteration: int, call: str, driver: Any
) -> None:
    timer = kind(STREAM)
    if call in ("start", "end"):
        driver.fail("cuEventRecord", 2 * iteration + (call == "end"))
    else:
        driver.fail(call, iteration)
    with pytest.raises(RuntimeError, match=r"cu\w+ failed: made up"):
        _core.time_inference(rig.view, timer, 5)
    assert not driver.is_held, "not even until the watchdog comes"
    driver.fail("")
    assert len(_core.time_inference(rig.view, timer, 5)[0]) == 5
    assert not timer.invalidated


def test_a_stream_that_cannot_be_held_is_told(rig: Any, driver: Any) -> None:
    timer = _core.GatedTimer(STREAM)
    driver.fail("cuStreamWaitValue32", 2)
    with pytest.raises(RuntimeError, match="cuStreamWaitValue32 failed: made up"):
        _core.time_inference(rig.view, timer, 5)
    assert rig.context.runs == 2


@pytest.mark.parametrize("profiled", [False, True])
def test_a_failing_enqueue_lets_the_stream_go(rig: Any, profiled: bool, driver: Any) -> None:
    timer = _core.GatedTimer(STREAM)
    rig.context.fail_at = 3
    plain, layers = _core.time_inference, partial(_core.time_layers, recorder=None)
    with pytest.raises(RuntimeError, match="enqueueV3 failed in iteration 3"):
        (layers if profiled else plain)(rig.view, timer=timer, iterations=10)
    assert not driver.is_held
    assert not timer.invalidated


def test_the_watchdog_lets_a_waiting_enqueue_go(rig: Any, driver: Any) -> None:
    timer = _core.GatedTimer(STREAM)
    rig.context.on_run = driver.run_address
    driver.synchronize_at(2)
    start = time.perf_counter()
    wall, *_, interrupted = _core.time_inference(rig.view, timer, 10)
    # No upper bound: without the watchdog this enqueue never ends.
    assert time.perf_counter() - start >= 0.1
    assert (len(wall), interrupted, timer.invalidated) == (2, False, True)
    assert not driver.is_held
    assert len(_core.time_inference(rig.view, timer, 10)[0]) == 0, "of no more use"


@pytest.mark.parametrize(("events", "calls"), [(0, "RS"), (1, "ERES"), (2, "ERES")])
def test_a_bare_loop_records_as_many_events_as_it_is_asked_for(
    rig: Any, driver: Any, events: int, calls: str
) -> None:
    rig.context.on_run, rig.context.busy_us = driver.run_address, 200
    driver.take_log()
    wall_ms = trtcore_fake.time_bare(rig.context, rig.layout, STREAM, 3, events)
    assert driver.take_log() == 3 * calls
    assert len(wall_ms) == 3
    assert min(wall_ms) >= 0.2
