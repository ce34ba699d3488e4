"""The lines from the layers to both totals, whole, with CUPTI and without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_made_kernels import bridged_profile, kernel_pass, repeated

from trtcore.report.content.times.kernels import kernel_facts
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.kernel_pass import KernelPass
from trtcore.result.records.profile import EventCost, Profile

WITH_CUPTI = """\
Layer times as measured     0.0370 ms  3 layers
Events between layers      -0.0090 ms  3 layers x 3.00 us, by CUPTI in this run; calibrated apart
                                       from it: 2.50 us, 95 % within 2.40 us to 2.60 us
Layer times corrected       0.0280 ms
Longer beside neighbours    0.0020 ms  by CUPTI: kernels un-profiled, less the same in profiled
                                       iterations, where events keep them apart
Overlap of neighbours      -0.0010 ms  by CUPTI: a layer began before the one before it had ended
Gaps between kernels        0.0030 ms  by CUPTI: no kernel ran between two layers
Tracing itself             -0.0010 ms  gated span without CUPTI less that with it, taken in turn:
                                       the lines of CUPTI hold it
Change between passes       0.0000 ms  gated span of the run less that of the traced pass, which the
                                       lines above are of
Unexplained                 0.0005 ms  +1.6% of the un-profiled 0.0315 ms
Un-profiled, gated          0.0315 ms
Waiting for the host        0.0045 ms  latency less gated span: launches the GPU waited for, and the
                                       synchronise
Un-profiled, latency        0.0360 ms  host time from enqueue to synchronised
Un-profiled, CUDA graph     0.0300 ms  a CUDA graph saves 0.0015 ms of the gated span (4.8%); the
                                       gaps are 0.0030 ms
Corrected less CUDA graph  -0.0020 ms  -6.7% of the CUDA graph, which has hardly any gaps
"""

WITHOUT_CUPTI = """\
Layer times as measured     0.0370 ms  3 layers
Events between layers      -0.0075 ms  3 layers x 2.50 us, calibrated apart from this run, 95 %
                                       within 2.40 us to 2.60 us
Layer times corrected       0.0295 ms
Gaps and neighbours         0.0015 ms  gated less CUDA graph: about the gaps, which timing='cupti'
                                       measures
Unexplained                 0.0005 ms  +1.6% of the un-profiled 0.0315 ms; the interval of the event
                                       cost alone allows 0.0003 ms either way
Un-profiled, gated          0.0315 ms
Waiting for the host        0.0045 ms  latency less gated span: launches the GPU waited for, and the
                                       synchronise
Un-profiled, latency        0.0360 ms  host time from enqueue to synchronised
Un-profiled, CUDA graph     0.0300 ms  a CUDA graph saves 0.0015 ms of the gated span (4.8%)
Corrected less CUDA graph  -0.0005 ms  -1.7% of the CUDA graph, which has hardly any gaps
"""


def block(profile: Profile) -> str:
    text = render_table(profile)
    start = text.index("Layer times as measured")
    return text[start : text.index("\n\n", start) + 1]


def test_with_cupti_every_line_is_measured() -> None:
    assert block(bridged_profile(kernel_pass())) == WITH_CUPTI


@pytest.mark.parametrize("kernels", [None, kernel_pass(profiled=None)], ids=["none", "older"])
def test_without_cupti_a_graph_bounds_the_gaps(kernels: KernelPass | None) -> None:
    assert block(bridged_profile(kernels)) == WITHOUT_CUPTI


def test_without_a_calibration_the_traced_cost_stands_alone() -> None:
    text = block(bridged_profile(kernel_pass(), event_cost=None))
    line = "Events between layers      -0.0090 ms  3 layers x 3.00 us, by CUPTI in this run; not"
    assert f"{line} calibrated\n" in text


def test_a_cost_that_was_chosen_to_fit_is_no_test_of_the_graph() -> None:
    text = block(bridged_profile(None, event_cost=None))
    assert "no test, as the event cost was taken from this run" in " ".join(text.split())
    assert "Gaps" not in text
    assert "Corrected less CUDA graph" not in text


@pytest.mark.parametrize("graph_us", [31.5, 33.0])
def test_a_graph_that_is_no_shorter_saves_nothing(graph_us: float) -> None:
    made = bridged_profile(kernel_pass())
    samples = replace(made.samples, graph_ms=repeated(graph_us, 7))
    assert "a CUDA graph saves nothing\n" in block(replace(made, samples=samples))


def test_what_was_not_measured_has_no_line() -> None:
    made = bridged_profile(None, event_cost=EventCost(0.0025, np.nan, np.nan, 0.0, 0.0, 2))
    nothing = np.empty(0, np.float32)
    samples = replace(made.samples, graph_ms=nothing, wall_ms=nothing)
    labels = [line[:24].strip() for line in block(replace(made, samples=samples)).splitlines()]
    assert list(filter(None, labels)) == [
        "Layer times as measured",
        "Events between layers",
        "Layer times corrected",
        "Unexplained",
        "Un-profiled, gated",
    ]


def test_layers_are_held_against_kernels_alone_too() -> None:
    facts = dict(kernel_facts(Analysis(bridged_profile(kernel_pass()))))
    assert facts["Alone"] == (
        "in profiled iterations, where events keep kernels apart, the same holds for 3 of 3 "
        "layers, 100.0% of their time; median difference 0.00 us"
    )
    assert "Alone" not in dict(kernel_facts(Analysis(bridged_profile(kernel_pass(profiled=None)))))
