"""Gated iterations that are enqueued while the one before runs."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from gate_attempts import STREAM, until_it_holds

from trtcore.measure import _core

# H holds the stream, E records an event, R runs, W waits for an event, T reads a span, S waits for
# the stream.
ENQUEUE, FINISH, LEFT_IDLE = "HERE", "WT", "S"


@pytest.fixture
def engine(rig: Any, driver: Any) -> Any:
    """Its iterations take the stream 300 us, and the host 100 us."""
    rig.context.busy_us = 100
    rig.context.on_run = driver.run_address
    driver.work(300)
    return rig


def test_an_iteration_is_enqueued_while_the_one_before_runs(engine: Any, driver: Any) -> None:

    def attempt(timer: _core.GatedTimer) -> tuple[int, bool, int, str]:
        driver.take_log()
        before = engine.context.runs
        spans, interrupted = _core.time_gated(engine.view, timer, 100)
        return len(spans), interrupted, engine.context.runs - before, driver.take_log()

    timer, (*counted, log) = until_it_holds(attempt)
    alone = ENQUEUE + FINISH  # the first, as nobody knows yet how long it is
    # A chunk of 50 ms ends with an idle stream; a slow machine may need any number of them.
    chunk = f"{ENQUEUE}(?:{ENQUEUE}{FINISH})*{FINISH}"
    assert re.fullmatch(f"{alone}(?:{chunk})+{LEFT_IDLE}", log)
    assert ENQUEUE + ENQUEUE in log
    assert counted == [100, False, 100]
    assert not driver.is_held
    assert not timer.invalidated


@pytest.mark.parametrize(
    ("forked_us", "span_ms"),
    [(0, 0.3), (100, 0.3), (500, 0.5)],
    ids=["one stream", "short", "long"],
)
def test_no_span_holds_a_launch_or_another_iteration(
    engine: Any, driver: Any, forked_us: int, span_ms: float
) -> None:
    """Nor does an auxiliary stream begin before the gate opens, or go on after the span."""
    engine.context.busy_us = 1000
    driver.work(300, forked_us)
    _, (spans, _) = until_it_holds(lambda timer: _core.time_gated(engine.view, timer, 30))
    # The work of the made-up device ends when it should, whatever the host does meanwhile.
    assert spans == pytest.approx(np.full(30, span_ms))


@pytest.mark.parametrize(("count", "calls"), [(0, ""), (1, ENQUEUE + FINISH)])
def test_few_iterations(engine: Any, driver: Any, count: int, calls: str) -> None:
    timer = _core.GatedTimer(STREAM)
    driver.take_log()
    spans, interrupted = _core.time_gated(engine.view, timer, count)
    assert (len(spans), interrupted) == (count, False)
    assert driver.take_log() == calls + LEFT_IDLE


def test_long_iterations_do_not_overlap(engine: Any, driver: Any) -> None:
    timer = _core.GatedTimer(STREAM)
    driver.work(30_000)
    driver.take_log()
    spans, _ = _core.time_gated(engine.view, timer, 3)
    assert np.all(spans >= 30)
    assert driver.take_log() == (ENQUEUE + FINISH) * 3 + LEFT_IDLE


def test_an_iteration_that_runs_long_does_not_alarm_the_watchdog(engine: Any, driver: Any) -> None:
    timer = _core.GatedTimer(STREAM)
    engine.context.busy_us = 0
    for work in (300, 250_000):  # the second after the first is known to be short
        driver.work(work)
        spans, _ = _core.time_gated(engine.view, timer, 2)
        assert len(spans) == 2
    assert not timer.invalidated


def test_ctrl_c_leaves_the_stream_idle(engine: Any, driver: Any) -> None:
    def attempt(timer: _core.GatedTimer) -> tuple[int, int, list[bool], int]:
        before = engine.context.runs
        engine.context.interrupt_at = before + 3
        spans, interrupted = _core.time_gated(engine.view, timer, 100_000)
        runs, is_held = engine.context.runs - before, driver.is_held
        again, interrupted_again = _core.time_gated(engine.view, timer, 5)
        return len(spans), runs, [interrupted, is_held, interrupted_again], len(again)

    timer, (timed, runs, told, after_it) = until_it_holds(attempt)
    assert 4 <= timed == runs
    assert told == [True, False, False]
    assert not timer.invalidated
    assert after_it == 5


def test_progress_is_told_and_may_end_it(engine: Any, driver: Any) -> None:

    def attempt(timer: _core.GatedTimer) -> tuple[list[int], list[bool], int, bool, int]:
        told, held, before = [], [], engine.context.runs

        def tell(done: int) -> None:
            told.append(done)
            held.append(driver.is_held)
            if len(told) == 3:
                raise KeyboardInterrupt

        spans, interrupted = _core.time_gated(engine.view, timer, 100_000, tell)
        return told, held, len(spans), interrupted, engine.context.runs - before

    _, (told, held, timed, interrupted, runs) = until_it_holds(attempt)
    assert held == [False] * 3
    assert interrupted
    assert timed == told[-1] == runs
    assert all(later > earlier for earlier, later in pairwise(told))


@pytest.mark.parametrize("run", [0, 1, 4], ids=["first", "second", "overlapping"])
def test_an_enqueue_that_waits_ends_the_pass(engine: Any, driver: Any, run: int) -> None:
    timer = _core.GatedTimer(STREAM)
    driver.synchronize_at(run)
    spans, interrupted = _core.time_gated(engine.view, timer, 10)
    # Those before it are whole: each was enqueued before the gate opened for it.
    assert (len(spans), interrupted, timer.invalidated) == (run, False, True)
    assert not driver.is_held
    assert len(_core.time_gated(engine.view, timer, 10)[0]) == 0, "of no more use"


@pytest.mark.parametrize("iteration", [0, 1, 4])
def test_an_enqueue_that_fails_leaves_nothing_running(
    engine: Any, driver: Any, iteration: int
) -> None:

    def attempt(timer: _core.GatedTimer) -> tuple[list[_core.LoopError], bool, int]:
        errors: list[_core.LoopError] = []
        engine.context.fail_at = engine.context.runs + iteration
        try:
            _core.time_gated(engine.view, timer, 10)
        except _core.LoopError as error:
            errors.append(error)
        return errors, driver.is_held, len(_core.time_gated(engine.view, timer, 5)[0])

    timer, ((error,), is_held, after_it) = until_it_holds(attempt)
    assert re.search(f"enqueueV3 failed in iteration {iteration}$", str(error))
    assert (error.iteration, len(error.times[0]), error.status) == (iteration, iteration, 0)
    assert not is_held
    assert not timer.invalidated
    assert after_it == 5


@pytest.mark.parametrize("iteration", [0, 1, 4])
@pytest.mark.parametrize(
    ("call", "each"),
    [
        ("cuStreamWaitValue32", 1),
        ("cuEventRecord", 2),
        ("cuEventSynchronize", 1),
        ("cuEventElapsedTime", 1),
    ],
)
def test_a_failing_call_is_named_and_leaves_nothing_running(
    engine: Any, driver: Any, call: str, each: int, iteration: int
) -> None:
    timer = _core.GatedTimer(STREAM)
    driver.fail(call, iteration * each)
    with pytest.raises(_core.LoopError, match=rf"{call} failed: made up \(CUDA error 700\)") as it:
        _core.time_gated(engine.view, timer, 10)
    assert (it.value.iteration, it.value.status) == (iteration, 700)
    assert it.value.times[0].shape == (iteration,)
    assert not driver.is_held
    driver.fail("")
    assert len(_core.time_gated(engine.view, timer, 5)[0]) == 5
    assert not timer.invalidated


@pytest.mark.parametrize("calls", range(0, 40, 3))
def test_a_gpu_that_is_lost_anywhere_is_one_error(engine: Any, driver: Any, calls: int) -> None:
    timer = _core.GatedTimer(STREAM)
    driver.fail("*", calls)
    with pytest.raises(RuntimeError, match="failed: made up"):
        _core.time_gated(engine.view, timer, 20)
    assert not driver.is_held


def test_an_iteration_that_runs_is_finished_when_the_next_fails(engine: Any, driver: Any) -> None:
    timer = _core.GatedTimer(STREAM)
    driver.fail("cuStreamWaitValue32", 2)
    driver.take_log()
    with pytest.raises(RuntimeError, match="cuStreamWaitValue32 failed"):
        _core.time_gated(engine.view, timer, 10)
    assert driver.take_log() == ENQUEUE + FINISH + ENQUEUE + "H" + FINISH + LEFT_IDLE


def test_a_fault_of_the_iteration_that_runs_is_not_one_of_the_next(
    engine: Any, driver: Any
) -> None:
    timer = _core.GatedTimer(STREAM)
    events, enqueue, finish = 4, 3, 2  # calls of CUDA; a run is one of TensorRT
    driver.fail("*", events + enqueue + finish + enqueue)
    # The first call that fails holds the stream for the third iteration.
    with pytest.raises(RuntimeError, match="cuEventSynchronize failed"):
        _core.time_gated(engine.view, timer, 10)


def test_events_that_cannot_be_made_are_named(engine: Any, driver: Any) -> None:
    timer = _core.GatedTimer(STREAM)
    driver.fail("cuEventCreate", 3)
    with pytest.raises(RuntimeError, match="cuEventCreate failed: made up"):
        _core.time_gated(engine.view, timer, 10)
    assert engine.context.runs == 0
