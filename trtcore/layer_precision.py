"""What one layer of an engine computes in, beside what was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LayerPrecision:
    """What one layer computes in.

    Attributes:
        layer: its name.
        kind: its type, such as ``correlation``.
        dtype: such as ``Float``.
        nodes: the model nodes it came from.
        median_ms: its time; None without samples.
        share: part of the time of all layers, 0 to 1; None without samples.
        is_requested: whether all its nodes were to stay in FP32.
    """

    layer: str
    kind: str
    dtype: str
    nodes: tuple[str, ...]
    median_ms: float | None = None
    share: float | None = None
    is_requested: bool = False
