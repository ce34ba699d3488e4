"""Rules about single layers: what they waste, and what they hide."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from trtcore.result.analysis.cost.roofline import Bound, GroupCost
from trtcore.result.analysis.findings.evidence import Evidence
from trtcore.result.analysis.findings.finding import Finding, FindingKind, Part
from trtcore.result.analysis.findings.lagging import lagging_groups
from trtcore.result.records.layers import Layer

# Channels that a tile of the Tensor Cores holds: 16 bytes. Source: NVIDIA, Deep Learning
# Performance Guide, Tensor Core requirements. Products of float32 have no such step.
_MULTIPLES = {"fp16": 8, "bf16": 8, "int8": 16, "fp8": 16}
# An image: padding its channels is the first layer's own work, for which TensorRT has kernels.
_IMAGE_CHANNELS = 4
_CONVOLUTIONS = frozenset({"Conv", "ConvTranspose", "QLinearConv", "ConvInteger"})
# Weights dominate where they are most of what is moved.
_DOMINATES = 0.5
# From here on what is hidden changes what all other figures mean.
_LEAST_OPAQUE = 0.1


def channels(evidence: Evidence) -> Iterator[Finding]:
    """Convolutions whose channels fill the last tile of the Tensor Cores in part only."""
    found: dict[int, tuple[float, GroupCost, tuple[int, int]]] = {}
    for group in evidence.cost.groups if evidence.cost else ():
        step = _MULTIPLES.get(group.work.dtype)
        if step is None or not any(evidence.ops.get(n) in _CONVOLUTIONS for n in group.work.nodes):
            continue
        for place in group.work.layers:
            both = _channels(evidence.profile.layers[place])
            if both is not None and (wasted := 1 - _filled(both, step)) > 0:
                found[place] = (wasted * evidence.ms(place), group, both)
    if found:
        places = tuple(found)
        worst = max(places, key=lambda place: found[place][0])
        _, group, both = found[worst]
        numbers = (len(places), evidence.time_of(places), _MULTIPLES[group.work.dtype], *both)
        saved = sum(ms for ms, _, _ in found.values())
        names = (evidence.longest((worst,)),)
        yield Finding(FindingKind.CHANNELS, saved, numbers=numbers, names=names, layers=places)


def _channels(layer: Layer) -> tuple[int, int] | None:
    """Channels in and out of a convolution, an image's counted as filled; None if not told."""
    shapes = [tensors[0].shape for tensors in (layer.inputs, layer.outputs) if tensors]
    if len(shapes) < 2 or not all(len(shape) in (4, 5) and shape[1] > 0 for shape in shapes):
        return None
    return shapes[0][1], shapes[1][1]


def _filled(both: tuple[int, int], step: int) -> float:
    parts = [n / (ceil(n / step) * step) for n in both if n > _IMAGE_CHANNELS]
    return parts[0] * parts[1] if len(parts) > 1 else sum(parts) if parts else 1.0


def weights(evidence: Evidence) -> Iterator[Finding]:
    """Memory-bound groups that mostly read weights: a larger batch reads them once for more."""
    # What lags behind the others does not wait for its weights.
    slow = [one.group for one in lagging_groups(evidence)]
    groups = [
        group
        for group in (evidence.cost.groups if evidence.cost else ())
        if group.bound is Bound.MEMORY and _weight_share(group) > _DOMINATES and group not in slow
    ]
    if not groups:
        return
    layers = tuple(i for group in groups for i in group.work.layers)
    numbers = (
        len(groups),
        sum(group.ms for group in groups),
        sum(group.work.weight_bytes for group in groups),
        sum(group.work.moved_bytes for group in groups),
    )
    # Half of the weights' part: for each item at twice the batch, or with weights half as wide.
    saved = sum(group.ms * _weight_share(group) / 2 for group in groups)
    names = (evidence.longest(layers),)
    yield Finding(FindingKind.WEIGHTS, saved, Part.PER_ITEM, numbers, names, layers)


def _weight_share(group: GroupCost) -> float:
    moved = group.work.moved_bytes
    return group.work.weight_bytes / moved if moved else 0.0


def opaque(evidence: Evidence) -> Iterator[Finding]:
    """Layers that do not list what is in them."""
    layers = tuple(i for g in evidence.fusion.groups if g.is_opaque for i in g.layers)
    ms = evidence.time_of(layers)
    if evidence.part_of(ms) >= _LEAST_OPAQUE:
        numbers = (len(layers), ms, evidence.part_of(ms))
        yield Finding(FindingKind.OPAQUE, 0.0, Part.UNKNOWN, numbers, layers=layers)
