"""A small engine by hand whose layers lead to its gated span through every part there can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trtcore.result.records.counts import Counts
from trtcore.result.records.kernel_pass import (
    KernelMapping,
    KernelPass,
    MappingMethod,
    ProfiledKernels,
)
from trtcore.result.records.layers import Layer, ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import EventCost, Profile
from trtcore.result.records.samples import Samples
from trtcore.system.records import Environment

# Three layers, the second of two kernels with 1 us between them. Times in us here, in ms below.
OWNERS = (0, 1, 1, 2)
ALONE = ([0, 13, 18, 30], [10, 4, 5, 8])
# Side by side the first takes 2 us longer; the second begins 1 us early, the third 3 us late.
BESIDE = ([0, 11, 16, 24], [12, 4, 5, 8])
# What the profiler charges: 3 us more than the layer's kernels, 3.5 us with CUPTI on.
RAW, RAW_WITH_CUPTI = [13, 13, 11], [13.5, 13.5, 11.5]
SPAN, SPAN_WITH_CUPTI, GRAPH, LATENCY = 31.5, 32.5, 30.0, 36.0


def repeated(values: object, count: int) -> np.ndarray:
    return np.repeat(np.array([values], np.float32) / 1000, count, axis=0)


def kernel_pass(**changes: object) -> KernelPass:
    start, length = BESIDE
    kernels = KernelPass(
        names=("a", "b1", "b2", "c"),
        streams=(0,) * 4,
        layers=OWNERS,
        mapping=KernelMapping(MappingMethod.OTHER, note="by hand"),
        kernel_ms=repeated(length, 5),
        start_ms=repeated(start, 5),
        is_gated=True,
        gated_ms=repeated(SPAN_WITH_CUPTI, 5),
        plain_gated_ms=repeated(SPAN, 5),
        profiled=ProfiledKernels(
            repeated(RAW_WITH_CUPTI, 4), repeated(ALONE[1], 4), repeated(ALONE[0], 4)
        ),
    )
    return replace(kernels, **changes)  # type: ignore[arg-type]


def bridged_profile(kernels: KernelPass | None, **changes: object) -> Profile:
    made = Profile(
        model=ModelRecord("net", "net.onnx"),
        backend="tensorrt_rtx",
        precision="fp16",
        batch=1,
        method=Method(note="by hand"),
        io=(),
        layers=tuple(Layer(name) for name in "abc"),
        samples=Samples(
            repeated(RAW, 7),
            repeated(LATENCY, 7),
            gated_ms=repeated(SPAN, 7),
            graph_ms=repeated(GRAPH, 7),
        ),
        counts=Counts(7, 0, 7),
        environment=Environment("", "", "", "", "", ""),
        event_cost=EventCost(0.0025, 0.0024, 0.0026, 0.0, 0.0, 6),
        kernels=kernels,
    )
    return replace(made, **changes)  # type: ignore[arg-type]
