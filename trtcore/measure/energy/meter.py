"""Energy of a stretch of work, from NVML's counter or, where there is none, its power readings."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import nan

from trtcore.result.records.energy import Energy, EnergyGap, EnergySource
from trtcore.system.device import current_device
from trtcore.system.sensors import GpuSensors

LEAST_SECONDS = 1.0
"""Of a loop whose energy counts. The counter moves in steps, a loop is off by up to one of them,
and NVML does not document how long they are: at 0.1 s, a shorter loop is off by more than 10 %."""
_READINGS_PER_S = 20


@dataclass(frozen=True)
class Mark:
    """The counter at one moment: seconds of the clock, and millijoules (0: there is none)."""

    time_s: float
    energy_mj: int


@dataclass
class PowerLog:
    """The power seen during a stretch, in W."""

    watts: list[float] = field(default_factory=list)

    @property
    def mean_w(self) -> float:
        """Their mean; NaN without any."""
        return sum(self.watts) / len(self.watts) if self.watts else nan


class EnergyMeter:
    """Reads the energy counter, or the power where there is none.

    Args:
        energy_mj: returns the counter in millijoules, 0 if there is none; by default of the current
            GPU.
        power_w: returns the power in W, 0 if it is not told; likewise.
        clock: returns seconds.
    """

    def __init__(
        self,
        energy_mj: Callable[[], int] | None = None,
        power_w: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if energy_mj is None or power_w is None:
            device = current_device()
            sensors = GpuSensors(device.pci_bus_id if device else "")
            energy_mj, power_w = sensors.energy_mj, sensors.power_w
        self._energy_mj, self._power_w, self._clock = energy_mj, power_w, clock

    @property
    def has_counter(self) -> bool:
        """Whether there is a counter."""
        return self.mark().energy_mj > 0

    def mark(self) -> Mark:
        """Reads the counter."""
        energy = self._energy_mj()
        return Mark(self._clock(), energy)

    @contextmanager
    def power(self) -> Iterator[PowerLog]:
        """Reads the power on a thread of its own while the block runs; nothing with a counter."""
        log, stop = PowerLog(), threading.Event()
        if self.has_counter:
            yield log
            return
        thread = threading.Thread(target=self._watch, args=(log, stop), daemon=True)
        thread.start()
        try:
            yield log
        finally:
            stop.set()
            thread.join()

    def _watch(self, log: PowerLog, stop: threading.Event) -> None:
        while not stop.wait(1 / _READINGS_PER_S):
            if watts := self._power_w():
                log.watts.append(watts)


def energy_between(first: Mark, last: Mark, iterations: int, log: PowerLog | None = None) -> Energy:
    """Returns the energy of a loop between two marks.

    Args:
        first: before it.
        last: after it.
        iterations: in it.
        log: the power meanwhile, for GPUs without a counter.
    """
    seconds = last.time_s - first.time_s
    if seconds < LEAST_SECONDS:
        return Energy(seconds=seconds, iterations=iterations, gap=EnergyGap.TOO_SHORT)
    # A counter that did not move is none; one that fell was reset with the driver.
    if first.energy_mj > 0 and last.energy_mj > first.energy_mj:
        joules = (last.energy_mj - first.energy_mj) / 1000
        return Energy(EnergySource.COUNTER, joules, seconds, iterations)
    if log is not None and log.watts:
        return Energy(EnergySource.POWER, log.mean_w * seconds, seconds, iterations)
    return Energy(seconds=seconds, iterations=iterations, gap=EnergyGap.NO_SENSOR)


def mean_power(first: Mark, last: Mark, log: PowerLog) -> float:
    """Returns the mean power between two marks, in W; NaN if nothing tells it."""
    seconds = last.time_s - first.time_s
    if first.energy_mj > 0 and last.energy_mj > first.energy_mj and seconds > 0:
        return (last.energy_mj - first.energy_mj) / 1000 / seconds
    return log.mean_w
