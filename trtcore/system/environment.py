"""The environment of a run: versions, device, processor and the modes that change timing."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from trtcore.system.device import Device, cuda_version, current_device
from trtcore.system.records import Clocks, Environment
from trtcore.system.sensors import GpuSensors

_CPU_INFO = Path("/proc/cpuinfo")
_UNKNOWN_CLOCKS = Clocks()


def capture_environment(runtime: str = "", clocks: Clocks = _UNKNOWN_CLOCKS) -> Environment:
    """Returns the environment of this process now.

    Args:
        runtime: the library that executes, with its version, such as ``TensorRT-RTX 1.6.1.120``.
        clocks: the summary of a `ClockMonitor`.

    Returns:
        The environment; strings are empty and numbers 0 for what is not there. ``device`` is
        empty on a machine without a usable GPU.
    """
    device = current_device()
    sensors = GpuSensors(device.pci_bus_id if device else "")
    return Environment(
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        trtcore=_own_version(),
        python=platform.python_version(),
        system=platform.platform(),
        cpu=_cpu_model(),
        cpu_count=_usable_cpus(),
        load_average=_load_average(),
        runtime=runtime,
        clocks=clocks,
        **_device_facts(device or Device(-1)),
        **_sensor_facts(sensors),
    )


def _device_facts(device: Device) -> dict[str, Any]:
    return {
        "device": device.name,
        "compute_capability": device.compute_capability,
        "cuda": cuda_version(),
        "memory_bytes": device.memory_bytes,
    }


def _sensor_facts(sensors: GpuSensors) -> dict[str, Any]:
    return {
        "driver": sensors.driver_version(),
        "memory_free_bytes": sensors.memory_free_bytes(),
        "ecc": sensors.ecc(),
        "mig": sensors.mig(),
        "persistence": sensors.persistence(),
        "confidential_computing": sensors.confidential_computing(),
    }


def _own_version() -> str:
    try:
        return metadata.version("trtcore")
    except metadata.PackageNotFoundError:
        return ""


def _cpu_model() -> str:
    """Returns the processor's model; /proc/cpuinfo names it where `platform` does not."""
    try:
        lines = _CPU_INFO.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


def _usable_cpus() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 0


def _load_average() -> float:
    """Returns the system's load average over the last minute."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return 0.0
