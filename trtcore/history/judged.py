"""What comes of a time that is held against earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trtcore.stats.intervals import Interval


class Verdict(Enum):
    """What a run is, against earlier ones."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    UNDECIDED = "undecided"
    """The difference may be chance, and so may hide a change larger than the margin."""


@dataclass(frozen=True)
class Judged:
    """A time against the same in earlier runs.

    Attributes:
        name: of the group; ``total``.
        base_ms: geometric mean of the earlier runs' medians; NaN without any.
        new_ms: median of the run; NaN where it has none.
        interval: 95 % interval of the ratio of new to base; NaN where it cannot be judged.
        verdict: what follows.
    """

    name: str
    base_ms: float
    new_ms: float
    interval: Interval
    verdict: Verdict

    @property
    def ratio(self) -> float:
        """New over base."""
        return self.new_ms / self.base_ms
