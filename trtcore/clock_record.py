"""Sums up sensor readings and rounds of passes as they come, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass

from trtcore.result import Clocks
from trtcore.sensors import Reading
from trtcore.throttle import is_throttled, reason_names


@dataclass(frozen=True)
class Tally:
    """What some readings in a row come to.

    Attributes:
        first: the first of them.
        last: the last of them.
        least_mhz: the lowest clock of the multiprocessors.
        most_mhz: the highest.
        temperature_c: the highest.
        power_w: the highest.
        reasons: every clock event reason in them, as NVML's bit mask.
        count: how many they are.
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
    """What the sensors told from the first round of passes to the last, or in all without rounds.

    Memory stays the same however many readings and rounds there are; only the numbers of throttled
    rounds are kept one by one.
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

    @property
    def first(self) -> Reading:
        """The first reading; nothing is known before."""
        return self._all.first if self._all else Reading()

    @property
    def newest(self) -> Reading:
        """The newest reading; nothing is known before the first."""
        return self._all.last if self._all else Reading()

    def add(self, reading: Reading) -> None:
        """Takes a reading; one that was begun before a round does not count for it."""
        self._all = _after(self._all, reading)
        if reading.time_s < self._first_begin_s:
            return
        if self._begin_s is None and reading.time_s <= self._last_end_s:
            self._inside = _after(self._inside, reading)
        else:
            self._since = _after(self._since, reading)
        if self._begin_s is not None and reading.time_s >= self._begin_s:
            self._reasons |= reading.reasons

    def begin_round(self, time_s: float) -> None:
        """Marks the beginning of a round, by `time.monotonic`; one goes on at a time."""
        self._begin_s, self._reasons = time_s, 0
        self._first_begin_s = min(self._first_begin_s, time_s)

    def end_round(self, time_s: float) -> None:
        """Marks its end."""
        if self._since is not None:
            self._inside = self._inside.and_then(self._since) if self._inside else self._since
        self._begin_s, self._since, self._last_end_s = None, None, time_s
        if is_throttled(self._reasons):
            self._throttled.append(self._rounds)
        self._rounds += 1

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
        )


def _after(tally: Tally | None, reading: Reading) -> Tally:
    return tally.and_then(Tally.of(reading)) if tally else Tally.of(reading)
