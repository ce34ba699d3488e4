"""Transformers in FP16 and BF16 on a GPU: finite, and as near to FP32 as the CPU says they are."""

from __future__ import annotations

import pytest
from transformer_models import CASES

import trtcore
from trtcore.result.records.build import PrecisionVerdict

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("short_warm_up")]

# The goals of docs/precision.md, for every value rounded: an engine rounds less often.
GOALS = {"fp16": 1e-2, "bf16": 5e-2}


@pytest.mark.parametrize("precision", GOALS)
@pytest.mark.parametrize("name", CASES)
def test_an_engine_keeps_the_goal(name: str, precision: str) -> None:
    profile = trtcore.profile_model(
        CASES[name].model(), precision=precision, accuracy=True, iterations=3, calibrate=False
    )
    assert profile.build is not None
    assert profile.build.precision is not None
    assert profile.build.precision.verdict is PrecisionVerdict.MET
    assert profile.accuracy is not None
    for output in profile.accuracy.outputs:
        assert output.nan_count + output.inf_count + output.uncompared == 0
        assert not output.is_empty
        assert 0 < output.relative_l2 < GOALS[precision]
