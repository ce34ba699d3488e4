"""The kernel block of the report, compared in full."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trtcore.report.content.rows.rows import View
from trtcore.report.content.times.kernels import kernel_facts
from trtcore.report.terminal.kernels import kernel_table
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.kernel_pass import KernelMapping, KernelPass, MappingMethod
from trtcore.result.records.profile import EventCost, Profile


def repeated(*values: float, count: int = 50) -> np.ndarray:
    return np.full((count, len(values)), values, np.float32)


@pytest.fixture
def traced(gpu_profile: Profile) -> Profile:
    """The hand-made engine with its kernels: the second convolution has two, beside the last."""
    kernels = KernelPass(
        names=("__myl_MoveConc_0xc074", "sm80_conv", "sm80_in", "sm80_mul", "__myl_Move_0xab", "x"),
        streams=(0, 0, 1, 1, 0, 0),
        layers=(0, 1, 4, 4, 5, -1),
        mapping=KernelMapping(MappingMethod.OTHER, note="by hand"),
        kernel_ms=repeated(0.024, 0.1606, 0.004, 0.006, 0.0015, 0.001),
        start_ms=repeated(0, 0.028, 0.19, 0.195, 0.2025, 0.205),
        wall_ms=repeated(0.285)[:, 0],
        plain_wall_ms=repeated(0.25)[:, 0],
        is_gated=True,
        discarded=1,
        source="CUPTI 13.0",
    )
    gated = repeated(0.203)[:, 0]
    return replace(
        gpu_profile,
        kernels=kernels,
        samples=replace(gpu_profile.samples, gated_ms=gated),
        event_cost=EventCost(0.0019, 0.0018, 0.002, 0.001, 0.0, 6),
    )


BLOCK = """\
Layer                                                                                              median ms  corrected  kernel ms  kernels  gap ms
conv1/7x7_s2 + conv1/relu_7x7 [MoveConc]                                                              0.0304     0.0285     0.0240        1  0.0000
conv1/7x7_s2 + conv1/relu_7x7 [correlation]                                                           0.1636     0.1617     0.1606        1  0.0040
inception_3a/3x3_reduce + inception_3a/relu_3x3_reduce + inception_3a/3x3 + inception_3a/relu_3x3     0.0125     0.0106     0.0100        2  0.0024
__myl_Move_myl0_5                                                                                     0.0025    ~0.0006     0.0015        1  0.0015
Sum of all layers, and of all kernels                                                                 0.2100     0.2024     0.1971        6  0.0089

Kernels    0.1971 ms in 6 kernels, median sum of 50 un-profiled iterations by CUPTI 13.0, gated; 1
           were not whole
Gaps       0.0089 ms in which no kernel ran, of 0.2060 ms from the first start to the last end
Mapping    by hand
Unmapped   1 of 6 kernels, 0.0010 ms: x
Agreement  corrected times are within 10 % or 1 us of the kernels for 3 of 4 layers, which hold
           87.8% of their time; median difference 1.00 us; 4 of the 4 longest layers are the same
Slow-down  1.14x: host time 0.2850 ms with CUPTI, 0.2500 ms without, rounds interleaved
"""  # noqa: E501


def test_the_kernel_block(traced: Profile) -> None:
    text = render_table(traced, full_names=True)
    start = text.index("Layer  ", text.index("Medians of"))
    assert text[start : start + len(BLOCK)] == BLOCK


def test_the_mark_is_explained_where_only_this_block_has_it(traced: Profile) -> None:
    text = render_table(traced, group_by="type")
    assert text.count("~0.0006") == 1
    assert "\n~ Corrected time below 0.002 ms: below timer resolution; indicative only.\n" in text


def rows(profile: Profile, **view: Any) -> list[str]:
    table = kernel_table(Analysis(profile), View(**view))
    assert table is not None
    return [str(cell) for cell in table.columns[0].cells]


def test_rows_are_chosen_and_sorted_like_the_others(traced: Profile) -> None:
    first, second = rows(traced)[1], rows(traced)[0]
    assert rows(traced, sort="time", top=2)[:-1] == [first, second]
    assert rows(traced, top=2)[:-1] == [second, first]
    assert len(rows(traced, group_by="block")) == 5


def test_what_is_not_known_is_left_open(traced: Profile) -> None:
    assert traced.kernels is not None
    kernels = replace(
        traced.kernels,
        layers=(-1,) * 6,
        names=("a", "b", "c", "d", "e", "a"),
        is_gated=False,
        wall_ms=np.empty(0, np.float32),
        discarded=0,
    )
    facts = dict(kernel_facts(Analysis(replace(traced, kernels=kernels))))
    assert list(facts) == ["Kernels", "Gaps", "Mapping", "Unmapped"]
    assert facts["Kernels"].endswith("CUPTI 13.0, not gated")
    assert facts["Gaps"].endswith("last end, including launch overhead of the host")
    assert facts["Unmapped"] == "6 of 6 kernels, 0.1971 ms: a, b, c and 2 more"
    assert kernel_table(Analysis(replace(traced, kernels=kernels)), View()) is None


def test_kernels_beside_each_other_are_said_to_be(traced: Profile) -> None:
    assert traced.kernels is not None
    kernels = replace(traced.kernels, start_ms=repeated(0, 0.028, 0.1, 0.195, 0.2025, 0.205))
    facts = dict(kernel_facts(Analysis(replace(traced, kernels=kernels))))
    assert facts["Overlap"] == "0.0040 ms of the sum ran beside other kernels"


def test_without_a_gated_span_there_is_nothing_to_agree_with(traced: Profile) -> None:
    samples = replace(traced.samples, gated_ms=np.empty(0, np.float32))
    profile = replace(traced, samples=samples)
    assert "Agreement" not in dict(kernel_facts(Analysis(profile)))
    table = kernel_table(Analysis(profile), View())
    assert table is not None
    assert set(table.columns[2].cells) == {"-"}


def test_a_profile_without_kernels_has_no_block(gpu_profile: Profile) -> None:
    assert kernel_facts(Analysis(gpu_profile)) == ()
    assert kernel_table(Analysis(gpu_profile), View()) is None
