"""Builds of one model that were fused otherwise, or chose other tactics."""

from __future__ import annotations

import numpy as np
import pytest
from hand_made_profiles import chain, make_profile

from trtcore.report.content.facts.resources import resource_facts
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.layers import Layer
from trtcore.result.records.repeats import BuildMedians, SeriesMedians
from trtcore.result.saved import dump_profile, parse_profile


def build(ms: float, *layers: tuple[str, str, float]) -> BuildMedians:
    """From the total and, of each layer, its nodes, tactic and time."""
    return BuildMedians(
        tuple(Layer(nodes, "Conv", tuple(nodes), tactic) for nodes, tactic, _ in layers),
        np.array([one[2] for one in layers]),
        (SeriesMedians("gpu_ms", np.array([ms])),),
        half_width=0.01 * ms,
        plan_bytes=1000,
    )


BUILDS = (
    build(1.00, ("ab", "t1", 0.5), ("c", "t2", 0.3), ("d", "t3", 0.1)),
    build(1.04, ("a", "t1", 0.3), ("b", "t1", 0.25), ("c", "t9", 0.3), ("d", "t3", 0.1)),
)


@pytest.fixture
def analysis() -> Analysis:
    profile = make_profile(BUILDS[0].layers, [BUILDS[0].layer_ms], chain(*"abcd"), builds=BUILDS)
    return Analysis(parse_profile(dump_profile(profile)))


def test_builds_are_compared_by_what_all_of_them_can_be_timed_for(analysis: Analysis) -> None:
    variance = analysis.build_variance
    assert variance is not None
    assert variance.series == "gpu_ms"
    assert variance.apart == pytest.approx(0.04 / 1.02)
    assert [
        (g.nodes, tuple(g.median_ms), g.has_other_tactics, g.is_fused_alike)
        for g in variance.groups
    ] == [
        (("a", "b"), (0.5, 0.55), True, False),
        (("c",), (0.3, 0.3), True, True),
        (("d",), (0.1, 0.1), False, True),
    ]
    assert variance.with_other_tactics == 2


def test_the_report_says_how_far_they_differ(analysis: Analysis) -> None:
    assert resource_facts(analysis) == (
        (
            "Builds",
            "2, interleaved: GPU time 1.0000 to 1.0400 ms (3.92% apart, each known to 1.04% within "
            "this process); 2 of 3 groups have other tactics, 1 are fused otherwise; shown is the "
            "first",
        ),
        ("", "a + b: 0.5000 to 0.5500 ms (9.5% apart), other tactics"),
        ("", "c: 0.3000 to 0.3000 ms (0.0% apart), other tactics"),
        ("", "d: 0.1000 to 0.1000 ms (0.0% apart)"),
    )


def test_a_single_build_has_nothing_to_differ_from() -> None:
    assert Analysis(make_profile([Layer("a")], [[1.0]])).build_variance is None
