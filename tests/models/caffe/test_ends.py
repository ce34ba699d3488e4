"""Nets that end without an output: what is said names what to ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from trtcore.errors import ModelError
from trtcore.models.caffe import load_caffe

DATA = 'layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }\n'


def relu(top: str, bottom: str = "data", more: str = "") -> str:
    ends = f'bottom: "{bottom}" top: "{top}"'
    return f'layer {{ name: "{top}_" type: "ReLU" {ends} {more} }}\n'


def end(kind: str, *bottoms: str, name: str = "end") -> str:
    read = " ".join(f'bottom: "{one}"' for one in bottoms)
    return f'layer {{ name: "{name}" type: "{kind}" {read} }}\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no layer computes anything"),
        (end("Silence", "data"), "no layer computes anything"),
        (
            end("EuclideanLoss", "data", "data"),
            "only layer 'end' (EuclideanLoss, line 2) would be computed, left out in TEST phase",
        ),
        (
            relu("a", more="include { phase: TRAIN }"),
            "only layer 'a_' (ReLU, line 2) would be computed, of phase TRAIN",
        ),
        (
            relu("a") + relu("b") + end("SmoothL1Loss", "a", "b"),
            "it ends in layer 'end' (SmoothL1Loss, line 4), without a result: ask for what is read "
            "there with outputs=['a', 'b']",
        ),
        (
            relu("a") + end("Silence", "a", "data") + end("EuclideanLoss", "a", "data", name="l"),
            "it ends in layer 'end' (Silence, line 3), without a result: ask for what is read "
            "there with outputs=['a']",
        ),
        (
            "".join(relu(one) + end("Silence", one, name=f"of {one}") for one in "abcd"),
            "it ends in layer 'of a' (Silence, line 3), layer 'of b' (Silence, line 5), layer "
            "'of c' (Silence, line 7) and 1 more, without a result: ask for what is read there "
            "with outputs=['a', 'b', 'c'], or 1 more",
        ),
        (
            relu("a") + end("Silence", "a") + relu("a", "a") + end("Silence", "a", name="last"),
            "it ends in layer 'end' (Silence, line 3), layer 'last' (Silence, line 5), without a "
            "result: ask for what is read there with outputs=['a_', 'a']",
        ),
    ],
)
def test_a_net_without_outputs(tmp_path: Path, text: str, why: str) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(DATA + text)
    with pytest.raises(ModelError) as error:
        load_caffe(net)
    assert str(error.value) == f"{net}: the net has no outputs: {why}"


def test_what_is_named_can_be_asked_for(tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(DATA + relu("a") + relu("b") + end("SmoothL1Loss", "a", "b"))
    model = load_caffe(net, outputs=["a", "b"])
    assert [value.name for value in model.proto.graph.output] == ["a_", "b_"]
