"""What fresh processes and further builds of one model measured, beside the run that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from trtcore.result.records.layers import Layer
from trtcore.stats.arrays import Floats


@dataclass(frozen=True, eq=False)
class SeriesMedians:
    """The medians of one of the series of `Samples`, by its name there.

    Attributes:
        name: such as ``wall_ms``.
        medians_ms: (P,) float64, one of each process or build.
    """

    name: str
    medians_ms: Floats


@dataclass(frozen=True, eq=False)
class ProcessMedians:
    """The medians of P fresh processes that ran the same thing, in the order they ran.

    Attributes:
        layer_ms: (P, L) float64: the median time of each layer.
        series: of the whole iterations.
        shown: which process the samples of the profile are of, from 0: the one in the middle.
    """

    layer_ms: Floats
    series: tuple[SeriesMedians, ...]
    shown: int = 0

    @property
    def count(self) -> int:
        """P."""
        return len(self.layer_ms)

    def of(self, name: str) -> Floats | None:
        """The (P,) medians of a series; None if not every process has it."""
        return next((series.medians_ms for series in self.series if series.name == name), None)


@dataclass(frozen=True, eq=False)
class BuildMedians:
    """One of several builds of a model, which were measured interleaved.

    Attributes:
        layers: (L,) of this build; another one may be fused differently.
        layer_ms: (L,) float64: the median time of each.
        series: of the whole iterations, each (1,).
        half_width: of the 95 % interval of its total within this run, as a part of it; NaN if it is
            not known.
        plan_bytes: size of the plan; 0 where none is built.
        seconds: wall time of the build.
    """

    layers: tuple[Layer, ...]
    layer_ms: Floats
    series: tuple[SeriesMedians, ...]
    half_width: float = nan
    plan_bytes: int = 0
    seconds: float = 0.0

    def of(self, name: str) -> float:
        """The median of a series; NaN if it was not measured."""
        found = (series.medians_ms for series in self.series if series.name == name)
        return next((float(medians[0]) for medians in found), nan)
