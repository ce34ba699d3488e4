"""What walks of one graph share changes nothing of what each finds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from networks import read_graph
from onnx import numpy_helper, parser

from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.batch_start import Constants, Starts
from trtcore.models.onnx.graph import model_inputs
from trtcore.models.onnx.shapes import batch_edits, with_shapes
from trtcore.models.onnx.weights import without_weights

# Constants that count the batch; targets and a class token.
NETWORKS = ("bert_base", "vit_b_16")
# There and back: what one batch left behind must not be taken for another's.
BATCHES = (8, 9, 8)


@pytest.fixture(scope="module", params=NETWORKS)
def bare(request: pytest.FixtureRequest) -> Model:
    model = load_model(read_graph(request.param))
    return replace(model, proto=without_weights(model.proto))


def at(bare: Model, batch: int) -> dict[str, tuple[int, ...]]:
    """The shapes of its inputs at a batch."""
    return {one.name: (batch, *one.shape[1:]) for one in model_inputs(bare)}


def test_walks_that_share_a_start_find_what_each_alone_does(bare: Model) -> None:
    starts = Starts()
    for batch in BATCHES:
        together = batch_edits(bare, at(bare, batch), starts)
        assert repr(together) == repr(batch_edits(bare, at(bare, batch), Starts()))
        assert together[0]


def test_shapes_of_one_graph_are_those_of_each_alone() -> None:
    bare = load_model(read_graph("resnet50_dynamo"))
    starts = Starts()
    for batch in BATCHES:
        together, alone = with_shapes(bare, batch, starts=starts), with_shapes(bare, batch)
        assert together.notes == alone.notes
        assert together.proto == alone.proto


def test_constants_of_an_earlier_version_of_the_graph_are_compared(bare: Model) -> None:
    first, shapes = Starts(), at(bare, 6)
    batch_edits(bare, shapes, first)
    # The edits of the changed graph, whose constants have the same names and other values.
    changed = with_shapes(bare, 8, starts=first)
    again = batch_edits(changed, shapes, Starts(first.constants))
    assert repr(again) == repr(batch_edits(changed, shapes, Starts()))


def test_a_constant_with_other_values_is_another() -> None:
    constants = Constants()
    one, same, other = (
        numpy_helper.from_array(numpy_helper.to_array(tensor), "to")
        for tensor in (TARGET, TARGET, OTHER)
    )
    first = constants.constant(one, "to")
    assert constants.constant(same, "to") is first
    assert constants.constant(other, "to").old == (3,)


GRAPH = parser.parse_graph("""
targets (float[1] x) => (float[1] y) <int64[2] a = {4, 6}, int64[3] b = {4, 2, 3}>
{ y = Identity (x) }
""")
TARGET, OTHER = GRAPH.initializer
