"""The engine of a profile: how it was built, and what its layers compute in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from trtcore.result.types.shapes import ShapeRange, Specialization


class CacheUse(Enum):
    """What a cache did for a build."""

    NONE = "none"
    TIMING_CREATED = "timing cache created"
    TIMING_REUSED = "timing cache reused"


class PrecisionVerdict(Enum):
    """How an engine's precision compares with the requested one."""

    MET = "met"
    NOT_MET = "not met"
    OPAQUE = "opaque"
    """The engine does not report what its layers compute in, or not enough of it to judge."""


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
        is_requested: whether all its nodes are pinned to FP32.
        is_fp32_only: whether TensorRT implements its nodes in FP32 only.
    """

    layer: str
    kind: str
    dtype: str
    nodes: tuple[str, ...]
    median_ms: float | None = None
    share: float | None = None
    is_requested: bool = False
    is_fp32_only: bool = False


@dataclass(frozen=True)
class TypeCount:
    """How many layers compute in a type, such as ``Half``."""

    dtype: str
    layers: int


@dataclass(frozen=True)
class KeptNodes:
    """Nodes pinned to FP32.

    Attributes:
        seen: those with a layer that reads or writes FP32.
        hidden: those that are only inside layers that read and write other types.
        missing: those that no layer is mapped to: folded away, or of integers.
    """

    seen: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class PrecisionCheck:
    """The requested precision, and the data types of the engine's layers.

    Attributes:
        asked: the requested precision, such as ``fp16``; ``""`` if none was.
        wanted: its data type as the inspector names it, such as ``Half``; ``""`` if none was.
        verdict: whether the engine has it.
        types: how many layers compute in each data type, most frequent first.
        fallbacks: the layers of another type than requested, longest first.
        unreported: layers without a reported data type.
        markers: layers that only synchronise streams, which are not counted.
        integers: layers of integers only, which are not counted either.
        kept: what became of the nodes pinned to FP32.
        note: the text of an older file that does not parse.
        unknown: fused layers whose inputs and outputs do not tell what they compute in.
    """

    asked: str
    wanted: str
    verdict: PrecisionVerdict
    types: tuple[TypeCount, ...] = ()
    fallbacks: tuple[LayerPrecision, ...] = ()
    unreported: int = 0
    markers: int = 0
    integers: int = 0
    kept: KeptNodes = field(default_factory=KeptNodes)
    note: str = ""
    unknown: int = 0

    @property
    def dtypes(self) -> dict[str, int]:
        """Number of layers by type, most frequent first."""
        return {count.dtype: count.layers for count in self.types}

    @property
    def layers(self) -> int:
        """How many layers have a reported data type."""
        return sum(count.layers for count in self.types)

    @property
    def main_dtype(self) -> str:
        """The requested type, or the most frequent one if none was; ``""`` if no layer has one."""
        return self.wanted or next((count.dtype for count in self.types), "")


@dataclass(frozen=True)
class EngineMemory:
    """Memory of a loaded engine, as TensorRT tells it.

    Attributes:
        context_bytes: device memory that an execution context needs beside the weights; 0 if it is
            not told.
        streamable_weights_bytes: weights that need not stay on the device, of a plan that was built
            for weight streaming; 0 of any other.
        weight_streaming_budget_bytes: how much of them may stay there; None if it is not told, or
            where there is no weight streaming.
        weights_bytes: all weights of the engine; 0 where it is not told (before 10.15).
        stripped_weights_bytes: weights that are missing until the engine is refitted; 0 too where
            TensorRT cannot be asked (before 10.15).
    """

    context_bytes: int = 0
    streamable_weights_bytes: int = 0
    weight_streaming_budget_bytes: int | None = None
    stripped_weights_bytes: int = 0
    weights_bytes: int = 0


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
        cache: what TensorRT's timing cache did for it.
        precision: the data types of its layers against the requested one; None if not checked.
        note: the text of an older file about a cache that does not parse.
        shape_ranges: of the inputs whose shape may vary; what ran is in ``Profile.io``.
        specialization: when TensorRT-RTX compiled kernels for the shapes that ran.
        memory: what the engine needs of the device; None where it was not loaded.
        hardware_compatibility: other GPUs that the plan is for too, such as ``AMPERE_PLUS``; ``""``
            if it is for one.
        plan_hash: SHA-256 of the serialized engine; ``""`` in results of older versions.
    """

    backend: str
    seconds: float
    plan_bytes: int
    layers: int = 0
    auxiliary_streams: int = 0
    verbosity: str = "DETAILED"
    cache: CacheUse = CacheUse.NONE
    precision: PrecisionCheck | None = None
    note: str = ""
    shape_ranges: tuple[ShapeRange, ...] = ()
    specialization: Specialization = Specialization.NONE
    memory: EngineMemory | None = None
    hardware_compatibility: str = ""
    plan_hash: str = ""
