"""Whether an engine has the requested precision: what its inspector tells, layer by layer.

A layer counts by the widest float type it writes (that it reads, if it writes none), so a fused
kernel that computes an LRN in FP32 inside an FP16 network shows as what it is; but one that only
ends in a cast counts by what it computes in before, see `trtcore.precision.verify.computed`. A
product of quantized values counts as quantized, see `trtcore.result.types.layer_types`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from trtcore.precision.formats import FORMATS, Precision
from trtcore.precision.verify.computed import UNKNOWN, computed_dtype
from trtcore.precision.verify.kept import find_kept, is_kept
from trtcore.result.records.build import LayerPrecision, PrecisionCheck, PrecisionVerdict, TypeCount
from trtcore.result.records.layers import Layer, LayerProfile, is_marker
from trtcore.result.types.dtypes import DTYPES
from trtcore.result.types.layer_types import multiplies

_QUANTIZED = tuple(row.inspector for row in DTYPES.values() if row.is_quantized)
# Judgements: a sound FP16 engine has casts and other layers in FP32, so half of the layers and of
# the time is enough; matrix layers carry the speed and seldom need FP32. Higher bounds would refuse
# engines that are as fast as they can be, lower ones accept FP32 engines with FP16 ends.
_LEAST_OF_ALL = 0.5
_LEAST_OF_MATRIX = 0.75


def check_precision(
    layers: Sequence[Layer],
    requested: str,
    *,
    layer_ms: Sequence[float] | None = None,
    shares: Sequence[float] | None = None,
    kept: Collection[str] = (),
    fp32_only: Collection[str] = (),
) -> PrecisionCheck:
    """Compares the layers of an engine with the requested precision.

    It is not met if fewer than half of the layers have it, in number or in time, or fewer than
    three in four of those that multiply matrices. Layers whose nodes were to stay in FP32, or
    cannot be had otherwise, are not held against it, nor are quantized ones.

    Args:
        layers: as the inspector tells them; `signal` and `wait` are left out.
        requested: ``fp32``, ``tf32``, ``fp16``, ``half2`` or ``bf16``; ``""`` only describes.
        layer_ms: median time of each layer in milliseconds, in the order of ``layers``.
        shares: the part of the time that each layer holds, 0 to 1; by default by ``layer_ms``.
        kept: names of the model nodes that stay in FP32 on request.
        fp32_only: names of those that TensorRT has in FP32 only. Where there are some, layers of no
            known node may be theirs (a recurrent node is dozens of layers).
    """
    wanted = _word(requested)
    held = frozenset(kept) | frozenset(fp32_only)
    types = [computed_dtype(layer, wanted, held) for layer in layers]
    rows = _rows(layers, types, layer_ms, shares, frozenset(kept), frozenset(fp32_only))
    real = [layer for layer in layers if not is_marker(layer)]
    unknown = sum(dtype == UNKNOWN for dtype in types)
    unreported = sum(_is_unreported(layer) for layer in real)
    others = _others(rows, wanted)
    return PrecisionCheck(
        asked=requested,
        wanted=wanted,
        verdict=_verdict(rows, others, unknown),
        types=_types(rows),
        fallbacks=tuple(others),
        unreported=unreported,
        markers=len(layers) - len(real),
        integers=len(real) - len(rows) - unreported - unknown,
        kept=find_kept(real, kept),
        unknown=unknown,
    )


def check_rows(
    layers: Sequence[Layer],
    rows: Sequence[LayerProfile],
    requested: str,
    kept: Collection[str] = (),
    fp32_only: Collection[str] = (),
) -> PrecisionCheck:
    """Does `check_precision` with what each layer cost; without rows it has not run."""
    times = [row.median_ms for row in rows] or None
    shares = [row.share for row in rows] or None
    return check_precision(
        layers, requested, layer_ms=times, shares=shares, kept=kept, fp32_only=fp32_only
    )


def _others(rows: Sequence[LayerPrecision], wanted: str) -> list[LayerPrecision]:
    """The layers of another type, by their share of the time; none where no type is wanted."""
    others = [row for row in rows if wanted and row.dtype not in (wanted, *_QUANTIZED)]
    return sorted(others, key=lambda row: -(row.share or 0.0))


def _types(rows: Sequence[LayerPrecision]) -> tuple[TypeCount, ...]:
    counts = Counter(row.dtype for row in rows)
    return tuple(TypeCount(dtype, count) for dtype, count in counts.most_common())


def _word(requested: str) -> str:
    """The requested precision in the inspector's word; ``""`` if there is none."""
    return FORMATS[Precision(requested)].inspector_word if requested else ""


def _rows(
    layers: Sequence[Layer],
    types: Sequence[str],
    layer_ms: Sequence[float] | None,
    shares: Sequence[float] | None,
    kept: frozenset[str],
    fp32_only: frozenset[str],
) -> list[LayerPrecision]:
    """The layers that compute in a known type."""
    times = [None] * len(layers) if layer_ms is None else list(layer_ms)
    total = sum(time or 0.0 for time in times)
    parts: list[float | None] = [time / total if time and total else None for time in times]
    if shares is not None:
        parts = list(shares)
    return [
        LayerPrecision(
            layer=layer.name,
            kind=layer.kind,
            dtype=dtype,
            nodes=layer.nodes,
            median_ms=time,
            share=part,
            is_requested=is_kept(layer, kept),
            is_fp32_only=bool(fp32_only) and (not layer.nodes or is_kept(layer, fp32_only)),
        )
        for layer, dtype, time, part in zip(layers, types, times, parts, strict=True)
        if dtype and dtype != UNKNOWN
    ]


# It computes the shapes of others, on the host, and has no tensors. Source: TensorRT-RTX 1.7.1.
_COMPUTES_SHAPES = "shape_call"


def _is_unreported(layer: Layer) -> bool:
    if layer.kind == _COMPUTES_SHAPES:
        return False
    return not any(tensor.dtype for tensor in (*layer.inputs, *layer.outputs))


def _is_inside(row: LayerPrecision, named: set[str]) -> bool:
    """Whether a layer of another type is a part of nodes that other layers compute as requested.

    TensorRT takes an LRN apart: it reads and writes FP16, and sums in FP32 in between, at batch 1
    for half of GoogLeNet's time. No request changes that. A matrix product is never passed over.
    """
    is_part = bool(row.nodes) and named.issuperset(row.nodes)
    return is_part and not multiplies(Layer("", row.kind))


def _verdict(
    rows: Sequence[LayerPrecision], others: Sequence[LayerPrecision], unknown: int
) -> PrecisionVerdict:
    if not rows:
        return PrecisionVerdict.OPAQUE
    other_types = {row.dtype for row in others}
    named = {node for row in rows if row.dtype not in other_types for node in row.nodes}
    against = [
        row
        for row in others
        if not (row.is_requested or row.is_fp32_only or _is_inside(row, named))
    ]
    matrix, matrix_against = (
        sum(multiplies(Layer("", row.kind)) for row in group) for group in (rows, against)
    )
    time, time_against = (sum(row.share or 0.0 for row in group) for group in (rows, against))
    is_met = (
        len(against) <= (1 - _LEAST_OF_ALL) * len(rows)
        and time_against <= (1 - _LEAST_OF_ALL) * time
        and matrix_against <= (1 - _LEAST_OF_MATRIX) * matrix
    )
    if is_met:
        return PrecisionVerdict.MET
    # What a layer of unknown type computes in may outweigh all others.
    return PrecisionVerdict.OPAQUE if unknown else PrecisionVerdict.NOT_MET
