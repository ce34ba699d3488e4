"""Reads the free memory of the device and this process's own, between the steps of a run."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

from trtcore.measure.device.cuda import free_memory_bytes
from trtcore.result.records.memory import MemoryPoint, MemoryReading, RunMemory
from trtcore.system.device import current_device
from trtcore.system.sensors import GpuSensors

_KIB = 1024
_RESIDENT = "VmRSS:"


def resident_bytes(status: Path = Path("/proc/self/status")) -> int:
    """Memory of this process that is in RAM; 0 where the system does not tell."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    found = (line.split()[1] for line in lines if line.startswith(_RESIDENT))
    return _KIB * int(next(found, 0))


def peak_resident_bytes() -> int:
    """The most that this process had in RAM since it began."""
    return _KIB * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # Linux counts KiB


class MemoryLog:
    """Takes a reading at each point of a run that it is told of.

    CUDA tells the free memory, but asking it makes a CUDA context, which takes some hundred MB
    itself: NVML tells what was free before.

    Args:
        device_bytes: all memory of the device; 0 for a run that uses none.
        before: returns the free memory before the process has a CUDA context.
        free: returns it afterwards.
        resident: returns the host memory of this process.
    """

    def __init__(
        self,
        device_bytes: int = 0,
        before: Callable[[], int] = lambda: 0,
        free: Callable[[], int] = lambda: 0,
        resident: Callable[[], int] = resident_bytes,
    ) -> None:
        self._device_bytes, self._before, self._free = device_bytes, before, free
        self._resident = resident
        self._readings: dict[MemoryPoint, MemoryReading] = {}

    @classmethod
    def of_gpu(cls) -> MemoryLog:
        """A log of the current GPU and the host."""
        device = current_device()
        if device is None:
            return cls()
        sensors = GpuSensors(device.pci_bus_id)
        # Of a GPU that is split into instances NVML tells the whole, and CUDA one instance.
        before = free_memory_bytes if sensors.mig() == "on" else sensors.memory_free_bytes
        return cls(device.memory_bytes, before, free_memory_bytes)

    @classmethod
    def begun(cls) -> MemoryLog:
        """A log with its first reading; for before a build too, which makes a CUDA context."""
        log = cls.of_gpu()
        log.note(MemoryPoint.BEFORE)
        return log

    def note(self, point: MemoryPoint) -> None:
        """Takes a reading."""
        ask = self._before if point is MemoryPoint.BEFORE else self._free
        self._readings[point] = MemoryReading(point, ask(), self._resident())

    def record(self, contexts: int = 0) -> RunMemory:
        """The readings so far; ``contexts`` is how many execution contexts there were."""
        return RunMemory(
            tuple(self._readings.values()), peak_resident_bytes(), contexts, self._device_bytes
        )
