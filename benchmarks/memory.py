"""How much memory a piece of work took, as the kernel saw it (Linux)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def growth_mb(work: Callable[[], object]) -> float:
    """Returns by how much the resident peak during the work lies above what was there before."""
    _RESET.write_text("5")  # the peak starts anew
    before = _resident("VmRSS")
    work()
    return (_resident("VmHWM") - before) / 1e6


def _resident(kind: str) -> int:
    lines = _STATUS.read_text().splitlines()
    line = next(line for line in lines if line.startswith(kind))
    return int(line.split()[1]) * 1024
