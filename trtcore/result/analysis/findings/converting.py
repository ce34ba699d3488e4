"""Rules about types and formats: what is converted, and what is not in the requested precision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isnan

from trtcore.result.analysis.findings.evidence import Evidence
from trtcore.result.analysis.findings.finding import Finding, FindingKind
from trtcore.result.analysis.quantization import find_quantization
from trtcore.result.io_formats import why_not
from trtcore.result.records.build import LayerPrecision, PrecisionCheck
from trtcore.result.records.layers import Layer
from trtcore.result.types.dtypes import DTYPES, itemsize, numpy_name
from trtcore.result.types.layer_types import multiplies

# What nodes that the user keeps are computed in, in the inspector's word.
_PINNED_TYPE = "Float"
# Where the peaks of the device are not known: FP32 outside of tensor cores against FP16 in them,
# 19.5 and 312 TFLOP/s. Source: NVIDIA's data sheet of the A100.
_LEAST_RATE = 1 / 16
# Rows are padded to 16 bytes at most, which are 16 values of the narrowest types. Source: NVIDIA,
# Deep Learning Performance Guide, Tensor Core requirements.
_MOST_PADDING = 16
# Operators of the model whose own work is to change a size.
_RESIZING = frozenset({"Slice", "Split", "Concat", "Pad", "Gather", "Tile", "Expand", "Resize"})
# The inspector's word for a format, and the I/O format that comes to the same. `nhwc` with any
# number of channels is none that an input can have; `hwc8` is it with padded channels.
_IO_FORMATS = {"nhwc": "hwc8", **{word: word for word in ("hwc8", "chw2", "chw4", "chw32")}}


def reformats(evidence: Evidence) -> Iterator[Finding]:
    """Layers that only change a format, type or size, or copy: at the network's ends, and inside.

    Of an un-fused model they are the casts of a runtime that lacks kernels: no option changes that.
    """
    if evidence.profile.timed_by.is_unfused:
        return
    layers = tuple(i for group in evidence.fusion.groups for i in group.reformats)
    at_ends = {i: found for i in layers if (found := _io_option(evidence, i))}
    for option in dict.fromkeys(at_ends.values()):
        places = tuple(i for i in layers if at_ends.get(i) == option)
        ms = evidence.time_of(places)
        names = (*option, evidence.longest(places))
        yield Finding(FindingKind.IO_REFORMAT, ms, numbers=(len(places), ms), names=names,
                      layers=places)  # fmt: skip
    inside = [i for i in layers if i not in at_ends]
    padded = {i: sizes for i in inside if (sizes := _padded_sizes(evidence, i)) is not None}
    if padded:
        counted = _counted(evidence, FindingKind.PADDING, tuple(padded))
        longest = padded[max(padded, key=evidence.ms)]
        yield replace(counted, numbers=(*counted.numbers, *longest))
    if others := tuple(i for i in inside if i not in padded):
        yield _counted(evidence, FindingKind.REFORMAT, others)


def quantization(evidence: Evidence) -> Iterator[Finding]:
    """Layers that quantize or dequantize, and nothing else."""
    profile = evidence.profile
    found = find_quantization(profile.layers, profile.model.nodes)
    if found is not None and found.only:
        yield _counted(evidence, FindingKind.QUANTIZATION, found.only)


def fallbacks(evidence: Evidence) -> Iterator[Finding]:
    """Layers of a wider type than requested, by TensorRT's choice or by the user's."""
    build = evidence.profile.build
    check = build.precision if build else None
    if check is None or numpy_name(check.wanted) not in DTYPES:
        return
    layers = evidence.profile.layers
    pinned = _pinned(layers, check)
    rows = [row for row in check.fallbacks if _is_wider(row, check.wanted)]
    chosen = [row for row in rows if not (row.is_requested or row.is_fp32_only)]
    others = tuple(place for place in _places(layers, chosen) if place not in pinned)
    if others:
        yield _wider(evidence, FindingKind.FALLBACK, others, chosen[0].dtype, check.wanted)
    if pinned:
        yield _wider(evidence, FindingKind.PINNED, pinned, _PINNED_TYPE, check.wanted)


def _pinned(layers: Sequence[Layer], check: PrecisionCheck) -> tuple[int, ...]:
    """Layers with a node that the user keeps in FP32, also where casts are fused around it."""
    if check.wanted == _PINNED_TYPE:
        return ()
    kept = {*check.kept.seen, *check.kept.hidden}
    return tuple(i for i, layer in enumerate(layers) if not kept.isdisjoint(layer.nodes))


def _wider(
    evidence: Evidence, kind: FindingKind, places: tuple[int, ...], own: str, wanted: str
) -> Finding:
    ms = evidence.time_of(places)
    products = evidence.time_of(i for i in places if multiplies(evidence.profile.layers[i]))
    # Half the bytes are half the time at most for what memory bounds; products may gain more.
    left = itemsize(wanted) / itemsize(own)
    left_of_products = min(left, _rate(evidence, own, wanted))
    saved = (ms - products) * (1 - left) + products * (1 - left_of_products)
    if kind is FindingKind.FALLBACK:
        saved *= _work_part(evidence, places, ms)
    numbers = (len(places), ms, evidence.part_of(ms))
    names = (own, wanted, evidence.longest(places))
    return Finding(kind, saved, numbers=numbers, names=names, layers=places)


def _work_part(evidence: Evidence, places: tuple[int, ...], ms: float) -> float:
    """The part of layers' time that is not their start, which takes as long in any type.

    Not of nodes that the user pins: where they are not, casts beside them go with their starts.
    """
    work = sum(max(evidence.ms(i) - evidence.start_ms, 0.0) for i in places)
    return work / ms if ms > 0 else 0.0


def _rate(evidence: Evidence, own: str, wanted: str) -> float:
    """The rate of products in a type as a part of that in a narrower one."""
    peaks = evidence.profile.peaks
    if peaks is not None:
        part = peaks.tflops(_peak_name(own)) / peaks.tflops(_peak_name(wanted))
        if not isnan(part):
            return part
    return _LEAST_RATE


def _peak_name(dtype: str) -> str:
    return DTYPES[numpy_name(dtype)].label.lower()


def _is_wider(row: LayerPrecision, wanted: str) -> bool:
    known = numpy_name(row.dtype) in DTYPES
    return known and itemsize(row.dtype) > itemsize(wanted)


def _places(layers: Sequence[Layer], rows: Sequence[LayerPrecision]) -> tuple[int, ...]:
    named = {(row.layer, row.nodes) for row in rows}
    return tuple(i for i, layer in enumerate(layers) if (layer.name, layer.nodes) in named)


def _counted(evidence: Evidence, kind: FindingKind, layers: tuple[int, ...]) -> Finding:
    ms = evidence.time_of(layers)
    numbers = (len(layers), ms, evidence.part_of(ms))
    return Finding(kind, ms, numbers=numbers, names=(evidence.longest(layers),), layers=layers)


def _padded_sizes(evidence: Evidence, place: int) -> tuple[int, int] | None:
    """The size of the dimension that a layer pads or cuts again, before and behind it.

    TensorRT does so for the layer beside it, such as a product that wants rows of whole words. What
    the model itself cuts or joins is its own.
    """
    layer = evidence.profile.layers[place]
    if len(layer.inputs) != 1 or len(layer.outputs) != 1:
        return None
    if any(evidence.ops.get(name) in _RESIZING for name in layer.nodes):
        return None
    before, after = layer.inputs[0].shape, layer.outputs[0].shape
    if len(before) != len(after):
        return None
    sizes = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    if len(sizes) != 1 or not abs(sizes[0][0] - sizes[0][1]) < _MOST_PADDING:
        return None
    return sizes[0]


def _io_option(evidence: Evidence, place: int) -> tuple[str, str] | None:
    """The option that gives an input or output the type or format of the layer beside it."""
    layer, io = evidence.profile.layers[place], {t.name: t for t in evidence.profile.io}
    ends = [(t, layer.outputs) for t in layer.inputs if t.name in io]
    ends += [(t, layer.inputs) for t in layer.outputs if t.name in io]
    for own, others in ends:
        for other in others:
            label = DTYPES[name].label if (name := numpy_name(other.dtype)) in DTYPES else ""
            if other.dtype != own.dtype and label in ("FP32", "FP16", "BF16"):
                return "io_precision", label.lower()
            wanted = _IO_FORMATS.get(other.format, "")
            if wanted and own.format not in (wanted, other.format) and not why_not(own, wanted):
                return "io_formats", f"{own.name}:{wanted}"
    return None
