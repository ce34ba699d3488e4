"""How much memory a piece of work took, as the kernel saw it (Linux), or has on the device."""

from __future__ import annotations

import ctypes
import os
import subprocess
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


def in_use_kib() -> int | None:
    """Returns what malloc has handed out, without what it keeps free; None before glibc 2.33."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return None
    library.mallinfo2.restype = _Mallinfo
    found = library.mallinfo2()
    return int(found.uordblks + found.hblkhd) // 1024


_FIELDS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class _Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in _FIELDS.split()]


def own_device_kib() -> int | None:
    """Returns the device memory of this process, as nvidia-smi tells it; None if it does not."""
    command = [
        "nvidia-smi",
        "--query-compute-apps=pid,used_memory",
        "--format=csv,noheader,nounits",
    ]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    lines = ran.stdout.splitlines()
    used = dict(line.split(", ") for line in lines if line.count(", ") == 1)
    mib = used.get(str(os.getpid()), "")
    return int(mib) << 10 if mib.isdecimal() else None
