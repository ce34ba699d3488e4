"""Stores for the times of a run: every time, or distributions in constant memory."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from trtcore.measure import _core
from trtcore.result.records.samples import Samples, StreamedSeries
from trtcore.stats.arrays import FloatArray
from trtcore.stats.histogram import TimeHistograms, fold, merge

STREAM_ABOVE_BYTES = 64 << 20
"""A run that would keep more layer times than this is streamed by default: 64 MiB hold 80,000
iterations of 206 layers and are small beside an engine's own memory."""

KEPT_ITERATIONS = 1024
"""Of a streamed run, the last iterations whose times are kept one by one: enough to estimate
autocorrelation, at 4 KiB a layer."""


class Store(Protocol):
    """Takes the times of a run, round by round."""

    longest_round: int
    """The most iterations of a round."""

    def begin_layers(self, count: int) -> None:
        """Makes the recorder ready for a pass of ``count`` iterations."""

    def end_layers(self) -> None:
        """Takes what the recorder has of the pass."""

    def add(self, name: str, times: FloatArray) -> None:
        """Takes (n,) times of the series that `Samples` calls ``name``."""

    def newest(self, name: str) -> FloatArray:
        """The times of the last round: (n,), or (n, L) of ``layer_ms``; empty if there are none."""

    def samples(self) -> Samples:
        """All times kept."""


@dataclass
class FullStore:
    """Keeps every time: 4 bytes an iteration and series.

    Attributes:
        recorder: knows the layers.
    """

    recorder: _core.LayerRecorder
    longest_round: int = 1 << 31  # no limit: a round is a tenth of the run
    _rounds: defaultdict[str, list[FloatArray]] = field(default_factory=lambda: defaultdict(list))

    def begin_layers(self, count: int) -> None:
        """Takes memory for a pass."""
        self.recorder.reserve(count)

    def end_layers(self) -> None:
        """Keeps the memory of the pass."""
        self.add("layer_ms", self.recorder.samples())

    def add(self, name: str, times: FloatArray) -> None:
        """Takes (n,) times of a series."""
        self._rounds[name].append(times)

    def newest(self, name: str) -> FloatArray:
        """The times of the last round."""
        rounds = self._rounds.get(name, [])
        return rounds[-1] if rounds else np.empty(0, np.float32)

    def samples(self) -> Samples:
        """Every time of the run; a single round is not copied, and several are never held twice."""
        none = np.empty((0, len(self.recorder.names)), np.float32)
        joined: dict[str, Any] = {name: _joined(rounds) for name, rounds in self._rounds.items()}
        layer_ms, wall_ms = joined.pop("layer_ms", none), joined.pop("wall_ms", none[:, 0])
        return Samples(layer_ms, wall_ms, **joined)


def _joined(rounds: list[FloatArray]) -> FloatArray:
    """Moves the rounds into one array, which takes their place."""
    if len(rounds) > 1:
        whole = np.empty((sum(map(len, rounds)), *rounds[0].shape[1:]), np.float32)
        # Pages of `whole` are committed as they are written, and a round is freed after its copy,
        # so the peak is one round above the total instead of twice the total.
        for end in np.cumsum([len(times) for times in rounds]):
            times = rounds.pop(0)
            whole[end - len(times) : end] = times
            del times
        rounds.append(whole)
    return rounds[0]


class StreamingStore:
    """Keeps distributions and the times of the last iterations, in constant memory."""

    # A longer round would overwrite iterations before the stopping rule has read them.
    longest_round = KEPT_ITERATIONS

    def __init__(self, recorder: _core.LayerRecorder) -> None:
        """Allocates the recorder's memory for the whole run; its layers have to be known."""
        recorder.stream(KEPT_ITERATIONS)
        self._recorder = recorder
        self._series: dict[str, _Series] = {}
        self._iterations = 0

    def begin_layers(self, count: int) -> None:
        """Notes where the pass begins; the recorder's ring buffer is not reset."""
        del count
        self._iterations = self._recorder.iterations

    def end_layers(self) -> None:
        """Keeps nothing here: the recorder has it."""

    def add(self, name: str, times: FloatArray) -> None:
        """Takes (n,) times of a series."""
        if times.size:
            self._series.setdefault(name, _Series()).add(times)

    def newest(self, name: str) -> FloatArray:
        """The times of the last round."""
        if name == "layer_ms":
            count = self._recorder.iterations - self._iterations
            return self._recorder.samples()[-count:] if count else np.empty(0, np.float32)
        return self._series[name].newest if name in self._series else np.empty(0, np.float32)

    def samples(self) -> Samples:
        """The distributions of the run and its last times."""
        last: dict[str, Any] = {name: series.last for name, series in self._series.items()}
        return Samples(
            self._recorder.samples(),
            last.pop("wall_ms", np.empty(0, np.float32)),
            layer_histograms=recorded_histograms(self._recorder),
            streamed=tuple(
                StreamedSeries(name, series.times)
                for name, series in self._series.items()
                if series.times is not None
            ),
            **last,
        )


def recorded_histograms(recorder: _core.LayerRecorder) -> TimeHistograms | None:
    """Distributions of a streaming recorder; None if it does not stream or has no iteration."""
    statistics = recorder.statistics()
    if statistics is None or statistics.count == 0:
        return None
    return TimeHistograms(
        count=statistics.count,
        mean_ms=statistics.mean_ms,
        deviations_ms2=statistics.deviations_ms2,
        min_ms=statistics.min_ms,
        max_ms=statistics.max_ms,
        buckets=statistics.buckets,
    )


class _Series:
    """All times of one series."""

    def __init__(self) -> None:
        self.times: TimeHistograms | None = None
        self.newest = self.last = np.empty(0, np.float32)

    def add(self, times: FloatArray) -> None:
        part = fold(times[:, None])
        self.times = part if self.times is None else merge((self.times, part))
        self.newest = times
        self.last = np.concatenate((self.last, times))[-KEPT_ITERATIONS:]
