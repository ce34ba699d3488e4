"""When a warm-up ends: by time, clock and steady windows of iterations, not by count.

An idle GPU runs at a sixth of its clock and needs load to leave it, and a runtime may still be
compiling kernels. Pure: the caller brings samples and clocks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from trtcore.result.records.counts import WarmUpEnd, WarmUpReason
from trtcore.stats.arrays import Floats

# The median of fewer follows a single slow iteration.
_LEAST_WINDOW = 4


@dataclass(frozen=True)
class WarmUpRule:
    """What has to hold before measuring starts.

    Attributes:
        least_ms: warm up at least this long.
        least_iterations: and for at least this many iterations.
        window: iterations in each of the two windows that are compared.
        window_ms: a window is at least this long, or a slow change would go unnoticed.
        tolerance: largest relative change of the windows' medians.
        clock_tolerance: largest relative change of the SM clock between them.
        at_most_ms: end here in any case, steady or not.
    """

    least_ms: float = 200.0  # as trtexec warms up
    least_iterations: int = 32  # for engines so slow that 200 ms are a few iterations
    window: int = 64  # medians of so many vary by far less than the tolerance
    window_ms: float = 100.0  # two NVML readings at 20 Hz, so the clock is known in each window
    tolerance: float = 0.01  # twice the half-width a run aims for, see `StopRule.target`
    clock_tolerance: float = 0.02  # above one 15 MHz step of an H200's 1980 MHz
    at_most_ms: float = 5000.0  # a busy GPU never gets steady; the report says so instead


@dataclass(frozen=True)
class WarmUpState:
    """Where a warm-up stands.

    Attributes:
        is_over: start measuring.
        is_steady: every condition holds; False when it ran out of time.
        iterations: done so far, including those before a restart.
        elapsed_ms: spent so far.
        end: the condition it still waits for, or how it ended.
    """

    is_over: bool
    is_steady: bool
    iterations: int
    elapsed_ms: float
    end: WarmUpEnd


class WarmUp:
    """Takes the iterations of a warm-up, some at a time, and says when it is over."""

    def __init__(self, rule: WarmUpRule | None = None) -> None:
        self._rule = rule or WarmUpRule()
        self._times = np.empty(0)
        self._clocks = np.empty(0)
        self._iterations = 0
        self._elapsed_ms = 0.0
        self._have_layers_changed = False

    def add(self, wall_ms: ArrayLike, sm_mhz: int = 0) -> WarmUpState:
        """Adds (n,) host times of iterations and the clock that NVML read after them.

        Args:
            wall_ms: from enqueue to synchronised.
            sm_mhz: clock of the multiprocessors; 0 if it is not known.
        """
        times = np.asarray(wall_ms, dtype=np.float64)
        self._times = np.concatenate((self._times, times))
        self._clocks = np.concatenate((self._clocks, np.full(times.size, float(sm_mhz))))
        self._iterations += times.size
        self._elapsed_ms += float(times.sum())
        return self.state()

    def restart(self) -> None:
        """Discards the iterations, because the layers changed: kernels were swapped meanwhile.

        The time spent still counts towards the longest warm-up.
        """
        self._times, self._clocks = np.empty(0), np.empty(0)
        self._have_layers_changed = True

    def state(self) -> WarmUpState:
        """Returns where the warm-up stands."""
        out_of_time = self._elapsed_ms >= self._rule.at_most_ms
        end = self._compared(self._window()) if out_of_time else self._end()
        return WarmUpState(
            is_over=end.is_steady or out_of_time,
            is_steady=end.is_steady,
            iterations=self._iterations,
            elapsed_ms=self._elapsed_ms,
            end=replace(
                end,
                seconds=self._elapsed_ms / 1000,
                have_layers_changed=self._have_layers_changed,
            ),
        )

    def _end(self) -> WarmUpEnd:
        rule = self._rule
        if self._times.sum() < rule.least_ms or self._times.size < rule.least_iterations:
            return WarmUpEnd(
                WarmUpReason.TOO_SHORT, least_ms=rule.least_ms, iterations=rule.least_iterations
            )
        return self._compared(self._window())

    def _window(self) -> int:
        """Returns how many iterations to compare; fewer than the rule's if they are slow."""
        if self._times.size == 0:
            return 0
        iteration_ms = max(float(np.median(self._times)), 1e-6)
        wanted = max(self._rule.window, int(self._rule.window_ms / iteration_ms))
        # Two windows have to fit, and half of the time is left for the change before them.
        fitting = int(self._rule.at_most_ms / 4 / iteration_ms)
        return max(min(wanted, fitting), _LEAST_WINDOW)

    def _compared(self, window: int) -> WarmUpEnd:
        """Returns what changed between the last two windows, or that nothing did."""
        if window < _LEAST_WINDOW or self._times.size < 2 * window:
            return WarmUpEnd(WarmUpReason.TOO_FEW, iterations=max(window, _LEAST_WINDOW))
        time = _relative_change(self._times, window)
        if time > self._rule.tolerance:
            return WarmUpEnd(WarmUpReason.TIMES_CHANGE, change=time)
        clock = _relative_change(self._clocks, window)
        if clock > self._rule.clock_tolerance:
            return WarmUpEnd(WarmUpReason.CLOCK_CHANGES, change=clock)
        return WarmUpEnd(WarmUpReason.STEADY)


def _relative_change(series: Floats, window: int) -> float:
    # Zeros are clocks that NVML did not report: they count as no change.
    before, after = np.median(series[-2 * window : -window]), np.median(series[-window:])
    return float(abs(after - before) / before) if before > 0 and after > 0 else 0.0
