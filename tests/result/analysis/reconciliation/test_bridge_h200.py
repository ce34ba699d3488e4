"""Goals of the reconciliation on five networks that an H200 ran, with CUPTI and without.

The data are medians by layer and kernel; what is asserted are the goals, not what was measured.
Where a goal is missed, the test is expected to fail, with the reason.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from paths import DATA

from trtcore.result.analysis.reconciliation.kernels import agreement, times_alone
from trtcore.result.analysis.reconciliation.reconcile import Reconciliation, reconcile_profile
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

ENGINES: dict[str, dict[str, Any]] = {
    engine["name"]: engine
    for engine in json.loads((DATA / "span_parts_h200.json").read_text())["engines"]
}
WITHIN, AT_MOST, WITHIN_GRAPH = 0.02, 0.04, 0.05


def row(engine: dict[str, Any], name: str) -> np.ndarray:
    return np.array([engine[name]], np.float32) / 1000


def kernels_of(engine: dict[str, Any]) -> KernelPass:
    count = len(engine["owners"])
    alone = row(engine, "alone_us"), row(engine, "alone_start_us")
    return KernelPass(
        names=tuple(map(str, range(count))),
        streams=(0,) * count,
        layers=tuple(engine["owners"]),
        mapping=KernelMapping(MappingMethod.OTHER, note="of the run"),
        kernel_ms=row(engine, "kernel_us"),
        start_ms=row(engine, "start_us"),
        is_gated=True,
        profiled=ProfiledKernels(row(engine, "traced_layer_us"), *alone),
    )


def reconciled(name: str, *, with_cupti: bool) -> Reconciliation:
    engine = ENGINES[name]
    spans = {f"{key}_ms": row(engine, f"{key}_us")[0:1].ravel() for key in ("gated", "graph")}
    cost = engine["event_cost_us"] / 1000
    profile = Profile(
        model=ModelRecord("net", "net.onnx"),
        backend="tensorrt_rtx",
        precision=engine["precision"],
        batch=engine["batch"],
        method=Method(note="of the run"),
        io=(),
        layers=tuple(Layer(str(i)) for i in range(len(engine["layer_us"]))),
        samples=Samples(row(engine, "layer_us"), np.empty(0, np.float32), **spans),
        counts=Counts(200, 0, 200),
        environment=Environment("", "", "", "", "", ""),
        event_cost=EventCost(cost, cost, cost, 0.0, 0.0, 12),
        kernels=kernels_of(engine) if with_cupti else None,
    )
    found = reconcile_profile(profile)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ENGINES)
def test_with_cupti_hardly_anything_is_unexplained(name: str) -> None:
    result = reconciled(name, with_cupti=True)
    assert result.event_cost_source == "traced"
    assert {part.kind.name for part in result.parts} == {"NEIGHBOURS", "OVERLAP", "GAPS"}
    assert abs(result.unexplained_share) <= AT_MOST


def test_with_cupti_all_but_one_are_within_two_per_cent() -> None:
    shares = [reconciled(name, with_cupti=True).unexplained_share for name in ENGINES]
    assert sum(abs(share) > WITHIN for share in shares) <= 1


MISSED = {
    "t5_encoder_fp32_b4": "its matmuls take 0.09 ms longer beside neighbours, in a graph too",
    "vit_b_16_fp16_b4": "neighbours overlap 0.05 ms more than they slow each other, in a graph too",
    "resnet50_fp32_b4": "neighbours overlap 0.04 ms more than they slow each other, in a graph too",
    "mobilenet_v3_fp16_b1": "an event costs 0.2 us more than calibrated, on 91 layers of 3 us each",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=MISSED[name]))
        if name in MISSED
        else name
        for name in ENGINES
    ],
)
def test_without_cupti_the_layers_make_the_cuda_graph(name: str) -> None:
    result = reconciled(name, with_cupti=False)
    assert result.event_cost_source == "calibrated"
    assert abs(result.over_graph - 1) <= WITHIN_GRAPH


@pytest.mark.parametrize("name", ENGINES)
def test_without_cupti_layers_are_close_to_their_kernels_alone(name: str) -> None:
    kernels = kernels_of(ENGINES[name])
    corrected = reconciled(name, with_cupti=False).corrected_ms
    alone = times_alone(kernels, corrected.size)
    assert alone is not None
    found = agreement(corrected, alone)
    assert found is not None
    assert found.layers == corrected.size
    assert found.close_share >= 0.9
