"""Summarises sensor readings and rounds of passes as they arrive, in constant memory."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType

from trtcore.system.device import current_device
from trtcore.system.records import Clocks, RoundClocks
from trtcore.system.sensors import GpuSensors, Reading, is_throttled, reason_names

# More than a picture shows; a run without a time limit has ten.
_MOST_ROUNDS = 64


@dataclass(frozen=True)
class Tally:
    """The summary of consecutive readings.

    Attributes:
        first: the first of them.
        last: the last of them.
        least_mhz: the lowest SM clock.
        most_mhz: the highest.
        temperature_c: the highest.
        power_w: the highest.
        reasons: every clock event reason in them, as NVML's bit mask.
        count: the number of readings.
    """

    first: Reading
    last: Reading
    least_mhz: int
    most_mhz: int
    temperature_c: int
    power_w: float
    reasons: int
    count: int = 1

    @classmethod
    def of(cls, reading: Reading) -> Tally:
        """Returns the tally of a single reading."""
        mhz = reading.sm_mhz
        return cls(
            reading, reading, mhz, mhz, reading.temperature_c, reading.power_w, reading.reasons
        )

    def and_then(self, later: Tally) -> Tally:
        """Returns the tally of these readings and those."""
        return Tally(
            first=self.first,
            last=later.last,
            least_mhz=min(self.least_mhz, later.least_mhz),
            most_mhz=max(self.most_mhz, later.most_mhz),
            temperature_c=max(self.temperature_c, later.temperature_c),
            power_w=max(self.power_w, later.power_w),
            reasons=self.reasons | later.reasons,
            count=self.count + later.count,
        )


class ClockRecord:
    """The readings from the first round of passes to the last, or all of them without rounds.

    Memory stays the same however many readings and rounds there are: of many rounds neighbours are
    put together. Only the numbers of throttled rounds are kept one by one.
    """

    def __init__(self) -> None:
        self._all: Tally | None = None
        self.forget_rounds()

    def forget_rounds(self) -> None:
        """Forgets every round, and what was read in them; the readings still count in all."""
        # From the first round to the end of the last one, and since then.
        self._inside: Tally | None = None
        self._since: Tally | None = None
        self._begin_s: float | None = None
        self._first_begin_s = self._last_end_s = float("inf")
        self._reasons = 0
        self._rounds = 0
        self._throttled: list[int] = []
        self._of_round: Tally | None = None
        self._each: list[RoundClocks] = []
        self._per_entry = self._in_last = 1

    @property
    def first(self) -> Reading:
        """The first reading; an empty one before that."""
        return self._all.first if self._all else Reading()

    @property
    def newest(self) -> Reading:
        """The newest reading; an empty one before the first."""
        return self._all.last if self._all else Reading()

    def add(self, reading: Reading) -> None:
        """Adds a reading; one that began before a round does not count for it."""
        self._all = _after(self._all, reading)
        if reading.time_s < self._first_begin_s:
            return
        if self._begin_s is None and reading.time_s <= self._last_end_s:
            self._inside = _after(self._inside, reading)
        else:
            self._since = _after(self._since, reading)
        if self._begin_s is not None and reading.time_s >= self._begin_s:
            self._reasons |= reading.reasons
            self._of_round = _after(self._of_round, reading)

    def begin_round(self, time_s: float) -> None:
        """Marks the beginning of a round, by `time.monotonic`; one goes on at a time."""
        self._begin_s, self._reasons, self._of_round = time_s, 0, None
        self._first_begin_s = min(self._first_begin_s, time_s)

    def end_round(self, time_s: float, iterations: int = 0) -> None:
        """Marks its end, and how many iterations of each pass were in it."""
        if self._since is not None:
            self._inside = self._inside.and_then(self._since) if self._inside else self._since
        self._begin_s, self._since, self._last_end_s = None, None, time_s
        if is_throttled(self._reasons):
            self._throttled.append(self._rounds)
        self._rounds += 1
        self._keep_round(iterations)

    def _keep_round(self, iterations: int) -> None:
        tally = self._of_round
        own = (
            RoundClocks(iterations, tally.least_mhz, tally.temperature_c, tally.power_w)
            if tally
            else RoundClocks(iterations)
        )
        if self._each and self._in_last < self._per_entry:
            self._each[-1] = _together(self._each[-1], own)
            self._in_last += 1
            return
        if len(self._each) == _MOST_ROUNDS:
            self._each = [_together(*self._each[i : i + 2]) for i in range(0, _MOST_ROUNDS, 2)]
            self._per_entry *= 2
        self._each.append(own)
        self._in_last = 1

    def clocks(self) -> Clocks:
        """Returns the summary of the rounds that have ended."""
        tally = self._inside or self._all
        if tally is None:
            return Clocks()
        return Clocks(
            sm_mhz_before=tally.first.sm_mhz,
            sm_mhz_after=tally.last.sm_mhz,
            memory_mhz=tally.last.memory_mhz,
            temperature_c=tally.temperature_c,
            throttle_reasons=reason_names(tally.reasons),
            sm_mhz_min=tally.least_mhz,
            sm_mhz_max=tally.most_mhz,
            power_w=tally.power_w,
            readings=tally.count,
            throttled_rounds=tuple(self._throttled),
            rounds=tuple(self._each),
        )


def _together(first: RoundClocks, second: RoundClocks) -> RoundClocks:
    """Two rounds as one; a clock that is not known is not the lowest."""
    known = [mhz for mhz in (first.sm_mhz, second.sm_mhz) if mhz]
    return RoundClocks(
        first.iterations + second.iterations,
        min(known, default=0),
        max(first.temperature_c, second.temperature_c),
        max(first.power_w, second.power_w),
    )


def _after(tally: Tally | None, reading: Reading) -> Tally:
    return tally.and_then(Tally.of(reading)) if tally else Tally.of(reading)


class ClockMonitor:
    """Reads the sensors on a thread of its own, so that no pass waits for NVML.

    At the end of a round, where nothing is timed, the thread that measures takes a reading too: a
    short round would have none.

    A context manager. One reading is taken on entering and one on leaving; where the first one is
    empty (no GPU, no NVML) no thread is started and the result is empty.

    Args:
        read: returns a reading; by default of the current GPU's sensors.
        hz: readings per second; 20 notice a clock change within 50 ms, half a warm-up window.
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
        """The newest SM clock; 0 if it is not known."""
        return self._record.newest.sm_mhz

    @contextlib.contextmanager
    def round(self, iterations: int = 0) -> Iterator[None]:
        """Marks a round of passes, so that its clocks are known, and whether it was throttled.

        Args:
            iterations: of each pass.
        """
        with self._lock:
            self._record.begin_round(time.monotonic())
        try:
            yield
        finally:
            if self._knows_anything():
                self._take()
            with self._lock:
                self._record.end_round(time.monotonic(), iterations)

    def forget_rounds(self) -> None:
        """Forgets the rounds so far, because what they measured is measured again."""
        with self._lock:
            self._record.forget_rounds()

    def clocks(self) -> Clocks:
        """Returns the summary from the first round to the last, or of all readings without any."""
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
