"""What belongs to which item: places within items, batches one behind the other, results of all."""

from __future__ import annotations

import numpy as np
import pytest
from batched_runs import assert_items_alone, for_a_range, items, run_open
from precision_models import model_of, run

from trtcore.errors import ModelError
from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_inputs, model_outputs
from trtcore.models.onnx.shapes import with_shapes

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
# The place of the largest of five values in each item, as CLIP finds the end of a text.
PLACE = "[one] c = Slice (x, z, o, m) [flat] s = Squeeze (c, m) [max] k = ArgMax <axis=1> (s)"
FIRST = "int64[1] z = {0}, int64[1] o = {1}, int64[1] m = {2}"
# As torch.onnx writes them.
CARRIED = {
    "item and place in rows": f"""g (float[1,5,8] x) => (float[1,8] y)
        <{FIRST}, int64[1,1] b = {{0}}>
        {{ {PLACE} [rows] r = Concat <axis=1> (b, k) [pick] y = GatherND (x, r) }}""",
    "item and several places": """g (float[1,5,8] x) => (float[1,3,8] y)
        <int64[1] z = {0}, int64[1] o = {1}, int64[1] m = {2}, int64[1] n = {3},
        int64[1,3,1] b = {0, 0, 0}>
        { [one] c = Slice (x, z, o, m) [flat] s = Squeeze (c, m)
          [top] v, k = TopK <axis=1> (s, n) [up] u = Unsqueeze (k, m)
          [rows] r = Concat <axis=2> (b, u) [pick] y = GatherND (x, r) }""",
    "offset of one item": f"""g (float[1,5,8] x) => (float[1,1,8] y)
        <{FIRST}, int64[2] t = {{5, 8}}, int64[1,1] b = {{0}}>
        {{ {PLACE} [all] a = Reshape (x, t) [add] i = Add (k, b) [pick] y = Gather (a, i) }}""",
    "offsets of two items": f"""g (float[2,5,8] x) => (float[2,1,8] y)
        <{FIRST}, int64[2] t = {{10, 8}}, int64[2,1] b = {{0, 5}}>
        {{ {PLACE} [all] a = Reshape (x, t) [add] i = Add (k, b) [pick] y = Gather (a, i) }}""",
    "number of an item times its length": f"""g (float[1,5,8] x) => (float[1,1,8] y)
        <{FIRST}, int64[2] t = {{5, 8}}, int64[1,1] b = {{0}}, int64 five = {{5}}>
        {{ {PLACE} [all] a = Reshape (x, t) [by] f = Mul (b, five) [add] i = Add (k, f)
          [pick] y = Gather (a, i) }}""",
    "parts of two batches": """g (float[1,4] x) => (float[1,3] y)
        <float[4,3] w, int64[2] n = {1, 1}>
        { [neg] n1 = Neg (x) [cat] c = Concat <axis=0> (x, n1) [mul] p = MatMul (c, w)
          [part] a, b = Split <axis=0> (p, n) [relu] r = Relu (a) [sub] y = Sub (r, b) }""",
    "slices of two batches": """g (float[2,4] x) => (float[2,3] y)
        <float[4,3] w, int64[1] z = {0}, int64[1] n = {2}, int64[1] e = {9223372036854775807}>
        { [neg] n1 = Neg (x) [cat] c = Concat <axis=0> (x, n1) [mul] p = MatMul (c, w)
          [first] a = Slice (p, z, n, z) [second] b = Slice (p, n, e, z) [relu] r = Relu (a)
          [sub] y = Sub (r, b) }""",
    "one constant for end and step": """g (float[1,4] x) => (float[1,4] y)
        <int64[1] z = {0}, int64[1] o = {1}> { [part] y = Slice (x, z, o, z, o) }""",
    "equal parts of two batches": """g (float[2,4] x) => (float[2,4] y)
        { [neg] n = Neg (x) [cat] c = Concat <axis=0> (x, n) [relu] r = Relu (c)
          [part] a, b = Split <axis=0> (r) [sub] y = Sub (a, b) }""",
    "time in front of a product": """g (float[1,4,8] x) => (float[1,4,8] y)
        <int64[2] t = {4, 8}, float[8,8] w, float[8] b, int64[3] u = {4, 1, 8}>
        { [first] a = Transpose <perm=[1, 0, 2]> (x) [flat] f = Reshape (a, t) [relu] r = Relu (f)
          [mul] g1 = Gemm (r, w, b) [up] h = Reshape (g1, u)
          [back] k = Transpose <perm=[1, 0, 2]> (h) [add] y = Add (x, k) }""",
    "steps beside the batch": """g (float[1,4,8] x) => (float[1,4,8] y)
        <int64[2] t = {4, 8}, float[4,8] p, int64[3] u = {4, 1, 8}>
        { [first] a = Transpose <perm=[1, 0, 2]> (x) [flat] f = Reshape (a, t) [add] s = Add (f, p)
          [up] h = Reshape (s, u) [back] y = Transpose <perm=[1, 0, 2]> (h) }""",
    "time in front of a softmax": """g (float[1,4,8] x) => (float[1,4,8] y)
        <int64[2] t = {4, -1}, int64[3] u = {4, 1, 8}>
        { [first] a = Transpose <perm=[1, 0, 2]> (x) [flat] f = Reshape (a, t)
          [soft] s = Softmax (f) [up] h = Reshape (s, u)
          [back] y = Transpose <perm=[1, 0, 2]> (h) }""",
}
# As PyTorch exports the first state of a GRU from a batch of 2.
CARRIED["expanded state"] = """g (float[2,3,4] x) => (float[2,3,5] y)
    <float[1,15,4] w, float[1,15,5] r, float[1,2,5] h, int64[1] z = {0}, int64[1] o = {1},
    int64[1] f = {5}, int64[1] t2 = {2}, int64[1] a = {1}>
    { [first] s = Transpose <perm=[1, 0, 2]> (x) [shape] k = Shape (s)
      [part] b = Slice (k, o, t2, z) [cat] c = Concat <axis=0> (o, b, f)
      [wide] e = Expand (h, c) [gru] q = GRU <hidden_size=5> (s, w, r, , , e)
      [flat] l = Squeeze (q, a) [back] y = Transpose <perm=[1, 0, 2]> (l) }"""
# The same, for which no range of batches can be computed.
FOR_A_BATCH = {
    "two values for two batches": """g (float[1,4] x) => (float[1,3] y)
        <float[4,3] w, float[2,3] e, int64[2] n = {1, 1}>
        { [neg] n1 = Neg (x) [cat] c = Concat <axis=0> (x, n1) [mul] p = MatMul (c, w)
          [add] q = Add (p, e) [part] a, b = Split <axis=0> (q, n) [relu] r = Relu (a)
          [sub] y = Sub (r, b) }""",
    "written into zeros": """g (float[1,2,3] x) => (float[1,4,3] y)
        <float[1,4,3] z, int64[1,2,2] k = {0, 1, 0, 3}> { [put] y = ScatterND (z, k, x) }""",
}
CARRIED["written into zeros, time first"] = """g (float[1,2,3] x) => (float[1,4,3] y)
    <float[4,1,3] z, int64[2,1] k = {1, 3}>
    { [first] a = Transpose <perm=[1, 0, 2]> (x) [put] s = ScatterND (z, k, a)
      [back] y = Transpose <perm=[1, 0, 2]> (s) }"""
MEAN = "g (float[%s,4,8] x) => (float[1,4,8] y) { [mean] y = ReduceMean <axes=[0]> (x) }"
STEPS = """g (float[%s,2,8] x) => (float[%s,1,2,3] y) <float[1,12,8] w, float[1,12,3] r>
    { [lstm] y = LSTM <hidden_size=3> (x, w, r) }"""
LOST = {
    "mean of all items": (
        MEAN % 1,
        "g does not fit input 'x' as 4x4x8 (the model says 1x4x8): the batch is lost in node 'mean'"
        " (ReduceMean), which gives 1x4x8 at batch 1: export the model with an open batch, or with"
        " batch 4",
    ),
    "largest of all items, with a layer behind": (
        """g (float[2,4] x) => (float[4] y) <float[4,4] w>
        { [max] m = ReduceMax <axes=[0], keepdims=0> (x) [mul] y = MatMul (m, w) }""",
        "g does not fit input 'x' as 4x4 (the model says 2x4): the batch is lost in node 'max'"
        " (ReduceMax), which gives 4 at batch 2: export the model with an open batch, or with"
        " batch 4",
    ),
    "steps of an LSTM": (
        STEPS % (5, 5),
        "g does not fit input 'x' as 4x2x8 (the model says 5x2x8): node 'lstm' (LSTM) takes the"
        " leading dimension for time steps: give whole shapes with shapes",
    ),
    "places in one item of a longer axis": (
        f"""g (float[1,5,8] x) => (float[1,1,8] y) <{FIRST}, int64[2] t = {{5, 8}}>
        {{ {PLACE} [all] a = Reshape (x, t) [pick] y = Gather (a, k) }}""",
        "g does not fit input 'x' as 4x5x8 (the model says 1x5x8): the batch is lost in node 'pick'"
        " (Gather), which gives 1x1x8 at batch 1: export the model with an open batch, or with"
        " batch 4",
    ),
    "two items taken apart": (
        """g (float[2,4] x) => (float[1,4] y)
        { [part] a, b = Split <axis=0> (x) [sub] y = Sub (a, b) }""",
        "g does not fit input 'x' as 4x4 (the model says 2x4): the batch is lost in node 'part'"
        " (Split), which gives 1x4, 1x4 at batch 2: export the model with an open batch, or with"
        " batch 4",
    ),
}
# Each result depends on all items, as the model says.
TOGETHER = {
    "mean": "[node] m = ReduceMean <axes=[0]> (x) [sub] y = Sub (x, m)",
    "sum": "[node] m = ReduceSum (x, zero) [sub] y = Sub (x, m)",
    "loss": "[node] y = ReduceMean <keepdims=0> (x)",
    "running sum": "[node] y = CumSum (x, zero)",
    "shares": "[node] y = Softmax <axis=0> (x)",
    "statistics of a batch": "[node] y, k, s = BatchNormalization<training_mode=1> (x, v, v, v, v)",
}


@pytest.mark.parametrize("name", [*CARRIED, *FOR_A_BATCH])
def test_every_item_of_another_batch_gets_what_it_gets_alone(name: str) -> None:
    model = model_of(HEAD + (CARRIED | FOR_A_BATCH)[name])
    assert_items_alone(model, with_shapes(model, 4))


@pytest.mark.parametrize("name", CARRIED)
def test_one_graph_takes_every_batch_of_a_range(name: str) -> None:
    model = model_of(HEAD + CARRIED[name])
    whole, wanted = items(model)
    ranged = for_a_range(model)
    for batch in (1, 3, 4):
        found = run_open(ranged, {"x": whole[:batch]})
        np.testing.assert_allclose(found, wanted[:batch], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "node"),
    [("two values for two batches", "'add' (Add)"), ("written into zeros", "'put' (ScatterND)")],
)
def test_what_takes_one_batch_takes_no_range(name: str, node: str) -> None:
    with pytest.raises(ModelError) as error:
        for_a_range(model_of(HEAD + FOR_A_BATCH[name]))
    assert str(error.value) == (
        f"g: node {node} holds one batch, and takes no range of them: give one shape per input "
        "with shapes"
    )


@pytest.mark.parametrize("name", LOST)
def test_what_is_of_all_items_is_refused(name: str) -> None:
    text, message = LOST[name]
    with pytest.raises(ModelError) as error:
        with_shapes(model_of(HEAD + text), 4)
    assert str(error.value) == message


@pytest.mark.parametrize("name", TOGETHER)
def test_what_is_computed_of_all_items_together_is_noted(name: str) -> None:
    text = "g (float[2,4] x) => (float[a,b] y) <int64 zero = {0}, float[4] v> { %s }"
    model = model_of(HEAD + text % TOGETHER[name])
    kind = next(one.op_type for one in model.proto.graph.node if one.name == "node")
    assert with_shapes(model, 4).notes == (
        f"node 'node' ({kind}) computes over all items of the batch together",
    )


@pytest.mark.parametrize(("text", "kind"), [(MEAN % 1, "ReduceMean"), (STEPS % (1, 1), "LSTM")])
def test_a_file_with_an_open_batch_may_do_that(text: str, kind: str) -> None:
    proto = model_of(HEAD + text).proto
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "N"
    batched = load_model(proto, batch=4)
    assert model_inputs(batched)[0].shape[0] == 4
    assert batched.notes == (
        f"node '{proto.graph.node[0].name}' ({kind}) computes over all items of the batch together",
    )


SMALLER = {
    "factor of an Einsum": """[node] y = Einsum <equation = "bij,bkj->bik"> (x, k)""",
    "factor of a product": "[node] y = MatMul (x, k)",
    "summand": "[node] y = Add (x, k)",
}


@pytest.mark.parametrize("name", SMALLER)
def test_a_batch_of_1_is_not_taken_for_each_item_of_the_old_one(name: str) -> None:
    # The same for both items, as the smaller batch has the first one only.
    text = (
        "g (float[2,2,2] x) => (float[2,2,2] y) <float[2,2,2] k = {1, 2, 3, 4, 1, 2, 3, 4}> { %s }"
    )
    model = model_of(HEAD + text % SMALLER[name])
    whole, wanted = items(model)
    alone = with_shapes(model, 1)
    assert model_outputs(alone)[0].shape == (1, 2, 2)
    np.testing.assert_allclose(run(alone, {"x": whole[:1]})[0], wanted[:1], rtol=1e-5, atol=1e-6)


def test_an_output_of_a_loop_is_declared_with_its_batch() -> None:
    model = model_of(
        HEAD
        + """g (float[1,4] x) => (float[1,4] y) <int64 n = {3}, bool t = {1}>
        { [loop] y = Loop (n, t, x) <body = b (int64 i, bool c, float[1,4] s) =>
            (bool o, float[1,4] r) { o = Identity (c) r = Neg (s) }> }"""
    )
    batched = with_shapes(model, 4)
    assert model_outputs(batched)[0].shape == (4, 4)
    whole, wanted = items(model)
    np.testing.assert_array_equal(run(batched, {"x": whole})[0], wanted)


def test_a_node_that_reads_nothing_is_left_as_it_is() -> None:
    model = model_of(
        HEAD
        + """g (float[1,2,4] x) => (float[1,3,4] y)
        { [draw] r = RandomUniform <shape=[1, 3, 2]> () [mul] y = MatMul (r, x) }"""
    )
    assert model_outputs(with_shapes(model, 4))[0].shape == (4, 3, 4)


def test_a_mean_over_all_items_in_both_branches_is_refused() -> None:
    model = model_of(
        HEAD
        + """g (float[1,4] x, bool c) => (float[1,4] y) { [if] y = If (c) <
        then_branch = t () => (float[1,4] u) { [mean] u = ReduceMean <axes=[0]> (x) },
        else_branch = e () => (float[1,4] v) { [max] v = ReduceMax <axes=[0]> (x) }> }"""
    )
    with pytest.raises(ModelError) as error:
        with_shapes(model, 4)
    assert str(error.value) == (
        "g does not fit input 'x' as 4x4 (the model says 1x4): the batch is lost in node 'mean'"
        " (ReduceMean): export the model with an open batch, or with batch 4"
    )


SHARED = """g (float[1,4,8] x, float[10,8] table, float[1,8] style) => (float[4,8] y, float[10,8] z)
    <int64[2] t = {4, 8}>
    { [add] a = Add (x, style) [flat] y = Reshape (a, t) [neg] z = Neg (table) }"""


def test_shapes_of_some_inputs_leave_others_to_all_items() -> None:
    model = model_of(HEAD + SHARED)
    batched = load_model(model, shapes={"x": (3, 4, 8)})
    assert [one.shape for one in model_outputs(batched)] == [(12, 8), (10, 8)]
    generator = np.random.default_rng(0)
    feeds = {
        name: generator.standard_normal(shape).astype(np.float32)
        for name, shape in (("x", (3, 4, 8)), ("table", (10, 8)), ("style", (1, 8)))
    }
    alone = [run(model, {**feeds, "x": feeds["x"][[place]]})[0] for place in range(3)]
    np.testing.assert_allclose(run(batched, feeds)[0], np.concatenate(alone), atol=1e-6)
