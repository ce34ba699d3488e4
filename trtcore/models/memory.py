"""Limits that follow the machine: what a file may take of the memory at hand."""

from __future__ import annotations

import os
from pathlib import Path

from trtcore.errors import ModelError

_MIB = 1 << 20


def memory_at_hand() -> int | None:
    """Bytes of memory that a program can still get; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        values = dict(line.split(":", 1) for line in lines)
        # MemAvailable counts what the kernel would give back of its caches: in KiB.
        return int(values["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return _free_pages()


def _free_pages() -> int | None:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def check_memory(path: str | Path, needed: int) -> None:
    """Refuses a file that would take more memory than there is.

    Args:
        path: the file, for the message.
        needed: bytes that reading it takes.

    Raises:
        ModelError: more than is at hand.
    """
    at_hand = memory_at_hand()
    if at_hand is not None and needed > at_hand:
        raise ModelError(
            f"{path}: reading it takes about {needed // _MIB} MiB, {at_hand // _MIB} MiB are free"
        )
