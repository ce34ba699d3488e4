"""Watches clocks, heat and power while the passes run, and sums up what it saw."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType

from trtcore.clock_record import ClockRecord
from trtcore.device import current_device
from trtcore.result import Clocks
from trtcore.sensors import GpuSensors, Reading


class ClockMonitor:
    """Reads the sensors on a thread of its own, so that no pass waits for NVML.

    At the end of a round, where nothing is timed, the thread that measures takes a reading too: a
    short round would have none.

    A context manager. One reading is taken on entering and one on leaving; where the first one
    knows nothing (no GPU, no NVML) no thread is started and the result is empty.

    Args:
        read: gives a reading; the sensors of the current GPU if left out.
        hz: readings per second.
    """

    def __init__(self, read: Callable[[], Reading] | None = None, hz: float = 20.0) -> None:
        self._read = read or _sensors_of_current_device().read
        self._interval_s = 1.0 / hz
        self._record = ClockRecord()
        self._lock = threading.Lock()
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
        return self._record.newest.sm_mhz

    @contextlib.contextmanager
    def round(self) -> Iterator[None]:
        """Marks a round of passes, so that a throttled one is known by its number."""
        with self._lock:
            self._record.begin_round(time.monotonic())
        try:
            yield
        finally:
            if self._knows_anything():
                self._take()
            with self._lock:
                self._record.end_round(time.monotonic())

    def forget_rounds(self) -> None:
        """Forgets the rounds so far, because what they measured is measured again."""
        with self._lock:
            self._record.forget_rounds()

    def clocks(self) -> Clocks:
        """Returns what was seen from the first round to the last, or in all if none was marked."""
        if not self._knows_anything():
            return Clocks()
        with self._lock:
            return self._record.clocks()

    def _take(self) -> None:
        reading = self._read()
        with self._lock:
            self._record.add(reading)

    def _watch(self) -> None:
        while not self._stop.wait(self._interval_s):
            self._take()

    def _knows_anything(self) -> bool:
        first = self._record.first
        return any((first.sm_mhz, first.memory_mhz, first.temperature_c, first.power_w))


def _sensors_of_current_device() -> GpuSensors:
    device = current_device()
    return GpuSensors(device.pci_bus_id if device else "")
