"""What a report says of precision, in full."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from trtcore.errors import PrecisionNotMetError
from trtcore.report.content.precision import precision_facts
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.requirements import require_met
from trtcore.result.records import Accuracy, Build, LayerPrecision, OutputAccuracy, Profile

LINE = "asked fp16: 76 of 80 layers Half, 2 Float (norm, keep), 3.1 % of time"
ISLANDS = (
    LayerPrecision("__myl_Avg", "avgpool", "Float", ("norm",), 0.0123, 0.021),
    LayerPrecision("keep_myl0", "kgen", "Float", (), 0.006, 0.01, is_requested=True),
    LayerPrecision("lstm", "loop", "Float", ("rnn",), 0.003, 0.005, is_fp32_only=True),
)
BUILD = Build("TensorRT", 1.0, 100, precision=LINE, precision_verdict="met", islands=ISLANDS)
NEAR = OutputAccuracy("prob", 0.001, 0.0001, 0.0031, 0.9999995, 0, 0, 1.0, 0.75)
FAR = OutputAccuracy("y", 0.5, 0.25, 0.125, 0.5, 3, 1, first_bad_node="exp")


def test_islands_are_listed_with_their_time_and_outputs_with_their_errors(
    gpu_profile: Profile,
) -> None:
    accuracy = Accuracy("the engine against the model in FP32", (NEAR, FAR))
    facts = precision_facts(replace(gpu_profile, build=BUILD, accuracy=accuracy))
    assert facts == (
        ("Precision", LINE),
        ("Island", "norm (avgpool): Float, 0.0123 ms, 2.1% of time"),
        ("Island", "keep_myl0 (kgen): Float, 0.0060 ms, 1.0% of time, on request"),
        ("Island", "rnn (loop): Float, 0.0030 ms, 0.5% of time, which TensorRT has in FP32 only"),
        (
            "Accuracy",
            "prob: relative L2 3.10e-03, largest error 1.00e-03, mean 1.00e-04, cosine 0.9999995, "
            "top-1 the same 100.0%, within top-5 75.0%",
        ),
        (
            "Accuracy",
            "y: 3 NaN and 1 infinite values, first in node 'exp'; of the others, relative L2 "
            "1.25e-01, largest error 5.00e-01, mean 2.50e-01, cosine 0.5000000",
        ),
        ("Compared", "the engine against the model in FP32"),
    )
    assert accuracy.relative_l2 == inf


def test_the_table_shows_them(gpu_profile: Profile) -> None:
    text = render_table(replace(gpu_profile, build=BUILD))
    assert f"Precision  {LINE}" in text
    assert "Island     norm (avgpool): Float, 0.0123 ms, 2.1% of time" in text


def test_many_islands_end_in_one_line(gpu_profile: Profile) -> None:
    facts = precision_facts(replace(gpu_profile, build=replace(BUILD, islands=ISLANDS[:1] * 12)))
    assert [label for label, _ in facts] == ["Precision", *["Island"] * 10, "Islands"]
    assert facts[-1] == ("Islands", "2 more, 4.2% of time")


def test_nothing_was_looked_at(gpu_profile: Profile) -> None:
    assert precision_facts(gpu_profile) == ()
    assert precision_facts(replace(gpu_profile, build=None)) == ()


def test_what_is_plainly_not_met_ends_with_an_error() -> None:
    require_met(BUILD)
    failed = replace(BUILD, precision_verdict="not met")
    with pytest.raises(PrecisionNotMetError, match="is not what was asked for: asked fp16: 76 of"):
        require_met(failed)
