"""What a run needed of the device's and the host's memory, read at points between its steps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class MemoryPoint(Enum):
    """When memory was read; never while anything is timed."""

    BEFORE = "before"
    """Before the process used the GPU, or loaded anything."""
    DRIVER = "CUDA context"
    """With the CUDA context of the process, which holds code and queues."""
    ENGINE = "engine"
    """With the engine loaded, or the sessions made."""
    CONTEXTS = "execution contexts"
    TENSORS = "inputs and outputs"
    READY = "first iterations"
    """After the first iterations, which load kernels and capture a graph."""
    AFTER = "after"
    """After the last iteration."""


@dataclass(frozen=True)
class MemoryReading:
    """Memory at one point; 0 where it is not told.

    Attributes:
        point: when.
        device_free_bytes: free memory of the device.
        host_bytes: memory of this process that is in RAM (resident set).
    """

    point: MemoryPoint
    device_free_bytes: int = 0
    host_bytes: int = 0


@dataclass(frozen=True)
class RunMemory:
    """The readings of a run, in order.

    Attributes:
        readings: at most one of each point.
        host_peak_bytes: the most that this process had in RAM so far; 0 if it is not told.
        contexts: execution contexts that the run made.
        device_bytes: all memory of the device; 0 if it is not told, or none was used.
    """

    readings: tuple[MemoryReading, ...] = ()
    host_peak_bytes: int = 0
    contexts: int = 0
    device_bytes: int = 0

    def at(self, point: MemoryPoint) -> MemoryReading | None:
        """The reading at a point; None if there is none."""
        return next((reading for reading in self.readings if reading.point is point), None)

    @property
    def peak_device_bytes(self) -> int:
        """The most device memory in use at a point, less that of before; 0 if it is not known."""
        free = [reading.device_free_bytes for reading in self.readings]
        return max(free[0] - min(free), 0) if free and all(free) else 0
