"""What a run leaves: samples, what each layer is, and where and how they were measured.

Everything here is a frozen dataclass that needs NumPy at most, so a saved `Profile` can be looked
at on any machine. Units are in the names; N is profiled iterations, M is un-profiled ones, L is
layers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite

from trtcore.accuracy import Accuracy
from trtcore.layer_precision import LayerPrecision
from trtcore.samples import (
    CountArray,
    ExactArray,
    FloatArray,
    Samples,
    StreamedSeries,
    TimeHistograms,
    no_samples,
)

__all__ = [
    "UNFUSED",
    "Build",
    "Clocks",
    "CountArray",
    "Counts",
    "Environment",
    "EventCost",
    "ExactArray",
    "FloatArray",
    "IOTensor",
    "KernelPass",
    "Layer",
    "LayerProfile",
    "ModelNode",
    "ModelRecord",
    "Profile",
    "Samples",
    "StreamedSeries",
    "TensorInfo",
    "TimeHistograms",
]

UNFUSED = ("onnxruntime", "torch")
"""Backends that run the model's own nodes one by one, with nothing fused."""


@dataclass(frozen=True)
class TensorInfo:
    """A tensor as the engine (or the model) sees it: ``Half``, ``linear`` and so on."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    format: str = "linear"


@dataclass(frozen=True)
class IOTensor(TensorInfo):
    """An input or output of the network; ``mode`` is ``input`` or ``output``."""

    mode: str = "input"


@dataclass(frozen=True)
class ModelNode:
    """A node of the user's model: the thing every row of a report leads back to."""

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class ModelRecord:
    """The model that was profiled. ``nodes`` is empty for a plan whose model is not known."""

    name: str
    source: str
    weights: str = ""
    nodes: tuple[ModelNode, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    """One timed row in execution order: an engine layer, or a node of the un-fused model.

    Attributes:
        name: as the profiler reports it; names can repeat, the position is the key.
        kind: engine layer type (``kgen``, ``correlation``, ``signal``) or ONNX op.
        nodes: names of the model nodes it came from, in the engine's order; empty if unknown.
        tactic: kernel or tactic name; empty if the plan does not tell.
        stream: index of the CUDA stream inside the engine; -1 if the plan does not tell.
        inputs: the tensors it reads.
        outputs: the tensors it writes.
    """

    name: str
    kind: str = ""
    nodes: tuple[str, ...] = ()
    tactic: str = ""
    stream: int = -1
    inputs: tuple[TensorInfo, ...] = ()
    outputs: tuple[TensorInfo, ...] = ()


@dataclass(frozen=True)
class LayerProfile:
    """What one layer cost: the row of a report. NaN where the samples do not allow a figure.

    Attributes:
        index: position in execution order, the key of the layer.
        layer: what the layer is.
        median_ms: median over the N profiled iterations.
        share: its part of the sum of all corrected medians, or of all medians where those are not
            known, 0 to 1; all rows together make 1.
        p95_ms: 95th percentile; NaN below 130 iterations.
        min_ms: shortest time.
        mean_ms: arithmetic mean.
        interval: 95 % confidence interval of the median, in ms; NaN below 6 iterations.
        corrected_ms: the median without what the profiler's event costs; NaN where that is not
            known (no gated passes).
        is_below_resolution: ``corrected_ms`` is too short to be more than an order of magnitude.
    """

    index: int
    layer: Layer
    median_ms: float
    share: float
    p95_ms: float
    min_ms: float
    mean_ms: float
    interval: tuple[float, float]
    corrected_ms: float = float("nan")
    is_below_resolution: bool = False


@dataclass(frozen=True)
class Counts:
    """Iterations asked for, spent on warming up, and measured: three separate numbers.

    Attributes:
        asked: of each pass; the least where a stopping rule decides, 0 for as many as fit a time.
        warmed_up: before anything was measured, of all contexts together.
        measured: profiled iterations.
        interrupted: Ctrl-C ended the run early.
        warm_up: how the warm-up ended, in words.
        stopped: why the run ended, in words; empty if it ran what was asked for.
    """

    asked: int
    warmed_up: int
    measured: int
    interrupted: bool = False
    warm_up: str = ""
    stopped: str = ""


@dataclass(frozen=True)
class Build:
    """How the engine was built; None in a `Profile` that has no engine.

    Attributes:
        backend: the library that built it, with its version.
        seconds: wall time of the build; 0 for a plan that was loaded.
        plan_bytes: size of the serialized engine.
        layers: number of layers in it.
        auxiliary_streams: CUDA streams it may use beside the main one.
        verbosity: profiling verbosity of the plan: ``DETAILED``, ``LAYER_NAMES_ONLY``, ``NONE``.
        cache: what a timing or runtime cache did for it, in words.
        precision: what its layers compute in beside what was asked for, in one line.
        precision_verdict: ``met``, ``not met``, ``opaque``; empty if it was not looked at.
        islands: the layers of another type than asked for, longest first.
    """

    backend: str
    seconds: float
    plan_bytes: int
    layers: int = 0
    auxiliary_streams: int = 0
    verbosity: str = "DETAILED"
    cache: str = ""
    precision: str = ""
    precision_verdict: str = ""
    islands: tuple[LayerPrecision, ...] = ()


@dataclass(frozen=True)
class Clocks:
    """What NVML said before, while and after the timed passes ran; 0 where it could not tell.

    Attributes:
        sm_mhz_before: clock of the multiprocessors at the first reading.
        sm_mhz_after: the same at the last reading.
        memory_mhz: clock of the memory.
        temperature_c: the highest seen.
        throttle_reasons: every reason seen for a clock below its best, in words.
        sm_mhz_min: the lowest clock seen.
        sm_mhz_max: the highest clock seen.
        power_w: the highest power seen.
        readings: how often the sensors were read.
        throttled_rounds: numbers of the rounds that heat or power slowed down.
    """

    sm_mhz_before: int = 0
    sm_mhz_after: int = 0
    memory_mhz: int = 0
    temperature_c: int = 0
    throttle_reasons: tuple[str, ...] = ()
    sm_mhz_min: int = 0
    sm_mhz_max: int = 0
    power_w: float = 0.0
    readings: int = 0
    throttled_rounds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Environment:
    """Where the run took place. Empty strings, or 0, where a thing is not there.

    Attributes:
        date: when, in UTC, as ISO 8601.
        trtcore: version of trtcore.
        python: version of Python.
        system: operating system and C library.
        cpu: model of the processor.
        device: name of the GPU.
        driver: version of the display driver.
        compute_capability: of the GPU, such as ``9.0``.
        runtime: the library that executed, with its version.
        clocks: what the GPU's sensors said meanwhile.
        cuda: newest CUDA version the driver serves.
        memory_bytes: all memory of the GPU.
        memory_free_bytes: of it, what nobody used at the time.
        ecc: ``on`` or ``off``: error-correcting memory.
        mig: ``on`` or ``off``: the GPU is split into instances.
        persistence: ``on`` or ``off``: the driver stays loaded between programs.
        confidential_computing: ``on`` or ``off``; event times can be negative under it.
        cpu_count: processors this process may use.
        load_average: processes that wanted a processor, over the last minute.
    """

    date: str
    trtcore: str
    python: str
    system: str
    cpu: str
    device: str
    driver: str = ""
    compute_capability: str = ""
    runtime: str = ""
    clocks: Clocks = Clocks()
    cuda: str = ""
    memory_bytes: int = 0
    memory_free_bytes: int = 0
    ecc: str = ""
    mig: str = ""
    persistence: str = ""
    confidential_computing: str = ""
    cpu_count: int = 0
    load_average: float = 0.0


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
class KernelPass:
    """The kernels of un-profiled iterations, as CUPTI recorded them. K is kernels.

    Attributes:
        names: (K,) in the order they were launched; names can repeat, the position is the key.
        streams: (K,) number of the stream each ran on, from 0 in the order of first use.
        layers: (K,) position in ``Profile.layers`` of the layer each belongs to; -1 if not known.
        mapping: how kernels were led to layers, or why not, in words.
        kernel_ms: (N, K) float32, C order: time of each kernel in each traced iteration.
        start_ms: (N, K) float32: when each began, after the first one of its iteration.
        wall_ms: (M,) float32: host time of iterations with CUPTI, not gated.
        plain_wall_ms: (M,) float32: the same without, taken in turn with them.
        is_gated: the stream was held until an iteration was queued, so that gaps are the GPU's own.
        discarded: traced iterations that were left out, as some of their records were missing.
        source: what recorded them, such as ``CUPTI 13.0``.

    Raises:
        ValueError: arrays that do not fit each other.
    """

    names: tuple[str, ...]
    streams: tuple[int, ...]
    layers: tuple[int, ...]
    mapping: str
    kernel_ms: FloatArray
    start_ms: FloatArray
    wall_ms: FloatArray = field(default_factory=no_samples)
    plain_wall_ms: FloatArray = field(default_factory=no_samples)
    is_gated: bool = False
    discarded: int = 0
    source: str = "CUPTI"

    def __post_init__(self) -> None:
        count = len(self.names)
        if len(self.streams) != count or len(self.layers) != count:
            raise ValueError(
                f"{count} kernels have {len(self.streams)} streams and {len(self.layers)} layers"
            )
        shapes = (self.kernel_ms.shape, self.start_ms.shape)
        if shapes[0] != shapes[1] or len(shapes[0]) != 2 or shapes[0][1] != count:
            raise ValueError(f"kernel_ms and start_ms have shapes {shapes}, expected (N, {count})")


@dataclass(frozen=True, eq=False)
class Profile:
    """A profiled run, complete enough for every report and comparison.

    Attributes:
        model: the user's model.
        backend: ``tensorrt``, ``tensorrt_rtx``, ``onnxruntime`` or ``torch``: what was timed.
        precision: what was asked for, such as ``fp16``; ``""`` if the plan does not tell.
        batch: leading dimension of the first input.
        method: how it was timed, in words, for the foot of a report.
        io: the network's inputs and outputs.
        layers: (L,) what each column of ``samples.layer_ms`` is.
        samples: the raw times.
        counts: iterations asked, warmed up, measured.
        environment: where it was measured.
        build: the engine, if one was built or loaded.
        event_cost: what the profiler's events cost here, if that was calibrated.
        accuracy: the outputs beside those of the FP32 model, if they were compared.
        kernels: kernel times by CUPTI, if they were asked for.
        warnings: what a reader of the figures has to know.
    """

    model: ModelRecord
    backend: str
    precision: str
    batch: int
    method: str
    io: tuple[IOTensor, ...]
    layers: tuple[Layer, ...]
    samples: Samples
    counts: Counts
    environment: Environment
    build: Build | None = None
    event_cost: EventCost | None = None
    accuracy: Accuracy | None = None
    kernels: KernelPass | None = None
    warnings: tuple[str, ...] = ()
