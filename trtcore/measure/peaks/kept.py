"""Peaks that were measured before: one entry of the cache for each figure of each device."""

from __future__ import annotations

import struct
from pathlib import Path

from trtcore.system.cache import cache_entry, read_entry, write_entry
from trtcore.system.records import Environment

_FORMAT = "<d"
# Clocks of a run differ by a step or two of 15 MHz; other limits differ by far more.
_MHZ_STEP = 100


def load_figure(name: str, environment: Environment, threads: int = 0) -> float | None:
    """Returns a figure of this device at this clock; None if it was not measured."""
    content = read_entry(_entry(name, environment, threads))
    if content is None or len(content) != struct.calcsize(_FORMAT):
        return None
    figure: float = struct.unpack(_FORMAT, content)[0]
    return figure if figure > 0 else None


def save_figure(name: str, figure: float, environment: Environment, threads: int = 0) -> None:
    """Keeps a figure, if there is a place for it."""
    write_entry(_entry(name, environment, threads), struct.pack(_FORMAT, figure))


def _entry(name: str, environment: Environment, threads: int) -> Path | None:
    clocks = environment.clocks
    return cache_entry(
        "peak",
        name,
        environment.device or environment.cpu,
        environment.driver,
        environment.runtime,
        threads,
        round(clocks.sm_mhz_max / _MHZ_STEP),
        round(clocks.memory_mhz / _MHZ_STEP),
    )
