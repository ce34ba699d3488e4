"""A finding: what costs time, how much of it could be saved, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FindingKind(Enum):
    """What a finding is about; each documents its numbers and names, times in ms."""

    CUDA_GRAPH = "CUDA graph"
    """numbers: enqueued, as a CUDA graph; of several processes also the least and the most that it
    saves in one, and how many they are."""
    GAPS = "gaps"
    """numbers: gaps, the whole iteration."""
    LARGER_BATCH = "larger batch"
    """numbers: time in latency-bound groups, its part of all layers, groups, batch."""
    IO_REFORMAT = "I/O reformat"
    """numbers: layers, their time; names: option, its value, the layer that takes longest."""
    REFORMAT = "reformat"
    """numbers: layers, their time, its part; names: the layer that takes longest."""
    PADDING = "padding"
    """numbers: layers, their time, its part, size of the padded dimension before and behind the one
    that takes longest; names: that layer."""
    QUANTIZATION = "quantization"
    """numbers: layers, their time, its part; names: the layer that takes longest."""
    FALLBACK = "precision fallback"
    """numbers: layers, their time, its part; names: their type, the wanted one, the longest."""
    PINNED = "pinned to FP32"
    """The same for layers with nodes that the user keeps in FP32, fused with others or not."""
    STREAMS = "auxiliary streams"
    """numbers: streams, the span, the sum of all layers."""
    HOST_COPIES = "host copies"
    """numbers: layers, their time, its part; names: the longest."""
    CHANNELS = "channels"
    """numbers: layers, their time, what channels have to be a multiple of, channels of the longest
    in and out; names: the longest."""
    WEIGHTS = "weights"
    """numbers: groups, their time, bytes of weights, of all they move; names: the longest."""
    SLOW = "below its neighbours"
    """numbers: groups, their time, part of the peak that the worst reaches, median of the others of
    its type, how many those are; names: the worst."""
    OPAQUE = "opaque"
    """numbers: layers, their time, its part."""

    @property
    def label(self) -> str:
        """Its name at the beginning of a line."""
        return self.value[0].upper() + self.value[1:]


class Part(Enum):
    """The part of the time that a finding wants to save: no two findings want the same.

    Of those about whole iterations there is one for each part, the measured one before others.
    """

    LAYERS = "layers"
    BETWEEN_LAYERS = "between layers"
    PER_ITEM = "per item"
    STREAMS = "streams"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """Something that costs time and that can be done something about.

    Attributes:
        kind: what it is about.
        saves_ms: the most that could be saved of an iteration, alone; 0 where nothing is known.
        part: what that is taken off.
        numbers: the figures in it, as `FindingKind` says.
        names: the names in it.
        layers: positions of the layers it is about; empty for a whole iteration.
        is_measured: the saving was measured in this run; others are estimates.
    """

    kind: FindingKind
    saves_ms: float
    part: Part = Part.LAYERS
    numbers: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    is_measured: bool = False
