"""The waterfall from the layers to the latency: each total is the one before and its steps."""

from __future__ import annotations

import pytest
from hand_made_profiles import make_profile
from html_results import bare
from networks import MEASURED, measured

from trtcore.report.content.times.steps import latency_steps
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.layers import Layer


@pytest.mark.parametrize("name", MEASURED)
def test_the_steps_lead_from_one_total_to_the_next(name: str) -> None:
    analysis = Analysis(measured(name))
    steps = latency_steps(analysis)
    level = 0.0
    for step in steps:
        if step.is_total and level:
            assert step.ms == pytest.approx(level, abs=1e-9)
        level = step.ms if step.is_total else level + step.ms
    assert steps[0] == (
        "layers as measured",
        pytest.approx(analysis.reconciliation.raw_sum_ms),
        True,
    )
    assert steps[-1] == ("latency", analysis.latency.wall.median_ms, True)


def test_the_steps_of_a_network() -> None:
    assert [step.label for step in latency_steps(Analysis(measured("vit_b_16")))] == [
        "layers as measured",
        "events",
        "layers corrected",
        "gaps and neighbours",
        "unexplained",
        "gated span",
        "waiting for the host",
        "latency",
    ]


def test_without_gates_and_without_a_latency() -> None:
    profile = make_profile([Layer("a"), Layer("b")], [[0.5, 0.25]])
    assert latency_steps(Analysis(profile)) == (("layers as measured", 0.75, True),)
    assert latency_steps(Analysis(bare())) == ()
