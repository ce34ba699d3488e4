"""A comparison of two profiles: its rows and totals, as data."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

from trtcore.result.records.profile import Profile

# Values of `Change.kind`; the comparison's JSON has them too.
APPEARED = "appeared"
VANISHED = "vanished"
ELIMINATED = "eliminated"
REFUSED = "re-fused"
SAME = "same"

# What the totals are called, which stand in the JSON too.
GATED_TIME = "un-profiled GPU time, gated"
GPU_TIME = "un-profiled GPU time"
LATENCY = "un-profiled latency"


@dataclass(frozen=True)
class Change:
    """A row of a comparison, or one of its totals. Times in ms.

    Attributes:
        name: model nodes, or what the total is of.
        base_ms: median before; 0 if it is not there.
        new_ms: median after; 0 if it is not there.
        interval: 95 % interval of the ratio; NaN where samples are too few or missing, or the row
            is inconclusive.
        is_noise: whether the difference may be chance, or the row is inconclusive; None where that
            cannot be judged.
        relative_ratio: ratio relative to all other layers, where only that stands out: the whole
            run was a little faster or slower, and this row more than that. Else NaN.
        kind: ``same``, ``re-fused`` (other groups on one side), ``appeared`` or ``vanished`` (timed
            on one side only), ``eliminated`` (costs nothing any more).
        nodes: the model nodes.
        base_layers: names of the layers before.
        new_layers: names of the layers after.
        order: place of the row in the order of execution.
        unmapped_ms: of an inconclusive row: how large a difference unmapped layers can simulate
            or hide here; else 0.
    """

    name: str
    base_ms: float
    new_ms: float
    interval: tuple[float, float] = (nan, nan)
    is_noise: bool | None = None
    kind: str = SAME
    nodes: tuple[str, ...] = ()
    base_layers: tuple[str, ...] = ()
    new_layers: tuple[str, ...] = ()
    order: int = 0
    relative_ratio: float = nan
    unmapped_ms: float = 0.0

    @property
    def is_conclusive(self) -> bool:
        """Whether the row is conclusive; not where unmapped layers can explain its difference."""
        return self.unmapped_ms == 0

    @property
    def difference_ms(self) -> float:
        """New less base."""
        return self.new_ms - self.base_ms

    @property
    def ratio(self) -> float:
        """New over base; NaN without a base."""
        return self.new_ms / self.base_ms if self.base_ms else nan

    @property
    def judged_ratio(self) -> float:
        """The ratio that stands out: relative to all other layers if only that does, else plain."""
        return self.ratio if isnan(self.relative_ratio) else self.relative_ratio

    @property
    def judged_difference_ms(self) -> float:
        """New less base; relative to all other layers if only that stands out."""
        ratio = self.judged_ratio
        return self.difference_ms if isnan(ratio) else self.base_ms * (ratio - 1)

    @property
    def speed_up(self) -> float:
        """Base over new; NaN unless both have a time."""
        return self.base_ms / self.new_ms if self.base_ms and self.new_ms else nan


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two profiles of one model, side by side.

    Attributes:
        base: the profile before.
        new: the profile after.
        rows: nodes that belong together, by how much they contribute to the change.
        total: the un-profiled GPU time or latency where both have one, else the sum over layers.
        layers: the time over all layers: rows, stream sync layers and unattributed ones.
        rest: stream sync layers and layers that are mapped to no node.
        notes: what limits or qualifies the comparison.
        gated: the un-profiled GPU time with the launch overhead hidden, which is what the GPU
            itself takes; None unless both have it.
    """

    base: Profile
    new: Profile
    rows: tuple[Change, ...]
    total: Change
    layers: Change
    rest: Change
    notes: tuple[str, ...] = ()
    gated: Change | None = None
