"""Callbacks through which a long call reports its progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeGuard

Progress = Callable[[str, int, int], None]
"""Called with the phase, steps done and steps in all; 0 steps where they are not known."""

Notify = Callable[[str], None]
"""Called with a line to show the user immediately."""


class RoundReport(NamedTuple):
    """What is known after a round of passes.

    Attributes:
        rounds: that have ended.
        median_ms: median of the latencies of all rounds so far; NaN if none were timed.
        low_ms: lower end of its 95 % interval; NaN with too few rounds.
        high_ms: upper end.
        sm_mhz: SM clock of the GPU; 0 if it is not known.
    """

    rounds: int
    median_ms: float
    low_ms: float
    high_ms: float
    sm_mhz: int = 0


class LiveProgress(Protocol):
    """A `Progress` that also shows rounds; it is called between rounds only.

    What it does then, such as drawing on a terminal, disturbs no iteration that is timed.
    """

    def __call__(self, phase: str, done: int, total: int, /) -> None:
        """As any `Progress`."""

    def round_done(self, report: RoundReport) -> None:
        """Called after each round."""


def is_live(progress: Progress | None) -> TypeGuard[LiveProgress]:
    """Whether a callback shows rounds."""
    return callable(getattr(progress, "round_done", None))
