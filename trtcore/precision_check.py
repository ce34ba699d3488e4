"""Whether an engine has the precision that was asked for: what its inspector tells, layer by layer.

A layer counts by the widest float type it writes (that it reads, if it writes none), so a fused
kernel that computes an LRN in FP32 inside an FP16 network shows as what it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from trtcore.dtypes import itemsize, numpy_name
from trtcore.errors import PrecisionNotMetError
from trtcore.layer_precision import LayerPrecision
from trtcore.markers import is_marker
from trtcore.result import Build, Layer

MET, NOT_MET, OPAQUE = "met", "not met", "opaque"

# Asked for, in the words of the inspector.
_ASKED = {
    "": "",
    "fp32": "Float",
    "tf32": "Float",
    "fp16": "Half",
    "half2": "Half",
    "bf16": "BFloat16",
}
# The types that layers compute with, in one word each; quantized ones last.
_WORDS = {
    "float32": "Float",
    "float16": "Half",
    "bfloat16": "BFloat16",
    "int8": "Int8",
    "fp8": "FP8",
    "int4": "Int4",
    "fp4": "FP4",
}
_QUANTIZED = ("Int8", "FP8", "Int4", "FP4")
# Layers that multiply matrices, in Myelin's and in TensorRT's words; they carry the speed.
_MATRIX = re.compile("correlation|conv|gemm|matmul|matrix|fusion|fullyconnected", re.IGNORECASE)
# Below these parts the request is plainly not met.
_LEAST_OF_ALL = 0.5
_LEAST_OF_MATRIX = 0.75
_NAMES_SHOWN = 4


@dataclass(frozen=True)
class PrecisionCheck:
    """What was asked and what the engine has.

    Attributes:
        asked: ``fp16`` and so on; ``""`` if nothing was.
        verdict: ``met``, ``not met`` or ``opaque``.
        layers: how many layers compute in a type that they tell.
        dtypes: number of these layers by type, most frequent first.
        islands: those of another type than asked, longest first.
        untold: layers that tell no type.
    """

    asked: str
    verdict: str
    layers: int
    dtypes: dict[str, int]
    islands: tuple[LayerPrecision, ...]
    untold: int

    @property
    def line(self) -> str:
        """The line for a report: ``asked fp16: 76 of 80 layers Half, 4 Float (conv2/norm2)``."""
        head = f"asked {self.asked}: " if self.asked else "engine: "
        if self.verdict == OPAQUE:
            return f"{head}the plan does not tell the types of its layers, build it DETAILED"
        first = _ASKED[self.asked] or next(iter(self.dtypes), "float")
        others = (f", {n} {dtype}" for dtype, n in self.dtypes.items() if dtype != first)
        text = f"{head}{self.dtypes.get(first, 0)} of {self.layers} layers {first}"
        text += "".join(others) + _describe(self.islands)
        return text + (f"; {self.untold} layers do not tell" if self.untold else "")

    def require(self) -> None:
        """Does nothing unless the request is plainly not met.

        Raises:
            PrecisionNotMetError: with the report line.
        """
        _require(self.verdict, self.line)

    def recorded(self, build: Build) -> Build:
        """The record of a build with what was found here."""
        return replace(
            build, precision=self.line, precision_verdict=self.verdict, islands=self.islands
        )


def check_precision(
    layers: Sequence[Layer],
    asked: str,
    *,
    layer_ms: Sequence[float] | None = None,
    kept: Collection[str] = (),
) -> PrecisionCheck:
    """Compares the layers of an engine with the precision that was asked for.

    It is not met if fewer than half of the layers have it, in number or in time, or fewer than
    three in four of those that multiply matrices. Layers whose nodes were to stay in FP32 are not
    held against it, nor are quantized ones.

    Args:
        layers: as the inspector tells them; `signal` and `wait` are left out.
        asked: ``fp32``, ``tf32``, ``fp16``, ``half2`` or ``bf16``; ``""`` only describes.
        layer_ms: median time of each layer in milliseconds, in the order of ``layers``.
        kept: names of the model nodes that stay in FP32 on request.
    """
    rows, untold = _rows(layers, layer_ms, frozenset(kept))
    wanted = _ASKED[asked]
    others = [row for row in rows if wanted and row.dtype not in (wanted, *_QUANTIZED)]
    others.sort(key=lambda row: -(row.median_ms or 0.0))
    return PrecisionCheck(
        asked=asked,
        verdict=_verdict(rows, others) if rows else OPAQUE,
        layers=len(rows),
        dtypes=dict(Counter(row.dtype for row in rows).most_common()),
        islands=tuple(others),
        untold=untold,
    )


def require_met(build: Build) -> None:
    """Does nothing unless the engine is plainly not what was asked for.

    Raises:
        PrecisionNotMetError: with the line of the report.
    """
    _require(build.precision_verdict, build.precision)


def layer_dtype(layer: Layer) -> str:
    """The type a layer computes in, in the inspector's word; ``""`` for integers and none."""
    for tensors in (layer.outputs, layer.inputs):
        types = [name for tensor in tensors if (name := numpy_name(tensor.dtype)) in _WORDS]
        if types:
            return _WORDS[max(types, key=itemsize)]
    return ""


def _require(verdict: str, line: str) -> None:
    if verdict == NOT_MET:
        raise PrecisionNotMetError(f"the engine is not what was asked for: {line}")


def _rows(
    layers: Sequence[Layer], layer_ms: Sequence[float] | None, kept: frozenset[str]
) -> tuple[list[LayerPrecision], int]:
    """The layers that compute in a known type, and how many tell nothing at all."""
    times = [None] * len(layers) if layer_ms is None else list(layer_ms)
    total = sum(time or 0.0 for time in times)
    rows, untold = [], 0
    for layer, time in zip(layers, times, strict=True):
        if is_marker(layer):
            continue
        if dtype := layer_dtype(layer):
            share = time / total if time is not None and total else None
            requested = bool(layer.nodes) and kept.issuperset(layer.nodes)
            row = LayerPrecision(layer.name, layer.kind, dtype, layer.nodes, time, share, requested)
            rows.append(row)
        untold += not any(tensor.dtype for tensor in (*layer.inputs, *layer.outputs))
    return rows, untold


def _verdict(rows: Sequence[LayerPrecision], others: Sequence[LayerPrecision]) -> str:
    against = [row for row in others if not row.is_requested]
    matrix, matrix_against = (
        sum(_MATRIX.search(row.kind) is not None for row in group) for group in (rows, against)
    )
    time, time_against = (sum(row.median_ms or 0.0 for row in group) for group in (rows, against))
    is_met = (
        len(against) <= (1 - _LEAST_OF_ALL) * len(rows)
        and time_against <= (1 - _LEAST_OF_ALL) * time
        and matrix_against <= (1 - _LEAST_OF_MATRIX) * matrix
    )
    return MET if is_met else NOT_MET


def _describe(islands: Sequence[LayerPrecision]) -> str:
    """`` (pool1/norm1, conv2/norm2), 3.1 % of time``: where the islands are and what they cost."""
    if not islands:
        return ""
    names = list(dict.fromkeys(name for row in islands for name in row.nodes or (row.layer,)))
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    text = f" ({shown}{f' and {more} more' if more > 0 else ''})"
    requested = sum(row.is_requested for row in islands)
    text += f", {requested} of them on request" if requested else ""
    if any(row.share is not None for row in islands):
        text += f", {100 * sum(row.share or 0.0 for row in islands):.1f} % of time"
    return text
