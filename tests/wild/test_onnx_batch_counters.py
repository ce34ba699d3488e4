"""Places that count the batch, in bodies too, and states of loops that get the batch on the way."""

from __future__ import annotations

import numpy as np
import pytest
from batched_runs import for_a_range, items, run_open
from precision_models import model_of, run

from trtcore.errors import ModelError
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_inputs, model_outputs
from trtcore.models.onnx.shapes import with_shapes

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
LOOP = """g (float[2,4,8] x) => (float[2,4,8] y) <bool t = {1}, int64 n = {3}%s>
    { [loop] y = Loop (n, t, x) <body = b (int64 i, bool c, float[2,4,8] s) =>
        (bool on, float[2,4,8] r) %s { [on] on = Identity (c) %s [neg] r = Neg (p) }> }"""
ONES = "{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}"
COUNTED = {
    "a constant number of iterations": """g (float[2,4,8] x) => (float[2,4,8] y)
        <bool t = {1}, int64 n = {2}>
        { [loop] y = Loop (n, t) <body = b (int64 i, bool c) => (bool on, float[4,8] o)
            { [on] on = Identity (c) [pick] p = Gather (x, i) [neg] o = Neg (p) }> }""",
    "constant of a body": LOOP % ("", "<int64[2] k = {0, 1}>", "[pick] p = Gather (s, k)"),
    "Constant node of a body": LOOP
    % ("", "", "[own] k = Constant <value = int64[2] {0, 1}> () [pick] p = Gather (s, k)"),
    "constant around a body": LOOP % (", int64[2] k = {0, 1}", "", "[pick] p = Gather (s, k)"),
    "range of a body": LOOP
    % (
        ", int64 zero = {0}, int64 two = {2}, int64 one = {1}",
        "",
        "[count] k = Range (zero, two, one) [pick] p = Gather (s, k)",
    ),
    "arithmetic of a body": LOOP
    % (
        ", int64[2] flat = {8, 8}, int64[2,1] b = {0, 1}, int64 m = {4}, int64[4] k = {0, 1, 2, 3}",
        "",
        "[flat] f = Reshape (s, flat) [times] bm = Mul (b, m) [plus] at = Add (bm, k) "
        "[pick] p = Gather (f, at)",
    ),
    "places of a body": LOOP
    % (", int64[2,1] k = {0, 1}", "", "[abs] q = Abs (s) [put] p = ScatterND (s, k, q)"),
    "one branch": """g (float[2,4,8] x, bool c) => (float[2,4,8] y)
        { [choice] y = If (c) <
            then_branch = a () => (float[2,4,8] r) <int64[2] k = {0, 1}>
                { [pick] r = Gather (x, k) },
            else_branch = b () => (float[2,4,8] q) { [neg] q = Neg (x) }> }""",
    "scan": """g (float[2,4,8] x) => (float[2,4,8] y) <int64[2] k = {0, 1}>
        { [scan] r = Scan <num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [1],
            body = b (float[2,8] row) => (float[2,8] o) { [pick] o = Gather (row, k) }> (x)
          [neg] y = Neg (r) }""",
}
FOR_A_BATCH = {
    "places in two axes": """g (float[2,4,2] x) => (float[2,4,2] y)
        <int64[2,2] k = {0, 3, 1, 3}, float[2,2] u = {1, 2, 1, 2}>
        { [put] y = ScatterND (x, k, u) }""",
    "places of elements": """g (float[2,4,2] x) => (float[2,4,2] y)
        <int64[2,1,2] k = {0, 3, 0, 3}, float[2,1,2] u = {1, 2, 1, 2}>
        { [put] y = ScatterElements <axis = 1> (x, k, u) }""",
    "place of the newest token": """g (float[1,4,2] x, float[1,1,2] n) => (float[1,4,2] y)
        <int64[1,1,2] k = {0, 3}> { [put] y = ScatterND (x, k, n) }""",
    "places within an item": """g (float[2,4,2] x) => (float[2,1,2] y)
        <int64[2,1,2] k = {1, 3, 1, 3}> { [pick] y = GatherElements <axis = 1> (x, k) }""",
    "rows within an item": """g (float[2,4,2] x) => (float[2,2] y)
        <int64[2,1] k = {3, 3}> { [pick] y = GatherND <batch_dims = 1> (x, k) }""",
    "rows of items": """g (float[1,4,2] x) => (float[1,2] y)
        <int64[1,2] k = {0, 3}> { [pick] y = GatherND (x, k) }""",
    "factor of an Einsum": """g (float[2,4,2] x) => (float[2,4,3] y)
        <float[2,2,3] w = {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6}>
        { [product] y = Einsum <equation = "bij, bjk -> bik"> (x, w) }""",
    "bias of a Gemm": """g (float[2,4] x) => (float[2,2] y)
        <float[4,2] w = {1, 2, 3, 4, 5, 6, 7, 8}, float[2,2] c = {1, 2, 1, 2}>
        { [product] y = Gemm (x, w, c) }""",
    "regions of the images": """g (float[2,1,8,8] x) => (float[4,1,2,2] y)
        <float[4,4] r = {0, 0, 4, 4, 1, 1, 5, 5, 0, 0, 4, 4, 1, 1, 5, 5}, int64[4] k = {0, 0, 1, 1}>
        { [crop] y = RoiAlign <output_height = 2, output_width = 2> (x, r, k) }""",
    "lengths of sequences": """g (float[2,4,2] x) => (float[2,4,2] y) <int64[2] k = {3, 3}>
        { [turn] y = ReverseSequence <batch_axis = 0, time_axis = 1> (x, k) }""",
    "lengths and states": """g (float[1,3,2] x) => (float[1,3,2] y)
        <float[1,8,2] w = {1, -1, 1, 0, 0, 1, -1, 1, 1, 0, 1, -1, 0, 1, 1, -1}, int32[1] k = {2},
         float[1,1,2] h = {1, 2}, int64[1] one = {1}>
        { [turn] s = Transpose <perm = [1, 0, 2]> (x)
          [lstm] z = LSTM <hidden_size = 2> (s, w, w, , k, h, h) [single] q = Squeeze (z, one)
          [back] y = Transpose <perm = [1, 0, 2]> (q) }""",
    "shape of an unpooling": """g (float[2,1,4,4] x) => (float[2,1,4,4] y)
        <int64[4] k = {2, 1, 4, 4}>
        { [pool] p, i = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
          [unpool] y = MaxUnpool <kernel_shape = [2, 2], strides = [2, 2]> (p, i, k) }""",
    "as many iterations as items": """g (float[2,4,8] x) => (float[2,4,8] y)
        <bool t = {1}, int64 zero = {0}>
        { [shape] sh = Shape (x) [count] n = Gather (sh, zero)
          [loop] r = Loop (n, t) <body = b (int64 i, bool c) => (bool on, float[4,8] o)
            { [on] on = Identity (c) [pick] p = Gather (x, i) [neg] o = Neg (p) }>
          [abs] y = Abs (r) }""",
    "a constant number of iterations, of a table too": """g (float[2,4,8] x) => (float[2,4,8] y)
        <bool t = {1}, int64 n = {2}, float[2,8] k = ONES>
        { [loop] y = Loop (n, t) <body = b (int64 i, bool c) => (bool on, float[4,8] o)
            { [on] on = Identity (c) [pick] p = Gather (x, i) [row] q = Gather (k, i)
              [add] o = Add (p, q) }> }""".replace("ONES", ONES),
    "as many iterations as steps": """g (float[2,2,8] x) => (float[2,2,8] z)
        <bool t = {1}, int64 n = {2}>
        { [loop] y = Loop (n, t) <body = b (int64 i, bool c) => (bool on, float[2,8] o)
            { [on] on = Identity (c) [pick] p = Gather <axis = 1> (x, i) [neg] o = Neg (p) }>
          [back] z = Transpose <perm = [1, 0, 2]> (y) }""",
    "rows of a table, one for each item": """g (float[2,4,8] x) => (float[2,4,8] y)
        <bool t = {1}, int64 zero = {0}, float[2,1] w = {3, 3}>
        { [shape] sh = Shape (x) [count] n = Gather (sh, zero)
          [loop] r = Loop (n, t) <body = b (int64 i, bool c) => (bool on, float[4,8] o)
            { [on] on = Identity (c) [same] k = Identity (i) [pick] p = Gather (x, k)
              [row] q = Gather (w, k) [times] o = Mul (p, q) }>
          [abs] y = Abs (r) }""",
    "state that gets the batch": """g (float[2,4,8] x) => (float[2,8] y)
        <bool t = {1}, int64 n = {4}, float[2,8] h0 = ONES>
        { [loop] y = Loop (n, t, h0) <body = b (int64 i, bool c, float[2,8] h) =>
            (bool on, float[2,8] o)
            { [on] on = Identity (c) [pick] p = Gather <axis = 1> (x, i)
              [add] o = Add (p, h) }> }""".replace("ONES", ONES),
    "state by way of another": """g (float[1,4,8] x) => (float[1,8] y)
        <bool t = {1}, int64 n = {4}, float[1,8] h0 = {1, 2, 3, 4, 5, 6, 7, 8},
         float[1,8] k0 = {1, 2, 3, 4, 5, 6, 7, 8}>
        { [loop] y, z = Loop (n, t, h0, k0) <body = b (int64 i, bool c, float[1,8] h, float[1,8] k)
            => (bool on, float[1,8] o, float[1,8] l)
            { [on] on = Identity (c) [pick] p = Gather <axis = 1> (x, i) [tanh] q = Tanh (h)
              [add] l = Add (q, k) [add2] o = Add (p, l) }> }""",
    "state that is called as a value of the graph": """g (float[2,4] x) => (float[2,6] y)
        <bool t = {1}, int64 n = {2}, float[3] z = {1, 2, 3}, float[2,2] k = {1, 2, 1, 2}>
        { [abs] s = Abs (x)
          [loop] r = Loop (n, t, z) <body = b (int64 i, bool c, float[3] s) =>
            (bool on, float[3] o) { [on] on = Identity (c) [neg] o = Neg (s) }>
          [cat] y = Concat <axis = 1> (s, k) }""",
    "state of a scan": """g (float[2,4,8] x) => (float[2,8] y)
        <float[2,8] h0 = ONES>
        { [scan] y, rows = Scan <num_scan_inputs = 1, scan_input_axes = [1],
            body = b (float[2,8] h, float[2,8] row) => (float[2,8] o, float[2,8] r)
            { [add] o = Add (h, row) [same] r = Identity (o) }> (h0, x) }""".replace("ONES", ONES),
    "rows that grow": """g (float[2,4,8] x) => (float[2,a,8] y)
        <bool t = {1}, int64 n = {3}, float[1,1,8] k = {1, 2, 3, 4, 5, 6, 7, 8}>
        { [loop] y = Loop (n, t, x) <body = b (int64 i, bool c, float[2,v,8] s) =>
            (bool on, float[2,w,8] r)
            { [on] on = Identity (c) [two] d = Concat <axis = 0> (k, k)
              [cat] r = Concat <axis = 1> (s, d) }> }""",
    "beside a branch that does not fit": """g (float[2,4,8] x, bool c) => (float[a,b,8] y)
        <int64[2] k = {0, 1}, int64[2] m = {0, 1}>
        { [choice] y = If (c) <
            then_branch = yes () => (float[2,4,8] r) { [pick] r = Gather (x, k) },
            else_branch = no () => (float[2,4,8] q) { [part] q = Gather <axis = 1> (x, m) }> }""",
}
LOST = {
    "another order in a branch": (
        """g (float[2,4,8] x, bool c) => (float[2,4,8] y)
        { [choice] y = If (c) <
            then_branch = a () => (float[2,4,8] r) { [neg] r = Neg (x) },
            else_branch = b () => (float[2,4,8] q) <int64[2] k = {1, 0}>
                { [swap] q = Gather (x, k) }> }""",
        "swap' (Gather), which gives 2x4x8 at batch 2",
    ),
    "a sum over as many iterations": (
        """g (float[2,4,8] x) => (float[4,8] y, float[2,4,8] z)
        <bool t = {1}, int64 n = {2}, float[4,8] s = ONES>
        { [same] z = Identity (x)
          [loop] y = Loop (n, t, s) <body = b (int64 i, bool c, float[4,8] h) =>
            (bool on, float[4,8] o)
            { [on] on = Identity (c) [pick] p = Gather (x, i) [add] o = Add (p, h) }> }""".replace(
            "ONES", ONES.replace("}", f", {ONES[1:]}")
        ),
        "pick' (Gather), which gives 4x8 at batch 2",
    ),
    "a Loop over items of a longer table": (
        """g (float[2,4,8] x) => (float[2,4,8] y)
        <bool t = {1}, int64 zero = {0}, float[3,1] w = {1, 2, 3}>
        { [shape] sh = Shape (x) [count] n = Gather (sh, zero)
          [loop] r = Loop (n, t) <body = b (int64 i, bool c) => (bool on, float[4,8] o)
            { [on] on = Identity (c) [pick] p = Gather (x, i) [row] q = Gather (w, i)
              [times] o = Mul (p, q) }>
          [abs] y = Abs (r) }""",
        "row' (Gather), which gives 1 at batch 2",
    ),
    "a condition for each item": (
        """g (float[2,4] x) => (float[1,4] y) <bool[2] k = {1, 0}>
        { [pick] y = Compress <axis = 0> (x, k) }""",
        "pick' (Compress)",
    ),
    "regions of one image": (
        """g (float[2,1,8,8] x) => (float[2,1,2,2] y)
        <float[2,4] r = {0, 0, 4, 4, 1, 1, 5, 5}, int64[2] k = {1, 1}>
        { [crop] y = RoiAlign <output_height = 2, output_width = 2> (x, r, k) }""",
        "crop' (RoiAlign), which gives 2x1x2x2 at batch 2",
    ),
    "places of one item": (
        """g (float[2,4,2] x) => (float[2,4,2] y)
        <int64[1,2] k = {1, 3}, float[1,2] u = {1, 2}> { [put] y = ScatterND (x, k, u) }""",
        "put' (ScatterND), which gives 2x4x2 at batch 2",
    ),
}


def others(model: Model) -> dict[str, np.ndarray]:
    """The inputs beside ``x``: a flag, or rows that are the same for every item."""
    return {
        value.name: np.array(True) if value.name == "c" else np.full(value.shape, 0.5, np.float32)
        for value in model_inputs(model)
        if value.name != "x"
    }


@pytest.mark.parametrize("name", [*COUNTED, *FOR_A_BATCH])
def test_every_item_of_another_batch_gets_what_it_gets_alone(name: str) -> None:
    model = model_of(HEAD + {**COUNTED, **FOR_A_BATCH}[name])
    whole, wanted = items(model, more=others(model))
    batched = with_shapes(model, 4)
    found = run(batched, {"x": whole, **others(batched)})[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", COUNTED)
def test_one_graph_counts_every_batch_of_a_range(name: str) -> None:
    model = model_of(HEAD + COUNTED[name])
    whole, wanted = items(model, more=others(model))
    ranged = for_a_range(model)
    assert model_outputs(ranged)[0].name == "y"
    for batch in (1, 3, 4):
        found = run_open(ranged, {"x": whole[:batch], **others(model)})
        np.testing.assert_allclose(found, wanted[:batch], rtol=1e-5, atol=1e-6)


def test_places_in_two_axes_take_no_range() -> None:
    with pytest.raises(ModelError) as error:
        for_a_range(model_of(HEAD + FOR_A_BATCH["places in two axes"]))
    assert str(error.value) == (
        "g: node 'put' (ScatterND) holds one batch, and takes no range of them: give one shape per "
        "input with shapes"
    )


@pytest.mark.parametrize("name", LOST)
def test_what_counts_otherwise_is_refused(name: str) -> None:
    text, where = LOST[name]
    with pytest.raises(ModelError) as error:
        with_shapes(model_of(HEAD + text), 4)
    dims = model_inputs(model_of(HEAD + text))[0].shape
    wanted, given = ("x".join(map(str, (one, *dims[1:]))) for one in (4, 2))
    assert str(error.value) == (
        f"g does not fit input 'x' as {wanted} (the model says {given}): the batch is lost in node "
        f"'{where}: export the model with an open batch, or with batch 4"
    )
