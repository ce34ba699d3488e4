"""What a report says of precision, in full."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from trtcore.errors import PrecisionNotMetError
from trtcore.report.content.facts.precision import build_facts, precision_facts
from trtcore.report.terminal.profile import render_table
from trtcore.result.analysis.requirements import require_met
from trtcore.result.records.accuracy import Accuracy, OutputAccuracy
from trtcore.result.records.build import (
    Build,
    LayerPrecision,
    PrecisionCheck,
    PrecisionVerdict,
    TypeCount,
)
from trtcore.result.records.profile import Profile

LINE = (
    "requested fp16: 76 of 80 layers Half, 2 Float, 2 Int8 (norm, keep_myl0, rnn), 1 of them on "
    "request, 1 of them in FP32 only in TensorRT, 3.6 % of time"
)
FALLBACKS = (
    LayerPrecision("__myl_Avg", "avgpool", "Float", ("norm",), 0.0123, 0.021),
    LayerPrecision("keep_myl0", "kgen", "Float", (), 0.006, 0.01, is_requested=True),
    LayerPrecision("lstm", "loop", "Float", ("rnn",), 0.003, 0.005, is_fp32_only=True),
)
CHECK = PrecisionCheck(
    "fp16",
    "Half",
    PrecisionVerdict.MET,
    (TypeCount("Half", 76), TypeCount("Float", 2), TypeCount("Int8", 2)),
    FALLBACKS,
)
BUILD = Build("TensorRT", 1.0, 100, precision=CHECK)
NEAR = OutputAccuracy("prob", 0.001, 0.0001, 0.0031, 0.9999995, 0, 0, 1.0, 0.75)
FAR = OutputAccuracy("y", 0.5, 0.25, 0.125, 0.5, 3, 1, first_bad_node="exp")


def test_fallbacks_are_listed_with_their_time_and_outputs_with_their_errors(
    gpu_profile: Profile,
) -> None:
    accuracy = Accuracy((NEAR, FAR), note="the engine against the model in FP32")
    facts = precision_facts(replace(gpu_profile, build=BUILD, accuracy=accuracy))
    assert facts == (
        ("Precision", LINE),
        ("Precision fallback", "norm (avgpool) runs in FP32, 0.0123 ms, 2.1% of time"),
        (
            "Precision fallback",
            "keep_myl0 (kgen) runs in FP32, 0.0060 ms, 1.0% of time, on request",
        ),
        (
            "Precision fallback",
            "rnn (loop) runs in FP32, 0.0030 ms, 0.5% of time, which TensorRT has in FP32 only",
        ),
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
    text = " ".join(render_table(replace(gpu_profile, build=BUILD)).split())
    assert f"Precision {LINE}" in text
    assert "Precision fallback norm (avgpool) runs in FP32, 0.0123 ms, 2.1% of time" in text


def test_many_fallbacks_end_in_one_line(gpu_profile: Profile) -> None:
    check = replace(CHECK, fallbacks=FALLBACKS[:1] * 12)
    facts = precision_facts(replace(gpu_profile, build=replace(BUILD, precision=check)))
    assert [label for label, _ in facts] == [
        "Precision",
        *["Precision fallback"] * 10,
        "Precision fallbacks",
    ]
    assert facts[-1] == ("Precision fallbacks", "2 more, 4.2% of time")


def test_nothing_was_looked_at(gpu_profile: Profile) -> None:
    assert precision_facts(gpu_profile) == ()
    assert precision_facts(replace(gpu_profile, build=None)) == ()


def test_what_is_plainly_not_met_ends_with_an_error() -> None:
    require_met(CHECK)
    failed = replace(CHECK, verdict=PrecisionVerdict.NOT_MET)
    with pytest.raises(
        PrecisionNotMetError, match="not have the requested precision: requested fp16: 76 of"
    ):
        require_met(failed)


def test_fallbacks_of_one_kind_are_one_line() -> None:
    norms = tuple(
        LayerPrecision(
            f"k{i}", "kgen", "Float", (f"/layer.{i}/norm/LayerNormalization",), 0.01, 0.002
        )
        for i in range(13)
    )
    other = LayerPrecision("s", "kgen", "Float", ("/head/Softmax_1",), 0.02, 0.01)
    build = Build("x", 1.0, 1, precision=replace(CHECK, fallbacks=(*norms, other)))
    assert build_facts(build)[1:] == (
        ("Precision fallback", "LayerNormalization: 13 layers in FP32, 2.6% of time"),
        ("Precision fallback", "/head/Softmax_1 (kgen) runs in FP32, 0.0200 ms, 1.0% of time"),
    )
