"""Evidence by hand: layers that each are a group of one node, and what the rules see of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hand_made_profiles import make_profile

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.given_peaks import parse_peaks
from trtcore.result.analysis.findings.finding import Finding, FindingKind
from trtcore.result.records.layers import IOTensor, Layer, ModelNode, TensorInfo
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.result.records.work import NodeWork

# 1 ms is 1e11 operations or 1e9 bytes.
PEAKS = parse_peaks("fp16=100,fp32=100,bandwidth=1000")


def convolution(
    index: int, channels: tuple[int, int] = (64, 64), macs: int = 10**10, weights: int = 100
) -> tuple[Layer, ModelNode]:
    """A convolution ``c<index>`` of one image: reads ``t<index>``, writes the next tensor."""
    before, after = (
        TensorInfo(f"t{index + i}", (1, c, 8, 8), "Half") for i, c in enumerate(channels)
    )
    work = NodeWork(macs, 2 * macs, weights, (channels[1] * 64,))
    node = ModelNode(f"c{index}", "Conv", (before.name, "w"), (after.name,), work=work)
    layer = Layer(f"layer {index}", "correlation", (node.name,), inputs=(before,), outputs=(after,))
    return layer, node


def profile_of(
    parts: list[tuple[Layer, ModelNode]], layer_ms: list[float], **changes: Any
) -> Profile:
    """A profile of such layers; its latency is their sum."""
    layers, nodes = zip(*parts, strict=True)
    io = (
        IOTensor(layers[0].inputs[0].name, (1, 64, 8, 8), "Half"),
        IOTensor(layers[-1].outputs[0].name, (1, 64, 8, 8), "Half", mode="output"),
    )
    profile = make_profile(layers, [layer_ms], nodes, io=io, peaks=PEAKS, backend="tensorrt_rtx")
    return replace(profile, **changes)


def timed(profile: Profile, **series: float) -> Profile:
    """The profile with passes of these medians."""
    arrays = {name: np.full(8, ms, np.float32) for name, ms in series.items()}
    return replace(profile, samples=Samples(profile.samples.layer_ms, **arrays))  # type: ignore[arg-type]


def findings(profile: Profile) -> tuple[Finding, ...]:
    """All findings of a profile."""
    return Analysis(profile).findings


def found(profile: Profile, kind: FindingKind) -> Finding | None:
    """The finding of a kind, if there is one."""
    return next((one for one in findings(profile) if one.kind is kind), None)
