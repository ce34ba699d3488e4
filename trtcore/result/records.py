"""What a run leaves: samples, what each layer is, and where and how they were measured.

Everything here is a frozen dataclass that needs NumPy at most, so a saved `Profile` can be looked
at on any machine. Units are in the names; N is profiled iterations, M is un-profiled ones, L is
layers. A record holds values; the words for them are made by ``trtcore.report.content``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from trtcore.result.accuracy import Accuracy, Compared, OutputAccuracy
from trtcore.result.backends import Backend, find_backend
from trtcore.result.build import (
    Build,
    CacheUse,
    KeptNodes,
    LayerPrecision,
    PrecisionCheck,
    PrecisionVerdict,
    TypeCount,
)
from trtcore.result.counts import Counts, Stop, StopReason, WarmUpEnd, WarmUpReason
from trtcore.result.kernel_pass import (
    KernelMapping,
    KernelPass,
    MappingMethod,
    MappingObstacle,
    ObstacleKind,
    ProfiledKernels,
)
from trtcore.result.layers import IOTensor, Layer, ModelRecord
from trtcore.result.method import Method, Statistic, Timer
from trtcore.result.samples import Samples
from trtcore.result.warnings import RunWarning, WarningKind
from trtcore.system.records import Environment

__all__ = [
    "Accuracy",
    "Build",
    "CacheUse",
    "Compared",
    "Counts",
    "EventCost",
    "KeptNodes",
    "KernelMapping",
    "KernelPass",
    "LayerPrecision",
    "MappingMethod",
    "MappingObstacle",
    "Method",
    "ObstacleKind",
    "OutputAccuracy",
    "PrecisionCheck",
    "PrecisionVerdict",
    "Profile",
    "ProfiledKernels",
    "RunWarning",
    "Statistic",
    "Stop",
    "StopReason",
    "Timer",
    "TypeCount",
    "WarmUpEnd",
    "WarmUpReason",
    "WarningKind",
]


@dataclass(frozen=True)
class EventCost:
    """The calibrated cost of the event after a layer, in ms.

    Attributes:
        cost_ms: median slope over all pairs of points of one repeat.
        low_ms: lower end of its 95 % interval; NaN with too few points.
        high_ms: upper end; NaN with too few points.
        offset_ms: what is left at no layers at all: the cost of profiling an empty engine.
        residual_ms: median distance of the points from the line.
        points: number of points.
    """

    cost_ms: float
    low_ms: float
    high_ms: float
    offset_ms: float
    residual_ms: float
    points: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval; None if there were too few points for one."""
        return (self.low_ms, self.high_ms) if isfinite(self.low_ms) else None


@dataclass(frozen=True, eq=False)
class Profile:
    """A profiled run, complete enough for every report and comparison.

    Attributes:
        model: the user's model.
        backend: name of what timed the layers, one of `trtcore.result.backends.BACKENDS`; see
            `timed_by`.
        precision: what was asked for, such as ``fp16``; ``""`` if the plan does not tell.
        batch: leading dimension of the first input.
        method: how it was timed.
        io: the network's inputs and outputs.
        layers: (L,) what each column of ``samples.layer_ms`` is.
        samples: the raw times.
        counts: iterations asked, warmed up, measured.
        environment: where it was measured.
        build: the engine, if one was built or loaded.
        event_cost: what the profiler's events cost here, if that was calibrated.
        accuracy: the outputs beside those of the FP32 model, if they were compared.
        kernels: kernel times by CUPTI, if they were asked for.
        warnings: what only the run could see; `trtcore.result.analysis.diagnosis.diagnose` finds
            what follows from the figures.
    """

    model: ModelRecord
    backend: str
    precision: str
    batch: int
    method: Method
    io: tuple[IOTensor, ...]
    layers: tuple[Layer, ...]
    samples: Samples
    counts: Counts
    environment: Environment
    build: Build | None = None
    event_cost: EventCost | None = None
    accuracy: Accuracy | None = None
    kernels: KernelPass | None = None
    warnings: tuple[RunWarning, ...] = ()

    @property
    def timed_by(self) -> Backend:
        """What timed the layers; what ran on the CPU names no GPU in its environment."""
        return find_backend(self.backend, has_gpu=bool(self.environment.device))

    @property
    def source_tool(self) -> str:
        """The tool whose file this was read from; ``""`` where trtcore measured it."""
        return self.backend if self.timed_by.is_foreign else ""
