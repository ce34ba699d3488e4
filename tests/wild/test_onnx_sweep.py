"""What becomes of every model that the onnx package defines, held against a recorded table.

A change of any outcome fails, and shows in review as a change of the table. To record it anew:
``TRTCORE_RECORD_OUTCOMES=1 python -m pytest -m slow tests/wild/test_onnx_sweep.py``; with
``TRTCORE_ALL_BUILDS=1`` every model is built, not one in ten.
"""

from __future__ import annotations

import os

import pytest
from onnx_sweep import SAMPLE, file_models, light_models, node_models, outcomes, read_table, record
from paths import DATA

from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.system.quotations import MOST_CHARACTERS

TABLE = DATA / "wild" / "outcomes.tsv"
SOURCES = {"node": node_models, "file": file_models, "light": light_models}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bindings() -> Bindings:
    pytest.importorskip("tensorrt_rtx", reason="builds without a GPU, TensorRT does not")
    return load_bindings("tensorrt_rtx")


@pytest.mark.parametrize("source", SOURCES)
def test_outcomes_are_the_recorded_ones(source: str, bindings: Bindings) -> None:
    recorded = read_table(TABLE)
    every = "TRTCORE_ALL_BUILDS" in os.environ
    # A whole network takes seconds in each precision: built where every model is, and only there.
    sample = SAMPLE if source != "light" else len(recorded) + 1
    found = {
        name: outcomes(proto, bindings if every or place % sample == sample // 2 else None)
        for place, (name, proto) in enumerate(SOURCES[source]())
    }
    if "TRTCORE_RECORD_OUTCOMES" in os.environ:
        record(TABLE, found)
        return
    changed = {
        f"{name}, {step}: {recorded.get(name, {}).get(step, 'not recorded')} -> {outcome}"
        for name, steps in found.items()
        for step, outcome in steps.items()
        if recorded.get(name, {}).get(step) != outcome
    }
    assert changed == set()


# Near a pole of the tangent, or a mean of a few values of both signs: the rounding of the input
# alone moves the output further than the bound.
ILL_CONDITIONED = {
    "test_nllloss_NCd1_ii",
    "test_nllloss_NCd1_ii_expanded",
    "test_nllloss_NCd1_weight",
    "test_nllloss_NCd1_weight_expanded",
    "test_tan",
}


def test_no_outcome_is_a_traceback_or_a_difference_beyond_the_bound() -> None:
    recorded = read_table(TABLE)
    assert len(recorded) > 2000
    wrong = {
        (name, step, outcome)
        for name, steps in recorded.items()
        for step, outcome in steps.items()
        if outcome.startswith("TRACEBACK") or (step == "fp16 accuracy" and "differs" in outcome)
    }
    assert {name for name, _, _ in wrong} == ILL_CONDITIONED


def test_every_refusal_is_one_line_of_300_characters() -> None:
    told = {
        text.partition(": ")[2] for steps in read_table(TABLE).values() for text in steps.values()
    }
    assert {text for text in told if len(text) > MOST_CHARACTERS} == set()
