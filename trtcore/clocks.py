"""Watches clocks, heat and power while the passes run, and sums up what it saw."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from types import TracebackType

from trtcore.device import current_device
from trtcore.result import Clocks
from trtcore.sensors import GpuSensors, Reading
from trtcore.throttle import is_throttled, reason_names


@dataclass(frozen=True)
class Round:
    """One round of passes.

    Attributes:
        start_s: `time.monotonic` when it began.
        end_s: `time.monotonic` when it ended.
        reasons: every clock event reason seen in it, as NVML's bit mask.
    """

    start_s: float
    end_s: float
    reasons: int

    @property
    def is_throttled(self) -> bool:
        """Whether the round is to be measured again after a pause."""
        return is_throttled(self.reasons)


class ClockMonitor:
    """Reads the sensors on a thread of its own, so that the measuring thread never waits for NVML.

    A context manager. One reading is taken on entering and one on leaving; where the first one
    knows nothing (no GPU, no NVML) no thread is started and the result is empty.

    Args:
        read: gives a reading; the sensors of the current GPU if left out.
        hz: readings per second.
    """

    def __init__(self, read: Callable[[], Reading] | None = None, hz: float = 20.0) -> None:
        self._read = read or _sensors_of_current_device().read
        self._interval_s = 1.0 / hz
        self._readings: list[Reading] = []
        self._rounds: list[Round] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> ClockMonitor:
        self._take()
        if self._knows_anything():
            self._thread = threading.Thread(target=self._watch, name="trtcore-clocks", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._take()

    @property
    def sm_mhz(self) -> int:
        """The newest clock of the multiprocessors; 0 if it is not known."""
        return self._readings[-1].sm_mhz if self._readings else 0

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds that have ended."""
        return tuple(self._rounds)

    @contextlib.contextmanager
    def round(self) -> Iterator[None]:
        """Marks a round of passes, so that a throttled one is known by its number."""
        start_s = time.monotonic()
        try:
            yield
        finally:
            if self._knows_anything():
                self._take()
            end_s = time.monotonic()
            inside = _between(list(self._readings), start_s, end_s)
            self._rounds.append(Round(start_s, end_s, _union(inside)))

    def clocks(self) -> Clocks:
        """Returns what was seen from the first round to the last, or in all if none was marked."""
        if not self._knows_anything():
            return Clocks()
        return summarise(list(self._readings), self._rounds)

    def _take(self) -> None:
        self._readings.append(self._read())

    def _watch(self) -> None:
        while not self._stop.wait(self._interval_s):
            self._take()

    def _knows_anything(self) -> bool:
        first = self._readings[0] if self._readings else Reading()
        return any((first.sm_mhz, first.memory_mhz, first.temperature_c, first.power_w))


def summarise(readings: Sequence[Reading], rounds: Sequence[Round] = ()) -> Clocks:
    """Sums up the readings within the rounds, or all of them if there are no rounds.

    Args:
        readings: in order of time.
        rounds: in order of time.
    """
    if rounds:
        readings = _between(readings, rounds[0].start_s, rounds[-1].end_s) or readings
    if not readings:
        return Clocks()
    sm_mhz = [reading.sm_mhz for reading in readings]
    return Clocks(
        sm_mhz_before=sm_mhz[0],
        sm_mhz_after=sm_mhz[-1],
        memory_mhz=readings[-1].memory_mhz,
        temperature_c=max(reading.temperature_c for reading in readings),
        throttle_reasons=reason_names(_union(readings)),
        sm_mhz_min=min(sm_mhz),
        sm_mhz_max=max(sm_mhz),
        power_w=max(reading.power_w for reading in readings),
        readings=len(readings),
        throttled_rounds=tuple(i for i, round_ in enumerate(rounds) if round_.is_throttled),
    )


def _between(readings: Sequence[Reading], start_s: float, end_s: float) -> list[Reading]:
    return [reading for reading in readings if start_s <= reading.time_s <= end_s]


def _union(readings: Sequence[Reading]) -> int:
    return reduce(or_, (reading.reasons for reading in readings), 0)


def _sensors_of_current_device() -> GpuSensors:
    device = current_device()
    return GpuSensors(device.pci_bus_id if device else "")
