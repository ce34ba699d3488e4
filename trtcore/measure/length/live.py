"""The running median of a measurement, for whoever watches it."""

from __future__ import annotations

import numpy as np

from trtcore.stats.arrays import FloatArray
from trtcore.stats.intervals import median_interval
from trtcore.system.progress import LiveProgress, RoundReport


class LiveMedian:
    """The median over rounds; each round counts once, by the median of its own times.

    A few numbers in all, so that it costs microseconds between two rounds of any length.
    """

    def __init__(self) -> None:
        self._medians: list[float] = []
        self._rounds = 0

    def add(self, times_ms: FloatArray) -> None:
        """Adds a round, which may hold no times."""
        self._rounds += 1
        if times_ms.size:
            self._medians.append(float(np.median(times_ms)))

    def report(self, sm_mhz: int = 0) -> RoundReport:
        """Returns what is known so far."""
        if not self._medians:
            nan = float("nan")
            return RoundReport(self._rounds, nan, nan, nan, sm_mhz)
        low, high = median_interval(self._medians)
        return RoundReport(self._rounds, float(np.median(self._medians)), low, high, sm_mhz)

    def show(self, progress: LiveProgress, times_ms: FloatArray, sm_mhz: int = 0) -> None:
        """Adds a round and shows it."""
        self.add(times_ms)
        progress.round_done(self.report(sm_mhz))
