"""The end of a warm-up, on streams that are steady, ramping, slow or interrupted."""

from __future__ import annotations

import numpy as np
import pytest

from trtcore.measure.length.warmup import WarmUp, WarmUpRule, WarmUpState
from trtcore.report.content.facts.run_ends import warm_up_text
from trtcore.result.records.counts import WarmUpEnd, WarmUpReason


def run(stream: np.ndarray, clocks: np.ndarray | None = None, chunk: int = 16) -> WarmUpState:
    warm_up = WarmUp()
    state = warm_up.state()
    for start in range(0, stream.size, chunk):
        sm_mhz = 0 if clocks is None else int(clocks[start])
        state = warm_up.add(stream[start : start + chunk], sm_mhz)
        if state.is_over:
            break
    return state


def noise(n: int, seed: int = 0) -> np.ndarray:
    return 1 + np.random.default_rng(seed).normal(0, 0.005, n)


def test_nothing_yet() -> None:
    assert WarmUp().state() == WarmUpState(
        is_over=False,
        is_steady=False,
        iterations=0,
        elapsed_ms=0.0,
        end=WarmUpEnd(WarmUpReason.TOO_SHORT, seconds=0.0, iterations=32, least_ms=200.0),
    )


def test_steady_stream_takes_the_least_time() -> None:
    state = run(0.5 * noise(4000))
    assert state.is_steady
    assert warm_up_text(state.end) == "steady"
    assert 200 <= state.elapsed_ms <= 225
    assert state.iterations == pytest.approx(400, abs=32)


def test_steady_slow_stream_takes_the_least_iterations() -> None:
    state = run(100.0 * noise(50), chunk=1)
    assert state.is_steady
    assert state.iterations == 32


def test_very_slow_stream_is_judged_at_the_cap() -> None:
    state = run(400.0 * noise(50), chunk=1)
    assert (state.is_over, state.is_steady, state.iterations) == (True, True, 13)


@pytest.mark.parametrize("length", [500, 2000, 4000])
def test_ramp_is_waited_out(length: int) -> None:
    # An iteration of 0.5 ms that is six times slower at first, as on an idle clock.
    slow = 1 + 5 * np.clip(1 - np.arange(20000) / length, 0, 1)
    state = run(0.5 * slow * noise(20000))
    assert state.is_over
    if state.is_steady:
        assert slow[state.iterations - 1] <= 1.03
    else:
        assert state.elapsed_ms >= 5000


def test_ramp_without_end_is_said_to_be_unsteady() -> None:
    state = run(20 * 0.999 ** np.arange(2000))
    assert state.is_over
    assert not state.is_steady
    assert 5000 <= state.elapsed_ms < 5400
    assert warm_up_text(state.end).startswith("not steady: iteration time still changing by")


def test_changing_clock_is_waited_out() -> None:
    clocks = np.clip(345 + np.arange(4000) * 1.5, 345, 1980)
    state = run(0.5 * noise(4000), clocks)
    assert state.is_steady
    assert state.iterations > 1000
    steady_clock = run(0.5 * noise(4000), np.full(4000, 1980))
    assert steady_clock.iterations < 450


def test_clock_that_never_settles_is_named() -> None:
    state = run(0.5 * noise(12000), 345.0 * 1.0005 ** np.arange(12000))
    assert not state.is_steady
    assert warm_up_text(state.end).startswith("not steady: SM clock still changing by")


def test_restart_forgets_iterations_but_not_time() -> None:
    warm_up = WarmUp()
    before = warm_up.add(np.full(400, 0.5))
    assert before.is_steady
    warm_up.restart()
    after = warm_up.add(np.full(100, 0.4))
    assert not after.is_over
    assert (after.iterations, after.elapsed_ms) == (500, pytest.approx(240))
    assert warm_up.add(np.full(500, 0.4)).is_steady


def test_restart_at_the_cap_is_over_and_unsteady() -> None:
    warm_up = WarmUp()
    warm_up.add(np.full(5, 1000.0))
    warm_up.restart()
    state = warm_up.state()
    assert (state.is_over, state.is_steady) == (True, False)
    assert warm_up_text(state.end).endswith("iterations required after the layers changed")


def test_rule_can_be_shortened() -> None:
    warm_up = WarmUp(WarmUpRule(least_ms=1, least_iterations=8, window=4, window_ms=0))
    assert warm_up.add(np.full(8, 0.5)).is_steady
