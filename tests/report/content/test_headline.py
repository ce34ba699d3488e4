"""The outcome in a sentence, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_made_profiles import chain, make_profile
from html_results import bare
from networks import measured

from trtcore.report.content.headline import rate_text, trust_strip, verdict_text
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.layers import Layer
from trtcore.result.records.samples import Samples


def test_a_measured_network() -> None:
    analysis = Analysis(measured("vit_b_16"))
    assert verdict_text(analysis) == (
        "vit_b_16 in fp16 at batch 4 on NVIDIA H200 takes 1.216 ms (median); on "
        "average 3,239 items per second. "
        "The longest layer is conv_proj: Conv with 12.1 % of the layer time. "
        "23 of 137 layers are 51 % of the time."
    )
    assert trust_strip(analysis) == (
        ("Unexplained", "-0.2 % of 1.185 ms", "good"),
        ("Clocks", "1980 MHz, 44 C", "good"),
        ("Steadiness", "quartiles 0.5 % of the median apart", "good"),
        ("Iterations", "200 profiled, 40 un-profiled", "good"),
        ("Warnings", "1 warning", "warning"),
    )


def test_a_latency_that_jumps_is_a_warning_beside_its_figure() -> None:
    strip = {one.label: one for one in trust_strip(Analysis(measured("swin_t")))}
    assert strip["Steadiness"] == (
        "Steadiness",
        "quartiles 3.7 % of the median apart; see the warnings",
        "warning",
    )
    assert strip["Warnings"].text == "2 warnings"


def test_nothing_measured_is_unknown_and_not_good() -> None:
    analysis = Analysis(bare())
    assert verdict_text(analysis) == "net: nothing was timed."
    assert trust_strip(analysis) == (
        ("Unexplained", "not known without gated passes", "unknown"),
        ("Clocks", "not read", "unknown"),
        ("Steadiness", "too few times to tell", "unknown"),
        ("Iterations", "0 profiled", "unknown"),
        ("Warnings", "none", "good"),
    )


def test_layers_without_a_latency() -> None:
    profile = make_profile([Layer("a", nodes=("a",))], [[0.25]], chain("a"))
    assert verdict_text(Analysis(profile)) == (
        "The layers of net in fp16 at batch 1 take 0.25 ms; the latency was not measured. The "
        "longest layer is a with 100.0 % of the layer time. 1 of 1 layer is 100 % of the time."
    )
    no_batch = replace(
        profile,
        batch=0,
        precision="",
        samples=Samples(profile.samples.layer_ms, np.array([0.5], np.float32)),
    )
    assert verdict_text(Analysis(no_batch)).startswith("net takes 0.5 ms (median). The longest")


@pytest.mark.parametrize(
    ("rate", "text"),
    [(1.6032, "1.6"), (0.8506, "0.851"), (12.34, "12.3"), (3239.4, "3,239"), (99.96, "100")],
)
def test_few_items_per_second_keep_their_digits(rate: float, text: str) -> None:
    assert rate_text(rate) == text
