"""Kernel times by CUPTI, and which layer each kernel belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from trtcore.result.records.samples import no_samples
from trtcore.stats.arrays import FloatArray


class MappingMethod(Enum):
    """How kernels were mapped to layers."""

    NONE = "none"
    ORDER = "order"
    """The i-th kernel is the i-th layer's."""
    STREAMS = "streams"
    """The same within each stream."""
    TIMES = "times"
    """Each layer has the run of kernels that its time in profiled iterations fits."""
    NAME = "name"
    """Kernel and layer name each other."""
    OTHER = "other"
    """Described in `KernelMapping.note` only."""


class ObstacleKind(Enum):
    """Why kernels were not mapped in a better way."""

    COUNTS_DIFFER = "counts differ"
    WRONG_PLACE = "wrong place"
    OTHER_KERNEL = "other kernel"
    STREAMS_TANGLED = "streams tangled"
    STREAM_COUNTS_DIFFER = "stream counts differ"
    STREAMS_AMBIGUOUS = "streams ambiguous"
    STREAMS_CONTRADICT = "streams contradict"
    NO_ITERATIONS = "no iterations"
    TOO_MANY = "too many"
    OTHER_KERNELS = "other kernels"
    NO_TIME_FITS = "no time fits"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True)
class MappingObstacle:
    """Why kernels were not mapped in a better way.

    Attributes:
        kind: what was in the way.
        numbers: ``COUNTS_DIFFER``: kernels, layers; ``STREAMS_TANGLED``: CUDA streams;
            ``STREAM_COUNTS_DIFFER``: CUDA streams, those of the engine; ``TOO_MANY``: layers,
            kernels; ``NO_TIME_FITS``: kernels, profiled iterations.
        names: ``WRONG_PLACE``: a kernel, the layer that names it, the layer in whose place it is;
            ``OTHER_KERNEL``: a kernel, the layer in whose place it is, the kernel of that layer.
        note: the error message of CUPTI, CUDA or TensorRT.
    """

    kind: ObstacleKind
    numbers: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class KernelMapping:
    """How kernels were mapped to layers.

    Attributes:
        method: the one that was used.
        mapped: kernels whose layer is known; memsets, which go with their kernel, do not count.
        kernels: all kernels, without memsets.
        proofs: by order: kernels whose layer names them too.
        streams: by streams: how many there are.
        iterations: by times: profiled iterations that were compared with.
        obstacles: why better methods failed.
        note: the text of an older file that does not parse.
    """

    method: MappingMethod = MappingMethod.NONE
    mapped: int = 0
    kernels: int = 0
    proofs: int = 0
    streams: int = 0
    iterations: int = 0
    obstacles: tuple[MappingObstacle, ...] = ()
    note: str = ""


@dataclass(frozen=True, eq=False)
class ProfiledKernels:
    """Profiled iterations that CUPTI recorded the kernels of. P is iterations.

    The profiler's events keep the kernels of different layers apart, so that each layer's kernels
    run alone.

    Attributes:
        layer_ms: (P, L) float32: layer times of the profiler, with CUPTI on.
        kernel_ms: (P, K) float32: time of each kernel of the same iterations.
        start_ms: (P, K) float32: when each began, after the first one of its iteration.

    Raises:
        ValueError: arrays that do not fit each other.
    """

    layer_ms: FloatArray
    kernel_ms: FloatArray
    start_ms: FloatArray

    def __post_init__(self) -> None:
        shapes = (self.layer_ms.shape, self.kernel_ms.shape, self.start_ms.shape)
        if {len(shape) for shape in shapes} != {2} or shapes[1] != shapes[2]:
            raise ValueError(f"layer_ms, kernel_ms and start_ms have shapes {shapes}")
        if len(self.layer_ms) != len(self.kernel_ms):
            raise ValueError(f"layers and kernels are of {shapes[0][0]} and {shapes[1][0]} runs")


@dataclass(frozen=True, eq=False)
class KernelPass:
    """The kernels of un-profiled iterations, as CUPTI recorded them. K is kernels.

    Attributes:
        names: (K,) in the order they were launched; names can repeat, the position is the key.
            Memsets are among them, as ``[CUDA memset]``.
        streams: (K,) number of the stream each ran on, from 0 in the order of first use.
        layers: (K,) position in ``Profile.layers`` of the layer each belongs to; -1 if not known.
        mapping: how kernels were mapped to layers, or why not.
        kernel_ms: (N, K) float32, C order: time of each kernel in each traced iteration.
        start_ms: (N, K) float32: when each began, after the first one of its iteration.
        wall_ms: (M,) float32: host time of iterations with CUPTI, not gated.
        plain_wall_ms: (M,) float32: the same without CUPTI, interleaved with them.
        is_gated: launch overhead was hidden (stream blocked until enqueued), so that gaps are the
            GPU's own.
        discarded: traced iterations that were left out, as some of their records were missing.
        source: what recorded them, such as ``CUPTI 13.0``.
        gated_ms: (M,) float32: time between events around gated iterations with CUPTI on.
        plain_gated_ms: (M,) float32: the same without CUPTI, interleaved with them.
        profiled: the same kernels in profiled iterations, where events keep layers apart; None if
            they were not traced, as in results from before.

    Raises:
        ValueError: arrays that do not fit each other.
    """

    names: tuple[str, ...]
    streams: tuple[int, ...]
    layers: tuple[int, ...]
    mapping: KernelMapping
    kernel_ms: FloatArray
    start_ms: FloatArray
    wall_ms: FloatArray = field(default_factory=no_samples)
    plain_wall_ms: FloatArray = field(default_factory=no_samples)
    is_gated: bool = False
    discarded: int = 0
    source: str = "CUPTI"
    gated_ms: FloatArray = field(default_factory=no_samples)
    plain_gated_ms: FloatArray = field(default_factory=no_samples)
    profiled: ProfiledKernels | None = None

    def __post_init__(self) -> None:
        count = len(self.names)
        if len(self.streams) != count or len(self.layers) != count:
            raise ValueError(
                f"{count} kernels have {len(self.streams)} streams and {len(self.layers)} layers"
            )
        shapes = (self.kernel_ms.shape, self.start_ms.shape)
        if shapes[0] != shapes[1] or len(shapes[0]) != 2 or shapes[0][1] != count:
            raise ValueError(f"kernel_ms and start_ms have shapes {shapes}, expected (N, {count})")
        if self.profiled is not None and self.profiled.kernel_ms.shape[1] != count:
            shape = self.profiled.kernel_ms.shape
            raise ValueError(f"profiled kernel_ms has shape {shape}, expected (P, {count})")
