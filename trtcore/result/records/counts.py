"""Iterations of a run, and how its warm-up and its measurement ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from trtcore.result.records.failure import RunFailure


class WarmUpReason(Enum):
    """Why a warm-up ended, or what it still waits for."""

    STEADY = "steady"
    TOO_SHORT = "too short"
    """Fewer iterations, or less time, than the rule asks for."""
    TOO_FEW = "too few"
    """Fewer iterations than the two windows that are compared."""
    TIMES_CHANGE = "times change"
    CLOCK_CHANGES = "clock changes"
    OTHER = "other"
    """Described in `WarmUpEnd.note` only."""


@dataclass(frozen=True)
class WarmUpEnd:
    """How a warm-up ended.

    Attributes:
        reason: why it ended.
        seconds: how long it took; NaN if unknown.
        change: of the iterations' median or of the clock between the last two windows, as a
            fraction.
        iterations: where there were too few: of a window, or the least that the rule allows.
        least_ms: the shortest warm-up that the rule allows, where it was too short.
        have_layers_changed: the sequence of layers changed meanwhile, so that it began again.
        note: the text of an older file that does not parse.
    """

    reason: WarmUpReason
    seconds: float = float("nan")
    change: float = 0.0
    iterations: int = 0
    least_ms: float = 0.0
    have_layers_changed: bool = False
    note: str = ""

    @property
    def is_steady(self) -> bool:
        """Whether it ended because the times were steady."""
        return self.reason is WarmUpReason.STEADY

    @property
    def is_unsteady(self) -> bool:
        """Whether it ended before the times were steady."""
        # Of an older file's text that does not parse neither is known; a warning needs certainty.
        return self.reason not in (WarmUpReason.STEADY, WarmUpReason.OTHER)


class StopReason(Enum):
    """Why a run ended that goes on until its medians are precise enough."""

    CONVERGED = "converged"
    TOO_FEW_BATCHES = "too few batches"
    TOO_SHORT = "too short"
    NOT_A_NUMBER = "not a number"
    NOT_POSITIVE = "not positive"
    TOO_WIDE = "too wide"
    JUMPS = "jumps"
    STRAYS = "strays"
    DRIFTS = "drifts"
    OTHER = "other"
    """Described in `Stop.note` only."""


@dataclass(frozen=True)
class Stop:
    """Why a run ended, or what still keeps it from ending.

    Attributes:
        reason: `StopReason.CONVERGED`, or what is in the way.
        seconds: of measuring.
        layer: the layer it is about; ``""`` for the total.
        which: the first, second ... layer of that name; 0 where there is only one.
        figures: ``CONVERGED``: half-width of the total's interval, as a part; ``TOO_FEW_BATCHES``:
            batches, and how many are needed; ``TOO_SHORT``: seconds needed; ``NOT_POSITIVE``: ms;
            ``TOO_WIDE``: half-width and what was wanted, as parts; ``JUMPS``: the values, in ms;
            ``STRAYS``: batches apart from the others, and all; ``DRIFTS``: change, as a part.
        note: the text of an older file that does not parse.
    """

    reason: StopReason
    seconds: float = float("nan")
    layer: str = ""
    which: int = 0
    figures: tuple[float, ...] = ()
    note: str = ""

    @property
    def is_cut_short(self) -> bool:
        """Whether it ended before the medians were as precise as requested."""
        return self.reason not in (StopReason.CONVERGED, StopReason.OTHER)

    @property
    def is_converged(self) -> bool:
        """Whether the medians were as precise as requested."""
        return self.reason is StopReason.CONVERGED


@dataclass(frozen=True)
class Counts:
    """Iterations requested, spent on warming up, and measured: three separate numbers.

    Attributes:
        asked: the requested iterations of each pass; the least where a stopping rule decides, 0
            for as many as fit a time.
        warmed_up: before anything was measured, of all contexts together.
        measured: profiled iterations.
        interrupted: the run ended early, by Ctrl-C or by the error in ``failure``.
        warm_up: how the warm-up ended; None if it had a fixed number of iterations.
        stopped: why the run ended; None if it ran the requested iterations.
        failure: the error that ended the run early; None if none did.
    """

    asked: int
    warmed_up: int
    measured: int
    interrupted: bool = False
    warm_up: WarmUpEnd | None = None
    stopped: Stop | None = None
    failure: RunFailure | None = None
