"""The cost of rows: what their layers have of the cost of fusion groups."""

from __future__ import annotations

from collections.abc import Iterable
from math import nan

from trtcore.result.analysis.analysis import Analysis


class LayerCosts:
    """The groups' cost by layer; a layer has the part of its group that it has of its time.

    Args:
        analysis: of the profile.
    """

    def __init__(self, analysis: Analysis) -> None:
        self._cost = analysis.cost
        groups = self._cost.groups if self._cost else ()
        self._group = {layer: group for group in groups for layer in group.work.layers}
        self._ms = analysis.layer_times

    def least_ms(self, layers: Iterable[int]) -> float:
        """Time of layers at the peaks; 0 for those in no group, NaN where a peak is missing."""
        if self._cost is None or self._cost.peaks is None:
            return nan
        return sum((self._least_ms(layer) for layer in layers), 0.0)

    def _least_ms(self, layer: int) -> float:
        group = self._group.get(layer)
        if group is None:
            return 0.0
        part = self._ms[layer] / group.ms if group.ms > 0 else 1 / len(group.work.layers)
        return group.least_ms * part

    def bound(self, layers: Iterable[int]) -> str:
        """What the groups of layers are bound by; ``""`` where they differ or it is not known."""
        bounds = {self._group[i].bound.value for i in layers if i in self._group}
        return bounds.pop() if len(bounds) == 1 else ""
