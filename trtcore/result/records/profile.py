"""The records of a run: samples, what each layer is, and where and how they were measured.

Everything here is a frozen dataclass that needs NumPy at most, so a saved `Profile` can be looked
at on any machine. Units are in the names; N is profiled iterations, M is un-profiled ones, L is
layers. A record holds values; ``trtcore.report.content`` makes the text of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

from trtcore.result.backends import Backend, find_backend
from trtcore.result.layer_table import layer_frame, layer_html
from trtcore.result.phases import PhaseTime
from trtcore.result.records.accuracy import Accuracy
from trtcore.result.records.build import (
    Build,
)
from trtcore.result.records.counts import Counts
from trtcore.result.records.energy import Energy
from trtcore.result.records.input_values import InputValues
from trtcore.result.records.kernel_pass import (
    KernelPass,
)
from trtcore.result.records.layers import IOTensor, Layer, ModelRecord
from trtcore.result.records.memory import RunMemory
from trtcore.result.records.method import Method
from trtcore.result.records.peaks import Peaks
from trtcore.result.records.repeats import BuildMedians, ProcessMedians
from trtcore.result.records.samples import Samples
from trtcore.result.records.warnings import RunWarning
from trtcore.system.records import Environment


@dataclass(frozen=True)
class EventCost:
    """The calibrated cost of the event after a layer, in ms.

    Attributes:
        cost_ms: median slope over all pairs of points of one repeat.
        low_ms: lower end of its 95 % interval; NaN with too few points.
        high_ms: upper end; NaN with too few points.
        offset_ms: the intercept at no layers: the cost of profiling an empty engine.
        residual_ms: median distance of the points from the line.
        points: number of points.
        runs: calibrations, each of a process of its own, that the points are of.
    """

    cost_ms: float
    low_ms: float
    high_ms: float
    offset_ms: float
    residual_ms: float
    points: int
    runs: int = 1

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
        precision: the requested one, such as ``fp16``; ``""`` if the plan does not record it.
        batch: leading dimension of the first input.
        method: how it was timed.
        io: the network's inputs and outputs.
        layers: (L,) what each column of ``samples.layer_ms`` is.
        samples: the raw times.
        counts: iterations requested, warmed up, measured.
        environment: where it was measured.
        build: the engine, if one was built or loaded.
        event_cost: the calibrated cost of the profiler's events, if it was measured.
        accuracy: the outputs against those of the FP32 model, if they were compared.
        kernels: kernel times by CUPTI, if they were requested.
        warnings: those that only the run could see; `trtcore.result.analysis.diagnosis.diagnose`
            returns those that follow from the figures.
        phases: how long each phase of the call took; empty if that was not recorded.
        peaks: of the device, which the cost of groups is compared with; None if there are none.
        processes: the medians of fresh processes, if there were several; the rest of the profile is
            of one of them.
        builds: of each of several builds of the model; the rest of the profile is of the first.
        memory: what the run needed of the device and the host; None if it was not recorded.
        energy: what the GPU spent on an un-profiled loop; None if it was not asked for.
        inputs: what each input was fed; empty if that was not recorded.
        command: the command line that measured it, word by word; empty where a program called the
            API.
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
    phases: tuple[PhaseTime, ...] = ()
    peaks: Peaks | None = None
    processes: ProcessMedians | None = None
    builds: tuple[BuildMedians, ...] = ()
    memory: RunMemory | None = None
    energy: Energy | None = None
    inputs: tuple[InputValues, ...] = ()
    command: tuple[str, ...] = ()

    @property
    def timed_by(self) -> Backend:
        """What timed the layers."""
        # The environment names a GPU only if the layers ran on it.
        return find_backend(self.backend, has_gpu=bool(self.environment.device))

    def to_dataframe(self) -> Any:
        """Returns one row per layer as a ``pandas.DataFrame``: names, median, mean, share.

        Raises:
            ResultError: pandas is not installed.
        """
        return layer_frame(self.layers, self.samples)

    def _repr_html_(self) -> str:
        """The longest layers, as a notebook shows a profile."""
        words = (self.model.name, self.timed_by.label, self.precision)
        return layer_html(" ".join(filter(None, words)), self.layers, self.samples)

    @property
    def source_tool(self) -> str:
        """The tool whose file this was read from; ``""`` where trtcore measured it."""
        return self.backend if self.timed_by.is_foreign else ""
