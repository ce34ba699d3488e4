"""What became of nodes that were to stay in FP32: seen, hidden inside other layers, or missing."""

from __future__ import annotations

import pytest

from trtcore.precision.verify.check import check_precision
from trtcore.precision.verify.kept import find_kept
from trtcore.report.content.facts.precision import kept_text
from trtcore.result.records.build import KeptNodes
from trtcore.result.records.layers import Layer, TensorInfo


def layer(nodes: str, reads: str = "Half", writes: str = "Half") -> Layer:
    return Layer(
        nodes,
        "kgen",
        tuple(nodes.split()),
        inputs=tuple(TensorInfo("i", (1,), word) for word in reads.split()),
        outputs=tuple(TensorInfo("o", (1,), word) for word in writes.split()),
    )


LAYERS = (
    layer("norm x_to_fp32", "Half", "Float"),
    layer("norm n_to_fp16", "Float", "Half"),
    layer("conv relu"),
    layer("fc fc_to_fp16 x_to_fp32"),
    layer("down", "Float Half", "Half"),
    layer("shape", "Int64", "Int64"),
)


def test_seen_hidden_and_missing() -> None:
    found = find_kept(LAYERS, {"norm", "down", "fc", "relu", "shape", "folded"})
    assert found == KeptNodes(("norm", "down"), ("relu", "fc"), ("folded", "shape"))
    assert kept_text(found) == (
        "pinned to FP32: 2 of 6 nodes; relu, fc only inside layers that read and write no"
        " FP32; folded, shape in no layer that reports its types"
    )


def test_nothing_kept_and_all_kept() -> None:
    assert kept_text(find_kept(LAYERS, ())) == ""
    assert kept_text(find_kept(LAYERS, {"norm", "down"})) == "pinned to FP32: 2 of 2 nodes"


def test_one_layer_in_fp32_is_enough() -> None:
    assert find_kept((layer("a"), layer("a", "Half", "Float")), {"a"}).seen == ("a",)


@pytest.mark.parametrize(
    ("nodes", "kept", "is_requested"),
    [
        ("norm", {"norm"}, True),
        ("norm n_to_fp16", {"norm"}, True),
        ("x_to_fp32_2", {"norm"}, True),
        ("x_to_fp32", set(), False),
        ("norm conv", {"norm"}, False),
        ("conv", {"norm"}, False),
    ],
)
def test_casts_around_a_kept_node_are_on_request(
    nodes: str, kept: set[str], is_requested: bool
) -> None:
    layers = (layer("a"), layer("b"), layer(nodes, "Half", "Float"))
    (fallback,) = check_precision(layers, "fp16", kept=kept).fallbacks
    assert fallback.is_requested is is_requested
