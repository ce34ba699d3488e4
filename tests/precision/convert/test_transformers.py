"""FP16 and BF16 of transformers: masks saturate, and the values stay near those of FP32."""

from __future__ import annotations

import numpy as np
import pytest
from precision_models import FLOAT_ONLY, model_of, run
from transformer_models import CASES, feeds

from trtcore.precision.accuracy.emulation import emulated
from trtcore.precision.convert.apply import apply_precision, fp32_only_nodes

# The goals of docs/precision.md: FP16 has 11 bits, BF16 8.
GOALS = {"fp16": 1e-2, "bf16": 5e-2}


@pytest.mark.parametrize("precision", GOALS)
@pytest.mark.parametrize("name", CASES)
def test_outputs_are_finite_and_near_fp32(name: str, precision: str) -> None:
    case = CASES[name]
    model, given = case.model(), feeds(case)
    low = apply_precision(model, precision)
    told = [note for note in low.notes if "mask" in note]
    assert len(told) == min(case.saturated, 1)
    assert not told or told[0].startswith(f"{case.saturated} mask or limit constant")
    for expected, found in zip(run(model, given), run(emulated(low), given), strict=True):
        assert np.isfinite(found).all()
        error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
        assert 0 < error < GOALS[precision]


def test_a_range_of_integers_is_no_excuse_for_an_engine() -> None:
    """T5 counts its positions with a Range: TensorRT has that in FP32 only, if it is a float."""
    assert fp32_only_nodes(CASES["t5"].model(), "fp16") == frozenset()
    floats = fp32_only_nodes(model_of(FLOAT_ONLY), "fp16")
    assert floats == {"range"}
    assert fp32_only_nodes(model_of(FLOAT_ONLY), "fp32") == frozenset()
