"""The roofline: rates, parts of the peak, and what a group is bound by."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, nan

import pytest
from networks import WITH_GRAPHS, measured_with_work

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.given_peaks import parse_peaks
from trtcore.result.analysis.cost.roofline import Bound, NetworkCost, network_cost
from trtcore.result.analysis.cost.work import GroupWork
from trtcore.result.records.layers import Layer, LayerProfile
from trtcore.result.records.peaks import Peaks

PEAKS = parse_peaks("fp16=100,fp32=10,bandwidth=1000")
H200 = parse_peaks("fp16=989,fp32=67,bandwidth=4800")


def row(index: int, ms: float, corrected: float = nan) -> LayerProfile:
    return LayerProfile(
        index, Layer("a"), ms, 1.0, nan, ms, ms, (nan, nan), corrected, corrected < 0.002
    )


def cost_of(flops: float, moved: float, ms: float, peaks: Peaks | None = PEAKS) -> NetworkCost:
    work = GroupWork((0,), ("a",), int(flops) // 2, int(flops), 0.0, moved / 2, moved / 2, "fp16")
    return network_cost([work], [row(0, ms)], peaks)


@pytest.mark.parametrize(
    ("flops", "moved", "ms", "bound", "share"),
    [
        # 1e10 operations take 0.1 ms at 100 TFLOP/s, 1e7 bytes 0.01 ms at 1000 GB/s.
        (1e10, 1e7, 0.2, Bound.COMPUTE, 0.5),
        (1e9, 1e8, 0.2, Bound.MEMORY, 0.5),
        (1e9, 1e8, 0.05, Bound.MEMORY, 2.0),
        # 0.001 ms at the peaks is less than a start of 0.002 ms.
        (1e8, 1e5, 0.004, Bound.LATENCY, 0.25),
        # But a layer of 100 starts has another reason to be slow.
        (1e8, 1e5, 0.2, Bound.COMPUTE, 0.005),
    ],
)
def test_the_longer_of_both_times_is_the_bound_unless_a_start_is_longer(
    flops: float, moved: float, ms: float, bound: Bound, share: float
) -> None:
    (group,) = cost_of(flops, moved, ms).groups
    assert group.bound is bound
    assert group.share_of_peak == pytest.approx(share)
    assert group.tflops == pytest.approx(flops / ms / 1e9)
    assert group.bandwidth_gbs == pytest.approx(moved / ms / 1e6)
    assert group.work.intensity == pytest.approx(flops / moved)


def test_without_peaks_the_rates_are_there_and_nothing_beside_them() -> None:
    for peaks in (None, parse_peaks("fp32=10,bandwidth=1"), parse_peaks("fp16=10")):
        cost = cost_of(1e10, 1e7, 0.2, peaks)
        assert cost.groups[0].tflops == pytest.approx(50)
        assert cost.groups[0].bound is Bound.UNKNOWN
        assert isnan(cost.share_of_peak)


def test_corrected_times_go_before_raw_ones_and_no_time_has_no_rate() -> None:
    work = GroupWork((0,), ("a",), 5, 10, 0.0, 1.0, 1.0, "fp16")
    cost = network_cost([work], [row(0, 0.5, 0.1)], PEAKS)
    assert (cost.groups[0].ms, cost.total_ms) == (0.1, 0.1)
    never = network_cost([work], [row(0, 0.0)], PEAKS)
    assert all(isnan(x) for x in (never.groups[0].tflops, never.bound_share(Bound.MEMORY)))


def test_a_measured_start_goes_before_that_of_a_gpu() -> None:
    assert PEAKS is not None
    (group,) = cost_of(1e10, 1e7, 0.2, replace(PEAKS, layer_ms=0.15)).groups
    assert group.bound is Bound.LATENCY


@pytest.mark.parametrize("name", WITH_GRAPHS)
def test_no_measured_network_is_faster_than_the_data_sheet(name: str) -> None:
    cost = Analysis(replace(measured_with_work(name), peaks=H200)).cost
    assert cost is not None
    assert 0 < cost.share_of_peak < 1
    shares = [cost.bound_share(bound) for bound in Bound]
    assert sum(shares) == pytest.approx(1, abs=1e-6), "every layer of these is in a group"
    # No product beats the Tensor Cores; bytes may come from the cache.
    assert all(group.compute_ms < group.ms for group in cost.groups)
