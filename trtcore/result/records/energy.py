"""What the GPU spent on an un-profiled loop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from math import nan


class EnergySource(Enum):
    """What told the energy."""

    COUNTER = "energy counter"
    """NVML's counter of all energy, read before and after."""
    POWER = "power readings"
    """NVML's power, read meanwhile."""
    NONE = "none"


class EnergyGap(Enum):
    """Why there is no energy."""

    NONE = "none"
    TOO_SHORT = "too short"
    NO_SENSOR = "no sensor"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Energy:
    """What the board spent on a loop of iterations that follow one another without a profiler.

    Attributes:
        source: what told it.
        joules: of the loop, the idle GPU's part in it.
        seconds: of the loop.
        iterations: in it.
        idle_w: what the board draws with the engine loaded and nothing to do; NaN if not measured.
        gap: why there is no energy; `EnergyGap.NONE` if there is.
        graph_joules: of a loop that launches the CUDA graph instead; NaN if it was not measured.
        graph_iterations: in that loop.
    """

    source: EnergySource = EnergySource.NONE
    joules: float = nan
    seconds: float = 0.0
    iterations: int = 0
    idle_w: float = nan
    gap: EnergyGap = EnergyGap.NONE
    graph_joules: float = nan
    graph_iterations: int = 0

    def with_graph(self, graph: Energy) -> Energy:
        """This energy, and beside it that of a loop of CUDA graphs, if that one is known."""
        if not graph.is_known:
            return self
        return replace(self, graph_joules=graph.joules, graph_iterations=graph.iterations)

    @property
    def is_known(self) -> bool:
        """Whether there is an energy."""
        return self.gap is EnergyGap.NONE and self.iterations > 0

    @property
    def millijoules(self) -> float:
        """Of an inference; NaN if there is none."""
        return 1000 * self.joules / self.iterations if self.is_known else nan

    @property
    def idle_millijoules(self) -> float:
        """What the idle board would have spent in the time of an inference; NaN if not known."""
        return 1000 * self.idle_w * self.seconds / self.iterations if self.is_known else nan

    @property
    def graph_millijoules(self) -> float:
        """Of an inference as a CUDA graph; NaN if it was not measured."""
        return 1000 * self.graph_joules / self.graph_iterations if self.graph_iterations else nan

    @property
    def watts(self) -> float:
        """The mean power during the loop; NaN if there is none."""
        return self.joules / self.seconds if self.is_known and self.seconds > 0 else nan
