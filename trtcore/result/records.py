"""What a run leaves: samples, what each layer is, and where and how they were measured.

Everything here is a frozen dataclass that needs NumPy at most, so a saved `Profile` can be looked
at on any machine. Units are in the names; N is profiled iterations, M is un-profiled ones, L is
layers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from trtcore.result.backends import Backend, find_backend
from trtcore.result.layers import IOTensor, Layer, ModelRecord
from trtcore.result.samples import Samples, no_samples
from trtcore.stats.arrays import FloatArray
from trtcore.system.records import Environment

if TYPE_CHECKING:
    from trtcore.result.layers import Layer


MET, NOT_MET, OPAQUE = "met", "not met", "opaque"
"""What can be said of an engine's precision beside the one that was asked for."""


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
        backend: name of what timed the layers, one of `trtcore.result.backends.BACKENDS`; see
            `timed_by`.
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

    @property
    def timed_by(self) -> Backend:
        """What timed the layers; what ran on the CPU names no GPU in its environment."""
        return find_backend(self.backend, has_gpu=bool(self.environment.device))

    @property
    def source_tool(self) -> str:
        """The tool whose file this was read from; ``""`` where trtcore measured it."""
        return self.backend if self.timed_by.is_foreign else ""


@dataclass(frozen=True)
class OutputAccuracy:
    """One output of a network beside that of the reference.

    NaN and infinite values are counted and left out of the errors, which are NaN where nothing else
    is left.

    Attributes:
        name: of the output.
        max_abs: largest absolute error.
        mean_abs: mean absolute error.
        relative_l2: norm of the error over the norm of the reference; NaN if that is empty.
        cosine: similarity of the two as vectors, -1 to 1; NaN if the reference is empty.
        nan_count: NaNs that the reference does not have.
        inf_count: infinities that the reference does not have.
        top1: part of the images whose class is the same; None if it is no classifier.
        top5: part of the images whose class is among the first five; None if it is no classifier.
        first_bad_node: the model node that first produced a NaN or infinity, where it was found.
        uncompared: values that are NaN in the reference, or infinite there and another number here:
            nothing can be said of them.
        reference_max: largest magnitude in the reference; None if it was not recorded, or for
            integers.
        smallest_normal: of the type compared with it; a reference below that is empty, as nothing
            is left to be compared with.
    """

    name: str
    max_abs: float
    mean_abs: float
    relative_l2: float
    cosine: float
    nan_count: int
    inf_count: int
    top1: float | None = None
    top5: float | None = None
    first_bad_node: str = ""
    uncompared: int = 0
    reference_max: float | None = None
    smallest_normal: float = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether the reference is all zeros, or smaller than the type's smallest normal value.

        NaN and infinite values that the reference does not have are an error all the same.
        """
        if self.reference_max is None or not self.is_comparable:
            return False
        return self.reference_max == 0 or self.reference_max < self.smallest_normal

    @property
    def is_comparable(self) -> bool:
        """Whether every value could be compared."""
        return self.nan_count + self.inf_count + self.uncompared == 0


@dataclass(frozen=True)
class Accuracy:
    """The outputs of a network beside those of its reference.

    Attributes:
        method: what was compared with what, in words.
        outputs: one entry per output.
    """

    method: str
    outputs: tuple[OutputAccuracy, ...]

    @property
    def relative_l2(self) -> float:
        """The largest relative L2 error of an output; infinite if not every value is compared.

        Outputs with an empty reference are left out; NaN where no others are left.
        """
        judged = [output for output in self.outputs if not output.is_empty]
        if self.outputs and not judged:
            return math.nan
        return max((o.relative_l2 if o.is_comparable else math.inf for o in judged), default=0.0)


@dataclass(frozen=True)
class LayerPrecision:
    """What one layer computes in.

    Attributes:
        layer: its name.
        kind: its type, such as ``correlation``.
        dtype: such as ``Float``.
        nodes: the model nodes it came from.
        median_ms: its time; None without samples.
        share: part of the time of all layers, 0 to 1: of the corrected times where those are known;
            None without samples.
        is_requested: whether all its nodes were to stay in FP32.
        is_fp32_only: whether TensorRT has its nodes in FP32 only.
    """

    layer: str
    kind: str
    dtype: str
    nodes: tuple[str, ...]
    median_ms: float | None = None
    share: float | None = None
    is_requested: bool = False
    is_fp32_only: bool = False
