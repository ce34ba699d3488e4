"""Runs as lines of text with a mark for each time, for terminals and logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

_NORMAL_95 = 1.96
"""A 95 % interval of a normal distribution, in standard errors."""
_NARROWEST = 10


@dataclass(frozen=True)
class Point:
    """A time in a chart: the words left of it, in ms, and its standard error (NaN if unknown)."""

    words: str
    ms: float
    error_ms: float

    @property
    def ends(self) -> tuple[float, float]:
        """The 95 % interval, or the time alone."""
        away = 0.0 if isnan(self.error_ms) else _NORMAL_95 * self.error_ms
        return self.ms - away, self.ms + away


def draw(points: Sequence[Point], width: int) -> list[str]:
    """Returns one line for each time: words, figure, and its place between the extremes.

    Args:
        points: in the order of the lines.
        width: of a line, in characters.
    """
    if not points:
        return []
    low = min(point.ends[0] for point in points)
    high = max(point.ends[1] for point in points)
    left = max(len(point.words) for point in points)
    figures = [f"{point.ms:.4f}" for point in points]
    wide = max(map(len, figures))
    room = max(width - left - wide - 4, _NARROWEST)
    return [
        f"{point.words:<{left}}  {figure:>{wide}}  {_marks(point, low, high, room)}".rstrip()
        for point, figure in zip(points, figures, strict=True)
    ]


def _marks(point: Point, low: float, high: float, room: int) -> str:
    """``--o--``: a time with its interval, on a scale from low to high."""

    def place(ms: float) -> int:
        return round((ms - low) / (high - low) * (room - 1)) if high > low else 0

    start, end = (place(ms) for ms in point.ends)
    marks = [" "] * room
    marks[start : end + 1] = "-" * (end + 1 - start)
    marks[place(point.ms)] = "o"
    return "".join(marks)
