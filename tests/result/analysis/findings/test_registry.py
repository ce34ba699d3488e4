"""All rules together: the order, and that no two findings want the same time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from findings_evidence import convolution, findings, profile_of, timed
from networks import WITH_GRAPHS, measured_with_work

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.given_peaks import parse_peaks
from trtcore.result.analysis.findings.finding import FindingKind, Part
from trtcore.result.analysis.findings.registry import LEAST_SAVING

H200 = parse_peaks("fp16=989,fp32=67,bandwidth=4800")
# A layer that lags, the only one whose channels fill no tile.
PARTS = [*(convolution(i) for i in range(5)), convolution(5, (60, 64))]


def test_the_largest_saving_comes_first_and_each_layer_is_told_once() -> None:
    profile = timed(profile_of(PARTS, [0.4] * 5 + [4.0]), wall_ms=7.0, graph_wall_ms=6.0)
    assert [one.kind for one in findings(profile)] == [FindingKind.SLOW, FindingKind.CUDA_GRAPH]


def test_nothing_is_said_of_a_fast_network_or_of_another_tools_file() -> None:
    fast = profile_of([convolution(i) for i in range(5)], [0.25] * 5)
    assert findings(fast) == ()
    slow = profile_of(PARTS, [0.4] * 5 + [4.0])
    assert findings(slow) != ()
    assert findings(replace(slow, backend="trtexec")) == ()


def test_no_layers_at_all_are_no_error() -> None:
    assert findings(profile_of([convolution(0)], [0.0])) == ()


@pytest.mark.parametrize("name", WITH_GRAPHS)
def test_measured_networks(name: str) -> None:
    analysis = Analysis(replace(measured_with_work(name), peaks=H200))
    told = analysis.findings
    assert analysis.latency.wall is not None
    savings = [one.saves_ms for one in told]
    assert savings == sorted(savings, reverse=True)
    assert 0 < min(savings) >= LEAST_SAVING * analysis.latency.wall.median_ms
    assert max(savings) < analysis.latency.wall.median_ms
    assert all(one.numbers for one in told)
    whole = [one.part for one in told if one.part is not Part.LAYERS]
    assert len(whole) == len(set(whole))
    kinds = {one.kind for one in told}
    # Each was measured to be faster as a graph, and each has groups too short for an H200.
    assert {FindingKind.CUDA_GRAPH, FindingKind.LARGER_BATCH} <= kinds


def test_the_layers_that_lag_on_an_h200_are_found() -> None:
    lagging = {
        name: [
            one.names[0]
            for one in Analysis(replace(measured_with_work(name), peaks=H200)).findings
            if one.kind is FindingKind.SLOW
        ]
        for name in ("vit_b_16", "resnet50", "swin_t")
    }
    # 0.13 and 0.08 ms of less than half a GMAC each, by CUPTI too.
    assert lagging == {
        "vit_b_16": ["/conv_proj/Conv"],
        "resnet50": ["/conv1/Conv + /relu/Relu"],
        "swin_t": [],
    }
