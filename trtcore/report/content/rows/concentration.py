"""How much of the time a few layers hold: the cumulative curve, and its sentence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trtcore.result.analysis.analysis import Analysis
from trtcore.stats.arrays import Floats

HALF = 0.5


class Concentration(NamedTuple):
    """The layers of a profile, longest first, without those that only synchronise streams.

    Attributes:
        positions: of the layers, longest first.
        shares: (K,) part of the time over these layers that the first 1, 2 ... K hold.
    """

    positions: tuple[int, ...]
    shares: Floats

    @property
    def half(self) -> int:
        """How many layers hold half of the time; 0 where there is no time."""
        return int(np.searchsorted(self.shares, HALF) + 1) if self.shares.size else 0


def concentrate(analysis: Analysis) -> Concentration:
    """Returns the layers by their time, and how much the first of them hold."""
    rows, _ = analysis.folded
    ordered = sorted((row for row in rows if row.own_ms > 0), key=lambda row: -row.own_ms)
    times = np.array([row.own_ms for row in ordered], dtype=np.float64)
    shares = times.cumsum() / times.sum() if times.size else times
    return Concentration(tuple(row.index for row in ordered), shares)


def concentration_text(analysis: Analysis, found: Concentration | None = None) -> str:
    """Returns such as ``12 of 137 layers are 50 % of the time``; ``""`` where none took any."""
    found = found or concentrate(analysis)
    if not found.half:
        return ""
    rows, _ = analysis.folded
    share = float(found.shares[found.half - 1])
    verb = "is" if found.half == 1 else "are"
    noun = "layer" if len(rows) == 1 else "layers"
    return f"{found.half} of {len(rows)} {noun} {verb} {share:.0%} of the time".replace("%", " %")
