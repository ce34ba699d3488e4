"""Ranges of shapes: what may vary, what a run has, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import numpy_helper, parser
from onnx.reference import ReferenceEvaluator

from trtcore.errors import ModelError, OptionError
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_inputs
from trtcore.models.onnx.shape_ranges import opened, run_shapes
from trtcore.result.types.shapes import ShapeRange

# Two inputs share the batch and the length; one has an open dimension of its own.
TOKENS = """
<ir_version: 8, opset_import: ["" : 17]>
tokens (float[N,S] ids, float[N,S] mask, float[?,3] bias) => (float[N,S] y, float[?,3] z)
{ [add] y = Add (ids, mask) [relu] z = Relu (bias) }
"""
# Flattened with the batch that it was exported with.
ONE_BATCH = """
<ir_version: 8, opset_import: ["" : 17]>
baked (float[4,2,3] x) => (float[4,6] y) <int64[2] to = {4, 6}>
{ [relu] a = Relu (x) [flat] y = Reshape (a, to) }
"""
IDS = ((1, 16), (4, 128), (8, 512))


def load(text: str, **options: Any) -> Model:
    return load_model(parser.parse_model(text), **options)


def dims_of(model: Model) -> dict[str, list[str | int]]:
    with opened(model) as proto:
        return {
            value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
            for value in proto.graph.input
        }


def test_a_range_settles_the_symbols_of_other_inputs() -> None:
    model = load(TOKENS, shapes={"ids": IDS})
    assert [one.range for one in model.dynamic] == [
        ShapeRange("ids", *IDS),
        ShapeRange("mask", *IDS),
    ]
    assert [(one.name, one.shape) for one in model_inputs(model)] == [
        ("ids", (4, 128)),
        ("mask", (4, 128)),
        ("bias", (1, 3)),
    ]
    assert run_shapes(model) == {"ids": (4, 128), "mask": (4, 128)}
    assert model.notes[-2:] == (
        "the engine takes ids:1x16..4x128..8x512; the run has 4x128",
        "the engine takes mask:1x16..4x128..8x512; the run has 4x128",
    )


def test_the_graph_is_open_only_as_long_as_it_is_needed() -> None:
    model = load(TOKENS, shapes={"ids": IDS})
    before = model.proto.SerializeToString(deterministic=True)
    assert dims_of(model) == {"ids": ["N", "S"], "mask": ["N", "S"], "bias": [1, 3]}
    assert model.proto.SerializeToString(deterministic=True) == before
    with pytest.raises(ZeroDivisionError), opened(model):
        _ = 1 / 0
    assert model.proto.SerializeToString(deterministic=True) == before


def test_only_what_differs_is_open() -> None:
    model = load(TOKENS, shapes={"ids": ((1, 128), (4, 128), (8, 128)), "bias": (7, 3)})
    assert dims_of(model) == {"ids": ["N", 128], "mask": ["N", 128], "bias": [7, 3]}
    fixed = load(TOKENS, shapes={"ids": ((4, 128),) * 3})
    assert (fixed.dynamic, run_shapes(fixed)) == ((), {})
    assert dims_of(fixed) == {"ids": [4, 128], "mask": [4, 128], "bias": [1, 3]}


def test_a_dimension_that_the_file_fixes_gets_a_symbol() -> None:
    text = ONE_BATCH.replace("{4, 6}", "{-1, 6}")
    model = load(text, shapes={"x": ((1, 2, 3), (2, 2, 3), (8, 2, 3))})
    assert dims_of(model) == {"x": ["x_0", 2, 3]}


def test_the_batch_chooses_the_run_inside_the_range() -> None:
    model = load(TOKENS, shapes={"ids": IDS}, batch=2)
    assert run_shapes(model) == {"ids": (2, 128), "mask": (2, 128)}
    assert model.dynamic[0].range == ShapeRange("ids", *IDS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 9}, "batch=9 is outside 1 to 8, the range of 'ids'"),
        (
            {"shapes": {"ids": ((1, 16), (9, 128), (8, 512))}},
            "shapes={'ids': ((1, 16), (9, 128), (8, 512))}: dimension 0 is 1, 9 and 8, which is not"
            " in the order min, opt, max",
        ),
        (
            {"shapes": {"ids": ((2, 16), (1, 128), (8, 512))}},
            "shapes={'ids': ((2, 16), (1, 128), (8, 512))}: dimension 0 is 2, 1 and 8, which is not"
            " in the order min, opt, max",
        ),
        (
            {"shapes": {"ids": ((1, 16), (4, 128))}},
            "shapes={'ids': ((1, 16), (4, 128))} has 2 shapes, expected one, or min, opt and max",
        ),
        (
            {"shapes": {"ids": ((1, 16), (4, 128, 1), (8, 512))}},
            "shapes={'ids': ((1, 16), (4, 128, 1), (8, 512))}: min, opt and max have different"
            " numbers of dimensions",
        ),
        (
            {"shapes": {"ids": ((0, 16), (4, 128), (8, 512))}},
            "shape ids:0x16: every dimension must be 1 or more",
        ),
        (
            {"shapes": {"ids": IDS, "mask": (4, 128)}},
            "tokens: 'N' is 8 and 4 in the shapes given",
        ),
    ],
)
def test_what_is_no_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((OptionError, ModelError)) as error:
        load(TOKENS, **{"shapes": {"ids": IDS}, **options})
    assert str(error.value) == message
    assert error.value.exit_code == 2


def test_a_batch_that_was_written_into_the_model_is_freed() -> None:
    proto = parser.parse_model(ONE_BATCH)
    before = proto.SerializeToString(deterministic=True)
    model = load_model(proto, shapes={"x": ((1, 2, 3), (4, 2, 3), (8, 2, 3))})
    assert model.notes == (
        "node 'flat' had batch 4 written into it: now any",
        "the engine takes x:1x2x3..4x2x3..8x2x3; the run has 4x2x3",
    )
    targets = {one.name: numpy_helper.to_array(one) for one in model.proto.graph.initializer}
    assert targets[model.proto.graph.node[1].input[1]].tolist() == [-1, 6]
    assert proto.SerializeToString(deterministic=True) == before


def test_inputs_may_have_batches_of_their_own() -> None:
    text = """
    <ir_version: 8, opset_import: ["" : 17]>
    two (float[4,2,3] x, float[4,2,3] z) => (float[4,6] y, float[4,6] w) <int64[2] to = {4, 6}>
    { [flat] y = Reshape (x, to) [other] w = Reshape (z, to) }
    """
    model = load(text, shapes={"x": ((1, 2, 3), (4, 2, 3), (8, 2, 3)), "z": ((2, 2, 3),) * 3})
    assert dims_of(model) == {"x": ["x_0", 2, 3], "z": [2, 2, 3]}
    apart = {"x": ((1, 2, 3), (4, 2, 3), (8, 2, 3)), "z": ((2, 2, 3), (2, 2, 3), (3, 2, 3))}
    model = load(text, shapes=apart)
    targets = {one.name: numpy_helper.to_array(one) for one in model.proto.graph.initializer}
    read = [targets[node.input[1]].tolist() for node in model.proto.graph.node]
    assert read == [[-1, 6], [-1, 6]]


def test_a_model_of_one_batch_takes_no_range() -> None:
    text = ONE_BATCH.replace("{4, 6}", "{2, 2, 6}").replace("int64[2]", "int64[3]")
    text = text.replace("float[4,6]", "float[2,2,6]")
    with pytest.raises(ModelError) as error:
        load(text, shapes={"x": ((1, 2, 3), (4, 2, 3), (8, 2, 3))})
    assert str(error.value) == (
        "baked does not fit input 'x' as 8x2x3 (the model says 4x2x3): the batch is lost in node "
        "'flat' (Reshape), which gives 2x2x6 at batch 4: export the model with an open batch, or "
        "with batch 8"
    )


def test_inputs_of_different_batches_take_no_range_through_an_expand() -> None:
    """At both ends the inputs have one batch, as the walk wants it; in between they have not."""
    text = """
    <ir_version: 8, opset_import: ["" : 17]>
    two (float[4,2] x, float[4,3] z) => (float[4,2] y, float[4,3] w) <int64[2] to = {4, 2}>
    { [wide] y = Expand (x, to) [other] w = Neg (z) }
    """
    shapes = {"x": ((1, 2), (1, 2), (8, 2)), "z": ((1, 3), (4, 3), (8, 3))}
    with pytest.raises(ModelError) as error:
        load(text, shapes=shapes)
    assert str(error.value) == (
        "two: node 'wide' (Expand) holds one batch: give 'x', 'z' the same batches in shapes"
    )


def test_both_ends_have_to_fit_the_model() -> None:
    text = """
    <ir_version: 8, opset_import: ["" : 17]>
    product (float[N,M] x) => (float[N,2] y) <float[6,2] w = {1,2,3,4,5,6,7,8,9,10,11,12}>
    { [fc] y = MatMul (x, w) }
    """
    with pytest.raises(ModelError) as error:
        load(text, shapes={"x": ((1, 6), (4, 6), (8, 7))})
    assert str(error.value) == (
        "product does not fit input 'x' as 8x7 (the model says NxM): [ShapeInferenceError] "
        "Inference error(s): (op_type:MatMul, node name: fc): [ShapeInferenceError] Incompatible "
        "dimensions for matrix multiplication"
    )


@pytest.mark.parametrize(
    ("shape", "is_in"),
    [((1, 16), True), ((8, 512), True), ((9, 16), False), ((1, 15), False), ((4,), False)],
)
def test_what_a_range_holds(shape: tuple[int, ...], is_in: bool) -> None:
    assert ShapeRange("ids", *IDS).holds(shape) == is_in


def test_a_large_constant_of_one_batch_is_repeated_for_a_range() -> None:
    # Of more than 8 KiB: without its values in the graph that is tried out.
    text = """
    <ir_version: 8, opset_import: ["" : 17]>
    net (float[4,4096] x) => (float[4,8192] y) { [cat] y = Concat <axis = 1> (x, token) }
    """
    proto = parser.parse_model(text)
    token = np.arange(4 * 4096, dtype=np.float32).reshape(4, 4096)
    proto.graph.initializer.append(numpy_helper.from_array(token, "token"))
    model = load_model(proto, shapes={"x": ((1, 4096), (4, 4096), (8, 4096))})
    assert model.notes[0] == "node 'cat' read a value of batch 4 as input 1: repeated for any"
    for batch in (1, 4, 8):
        x = np.ones((batch, 4096), np.float32)
        with opened(model) as graph:
            (y,) = ReferenceEvaluator(graph).run(None, {"x": x})
        assert np.array_equal(y[:, 4096:], np.take(token, np.arange(batch) % 4, axis=0))
