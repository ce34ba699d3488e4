"""How few layers hold the time, and what is shown of each."""

from __future__ import annotations

import pytest
from hand_made_profiles import chain, make_profile
from html_results import bare
from networks import MEASURED, measured

from trtcore.report.content.rows.concentration import concentrate, concentration_text
from trtcore.report.content.rows.details import layer_details
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.layers import Layer


def test_half_of_the_time_is_in_as_few_layers_as_possible() -> None:
    layers = [Layer(name, nodes=(name,)) for name in "abcd"]
    analysis = Analysis(make_profile(layers, [[1, 4, 2, 1]], chain(*"abcd")))
    found = concentrate(analysis)
    assert found.positions == (1, 2, 0, 3)
    assert found.shares.tolist() == [0.5, 0.75, 0.875, 1.0]
    assert found.half == 1
    assert concentration_text(analysis) == "1 of 4 layers is 50 % of the time"


def test_stream_sync_layers_are_not_counted() -> None:
    layers = [Layer("a", "conv", ("a",)), Layer("s", "signal"), Layer("b", "conv", ("b",))]
    analysis = Analysis(make_profile(layers, [[1, 5, 2]], chain("a", "b")))
    assert concentration_text(analysis) == "1 of 2 layers is 67 % of the time"


@pytest.mark.parametrize("name", MEASURED)
def test_networks(name: str) -> None:
    analysis = Analysis(measured(name))
    found = concentrate(analysis)
    assert found.shares[found.half - 2] < 0.5 <= found.shares[found.half - 1]
    times = [analysis.rows[i].own_ms for i in found.positions]
    assert times == sorted(times, reverse=True)


def test_no_time_has_no_sentence() -> None:
    assert concentration_text(Analysis(bare())) == ""


def test_what_is_shown_of_a_layer() -> None:
    one = layer_details(Analysis(measured("vit_b_16")))[3]
    assert (one.label, one.kind, one.block, one.precision) == (
        "encoder_layer_0: LayerNorm + Transpose",
        "normalization",
        "encoder_layer_0",
        "FP16",
    )
    facts = dict(one.facts)
    assert facts["Nodes"] == (
        "/encoder/layers/encoder_layer_0/ln_1/LayerNormalization + "
        "/encoder/layers/encoder_layer_0/self_attention/Transpose"
    )
    assert facts["Layer"] == "__myl_AddSqrtDivMulCastMulAddTran_myl0_3 (kgen)"
    assert facts["Reads"] == (
        "__myln_k_arg__bb1_4_myl0 4x197x768 Float linear; "
        "__myln_k_arg__bb1_5_myl0 4x197x1 Float linear"
    )
    assert facts["Stream"] == "0"
    assert facts["Tactic"].startswith("__myl_AddSqrtDivMulCastMulAddTran_0x")


def test_every_layer_has_a_kind_and_what_is_unknown_no_line() -> None:
    for name in MEASURED:
        details = layer_details(Analysis(measured(name)))
        assert [one.row.index for one in details] == list(range(len(details)))
        assert all(one.kind and one.block for one in details)
    (first, _) = layer_details(Analysis(bare()))
    assert first.facts == (("Layer", "(Unnamed Layer* 0)"),)
