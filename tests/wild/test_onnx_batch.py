"""Another batch than the exporter's reaches every output, with the same values for every item."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from batched_runs import assert_items_alone, for_a_range, items, run_open
from onnx import parser
from paths import DATA
from precision_models import model_of, run
from transformer_models import CASES

from trtcore.errors import ModelError
from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_outputs
from trtcore.models.onnx.input_roles import make_model_inputs
from trtcore.models.onnx.shapes import with_shapes

WILD = DATA / "wild"
HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
# Each holds the batch that it was exported with in a constant.
HELD = {
    "class token": """tokens (float[1,4,8] x) => (float[1,5,8] y) <float[1,1,8] cls, float[1,5,8] p>
        { [cat] t = Concat <axis = 1> (cls, x) [add] y = Add (t, p) }""",
    "expanded token": """tokens (float[1,4,8] x) => (float[1,5,8] y)
        <float[1,1,8] cls, int64[3] sh = {1, 1, 8}>
        { [grow] e = Expand (cls, sh) [cat] y = Concat <axis = 1> (e, x) }""",
    "positions of a batch of 2": """tokens (float[2,4,8] x) => (float[2,4,8] y)
        <float[1,4,8] p, int64[3] sh = {2, 4, 8}>
        { [grow] e = Expand (p, sh) [add] y = Add (x, e) }""",
    "slice of the whole batch": """part (float[2,4,8] x) => (float[2,2,8] y)
        <int64[2] s = {0, 0}, int64[2] e = {2, 2}, int64[2] a = {0, 1}>
        { [part] y = Slice (x, s, e, a) }""",
    "sequence first": """attention (float[1,4,8] x) => (float[1,4,8] y)
        <int64[3] heads = {4, 2, 4}, int64[3] back = {4, 1, 8}>
        { [t1] s = Transpose <perm = [1, 0, 2]> (x) [split] h = Reshape (s, heads)
          [t2] ht = Transpose <perm = [1, 0, 2]> (h) [soft] p = Softmax <axis = -1> (ht)
          [t3] pt = Transpose <perm = [1, 0, 2]> (p) [join] j = Reshape (pt, back)
          [t4] y = Transpose <perm = [1, 0, 2]> (j) }""",
    "counted items": """flat (float[2,4,8] x) => (float[2,4,8] y)
        <int64[2] sh = {8, 8}, int64[2,1] b = {0, 1}, int64 n = {4}, int64[4] k = {0, 1, 2, 3}>
        { [flat] f = Reshape (x, sh) [times] bn = Mul (b, n) [plus] i = Add (bn, k)
          [pick] y = Gather (f, i) }""",
    "initial state": """recurrent (float[1,3,4] x) => (float[1,3,5] y)
        <float[1,20,4] w, float[1,20,5] r, float[1,1,5] h, float[1,1,5] c, int64[1] a = {1}>
        { [t1] s = Transpose <perm = [1, 0, 2]> (x)
          [lstm] l = LSTM <hidden_size = 5> (s, w, r, , , h, c)
          [one] q = Squeeze (l, a) [t2] y = Transpose <perm = [1, 0, 2]> (q) }""",
}
BODIES = {
    "both branches": """branches (float[1,4,8] x, bool c) => (float[1,32] y)
        <int64[2] sh = {1, 32}>
        { [choice] y = If (c) <
            then_branch = yes () => (float[1,32] a) { [flat] a = Reshape (x, sh) },
            else_branch = no () => (float[1,32] b)
                { [own] s = Constant <value = int64[2] {1, 32}> () [neg] n = Neg (x)
                  [flat2] b = Reshape (n, s) }> }""",
    "token in a branch": """token (float[1,4,8] x, bool c) => (float[1,5,8] y)
        <float[1,1,8] cls>
        { [choice] y = If (c) <
            then_branch = yes () => (float[1,5,8] a) { [cat] a = Concat <axis = 1> (cls, x) },
            else_branch = no () => (float[1,5,8] b)
                { [sum] m = ReduceMean <axes = [1]> (x) [cat2] b = Concat <axis = 1> (m, x) }> }""",
    "state of a loop": """loop (float[1,4,8] x, bool c) => (float[1,4,8] y)
        <int64 n = {3}, int64[2] flat = {1, 32}, int64[3] back = {1, 4, 8}>
        { [loop] y = Loop (n, c, x) <body = step (int64 i, bool go, float[1,4,8] s) =>
            (bool on, float[1,4,8] t) { [on] on = Identity (go) [flat] f = Reshape (s, flat)
              [soft] p = Softmax <axis = -1> (f) [back] t = Reshape (p, back) }> }""",
    "rows of a scan": """scan (float[1,4,8] x) => (float[1,4,8] y)
        <float[1,8] h, int64[3] sh = {1, 2, 4}, int64[2] back = {1, 8}>
        { [turn] s = Transpose <perm = [1, 0, 2]> (x)
          [grow] z = Sub (x, x) [first] z1 = ReduceMean <axes = [1], keepdims = 0> (z)
          [scan] last, r = Scan <num_scan_inputs = 1, body = step (float[1,8] a, float[1,8] row) =>
            (float[1,8] b, float[1,8] out) { [split] q = Reshape (row, sh)
              [soft] p = Softmax <axis = -1> (q) [join] o = Reshape (p, back)
              [add] b = Add (a, o) [out] out = Identity (b) }> (z1, s)
          [turn2] y = Transpose <perm = [1, 0, 2]> (r) }""",
    "branch that is never taken": """choice (float[1,4] x) => (float[1,4] y)
        <int64 zero = {0}, int64 one = {1}, int64[1] front = {0}>
        { [shape] sh = Shape (x) [pick] n = Gather (sh, zero) [same] c = Equal (n, one)
          [choice] y = If (c) <
            then_branch = yes () => (float[1,4] a)
                { [first] a = Gather (x, front) },
            else_branch = no () => (float[1,4] b) { [keep] b = Identity (x) }> }""",
}
LOST = {
    "first item of a branch": (
        """branch (float[1,4] x, bool c) => (float[4] y) <int64 i = {0}>
        { [choice] y = If (c) <
            then_branch = yes () => (float[4] a) { [pick] a = Gather (x, i) },
            else_branch = no () => (float[4] b)
                { [max] b = ReduceMax <axes = [0], keepdims = 0> (x) }> }""",
        "branch does not fit input 'x' as 4x4 (the model says 1x4): the batch is lost in node "
        "'pick' (Gather), which gives 4 at batch 1: export the model with an open batch, or with "
        "batch 4",
    ),
    "first item in a loop": (
        """loop (float[1,4] x, bool c) => (float[1,4] y)
        <int64 n = {3}, int64 i = {0}, int64[1] a = {0}>
        { [loop] y = Loop (n, c, x) <body = step (int64 k, bool go, float[1,4] s) =>
            (bool on, float[1,4] t)
            { [on] on = Identity (go) [pick] f = Gather (s, i) [up] t = Unsqueeze (f, a) }> }""",
        "loop does not fit input 'x' as 4x4 (the model says 1x4): the batch is lost in node 'pick'"
        " (Gather), which gives 4 at batch 1: export the model with an open batch, or with batch 4",
    ),
    "first item": (
        "first (float[1,4] x) => (float[4] y) <int64 i = {0}> { [pick] y = Gather (x, i) }",
        "first does not fit input 'x' as 4x4 (the model says 1x4): the batch is lost in node 'pick'"
        " (Gather), which gives 4 at batch 1: export the model with an open batch, or with batch 4",
    ),
    "squeezed": (
        "one (float[1,4] x) => (float[4] y) <int64[1] a = {0}> { [flat] y = Squeeze (x, a) }",
        "one does not fit input 'x' as 4x4 (the model says 1x4): the batch is lost in node 'flat'"
        " (Squeeze), which gives 4 at batch 1: export the model with an open batch, or with batch"
        " 4",
    ),
}


@pytest.mark.parametrize("name", ["resize_sizes", "resize_sizes_open", "reshape_minus1"])
def test_the_batch_is_carried_through_the_files(name: str) -> None:
    path = WILD / f"{name}.onnx"
    assert_items_alone(load_model(path), load_model(path, batch=4))


@pytest.mark.parametrize("name", HELD)
def test_constants_of_the_old_batch_become_those_of_the_new(name: str) -> None:
    model = model_of(HEAD + HELD[name])
    assert_items_alone(model, with_shapes(model, 4))


@pytest.mark.parametrize("name", [*HELD, "resize_sizes", "resize_sizes_open", "reshape_minus1"])
def test_one_graph_takes_every_batch_of_a_range(name: str) -> None:
    is_file = name not in HELD
    model = load_model(WILD / f"{name}.onnx") if is_file else model_of(HEAD + HELD[name])
    whole, wanted = items(model)
    ranged = for_a_range(model)
    assert [one.range.least[0] for one in ranged.dynamic] == [1]
    for batch in (1, 2, 3, 4):
        found = run_open(ranged, {"x": whole[:batch]})
        np.testing.assert_allclose(found, wanted[:batch], rtol=1e-5, atol=1e-6)
    # And as the run has it, with static shapes.
    assert model_outputs(ranged)[0].shape == (3, *wanted.shape[1:])
    np.testing.assert_allclose(run(ranged, {"x": whole[:3]})[0], wanted[:3], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("batches", [(1, 2, 3), (2, 2, 3), (1, 1, 2), (2, 3, 4), (5, 6, 7)])
@pytest.mark.parametrize("name", ["counted items", "positions of a batch of 2"])
def test_the_exporters_batch_may_lie_anywhere(name: str, batches: tuple[int, int, int]) -> None:
    model = model_of(HEAD + HELD[name])
    whole, wanted = items(model)
    whole, wanted = np.concatenate([whole, whole]), np.concatenate([wanted, wanted])
    ranged = for_a_range(model, *batches)
    for batch in batches:
        found = run_open(ranged, {"x": whole[:batch]})
        np.testing.assert_allclose(found, wanted[:batch], rtol=1e-5, atol=1e-6)


def test_a_constant_that_is_listed_among_the_inputs_is_no_input() -> None:
    # As old exporters list every initializer.
    model = model_of(HEAD + HELD["counted items"])
    for tensor in model.proto.graph.initializer:
        value = onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        model.proto.graph.input.append(value)
    whole, wanted = items(model)
    ranged = for_a_range(model)
    found = run_open(ranged, {"x": whole[:3]})
    np.testing.assert_allclose(found, wanted[:3], rtol=1e-5, atol=1e-6)


def test_what_a_range_takes_is_noted() -> None:
    notes = {name: for_a_range(model_of(HEAD + HELD[name])).notes[:-1] for name in HELD}
    had = "had batch {} written into it: now any"
    read = "read a value of batch {} as input {}: repeated for any"
    assert notes == {
        "class token": (f"node 'cat' {read.format(1, 0)}",),
        "expanded token": (f"node 'cat' {read.format(1, 0)}",),
        "positions of a batch of 2": (f"node 'add' {read.format(2, 1)}",),
        "slice of the whole batch": (f"node 'part' {had.format(2)}",),
        "sequence first": (f"node 'split' {had.format(1)}; 1 more node like it",),
        "counted items": (
            "node 'pick' picks by a constant that counts the old batch: it now counts any",
            f"node 'flat' {had.format(2)}",
        ),
        "initial state": (f"node 'lstm' {read.format(1, 5)}",),
    }


@pytest.mark.parametrize("name", LOST)
def test_a_range_is_refused_where_a_batch_is(name: str) -> None:
    text, message = LOST[name]
    with pytest.raises(ModelError) as error:
        for_a_range(model_of(HEAD + text), 2, 3, 4)
    assert str(error.value) == message


def test_a_slice_without_inputs_cannot_follow_a_batch() -> None:
    # Up to operator set 9 a Slice has its ends in attributes, which nothing can compute.
    model = model_of('<ir_version: 8, opset_import: ["" : 9]>' + HELD["class token"])
    with pytest.raises(ModelError) as error:
        for_a_range(model)
    assert str(error.value) == (
        "tokens: node 'cat' (Concat) holds one batch, and takes no range of them: give one shape "
        "per input with shapes"
    )


def test_inputs_of_one_batch_need_one_range() -> None:
    model = model_of(
        HEAD
        + """two (float[2,4] x, float[2,4] mask, float[5] bias) => (float[2,4] y)
        <float[2,4] k = {1, 2, 3, 4, 5, 6, 7, 8}> { [add] s = Add (x, k) [out] y = Neg (s) }"""
    )
    ranges = {"x": ((1, 4), (3, 4), (4, 4)), "mask": ((2, 4), (3, 4), (4, 4))}
    with pytest.raises(ModelError) as error:
        load_model(model, shapes=ranges)
    assert str(error.value) == (
        "two: node 'add' (Add) holds one batch: give 'x', 'mask' the same batches in shapes"
    )
    assert load_model(model, shapes={**ranges, "mask": ranges["x"]}).dynamic


@pytest.mark.parametrize("name", CASES)
def test_transformers_take_a_range(name: str) -> None:
    model = CASES[name].model()
    ranged = for_a_range(model, 1, 2, 3)
    one = make_model_inputs(model)
    alone = run(model, one)[0]
    for batch in (1, 3):
        several = {key: np.repeat(value, batch, axis=0) for key, value in one.items()}
        found = run_open(ranged, several)
        np.testing.assert_allclose(found, np.repeat(alone, batch, axis=0), atol=1e-4)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("flag", [False, True])
def test_constants_in_the_bodies_of_nodes_become_those_of_the_new_batch(
    name: str, flag: bool
) -> None:
    model = model_of(HEAD + BODIES[name])
    flags = {"c": np.array(flag)} if "bool c" in BODIES[name] else {}
    whole, wanted = items(model, more=flags)
    batched = with_shapes(model, 4)
    found = run(batched, {"x": whole, **flags})[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("flag", [False, True])
def test_the_bodies_of_nodes_take_a_range(name: str, flag: bool) -> None:
    model = model_of(HEAD + BODIES[name])
    flags = {"c": np.array(flag)} if "bool c" in BODIES[name] else {}
    whole, wanted = items(model, more=flags)
    ranged = for_a_range(model)
    for batch in (1, 3, 4):
        found = run_open(ranged, {"x": whole[:batch], **flags})
        np.testing.assert_allclose(found, wanted[:batch], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LOST)
def test_where_the_batch_is_lost_the_node_is_named(name: str) -> None:
    text, message = LOST[name]
    with pytest.raises(ModelError) as error:
        load_model(parser.parse_model(HEAD + text), batch=4)
    assert str(error.value) == message


@pytest.mark.parametrize("name", ["vit", "swin", "bert", "gpt2_legacy"])
def test_transformers_give_every_item_what_it_gets_alone(name: str) -> None:
    model = CASES[name].model()
    batched = with_shapes(model, 3)
    one = make_model_inputs(model)
    three = {key: np.repeat(value[:1], 3, axis=0) for key, value in one.items()}
    alone = run(model, one)[0][:1]
    np.testing.assert_allclose(run(batched, three)[0], np.repeat(alone, 3, axis=0), atol=1e-4)


def test_a_model_whose_constants_hold_another_batch_than_its_input_says_is_left_to_inference() -> (
    None
):
    proto = parser.parse_model(HEAD + HELD["sequence first"])
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "N"
    onnx.checker.check_model(proto)
    assert model_outputs(load_model(proto, batch=2))[0].shape == (2, 4, 8)
