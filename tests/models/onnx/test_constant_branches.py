"""Branches that are never taken and do not fit: taken out where the condition is known."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import parser
from precision_models import run

from trtcore.errors import ModelError
from trtcore.measure.nodes.onnxruntime.profile import run_model
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import serialized
from trtcore.models.onnx.walk import walk_nodes

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
# PyTorch's squeeze of an axis that has another length than 1.
SQUEEZE = """g (float[1,N,2] x) => (float[a,b,c] y) <int64 one = {1}, int64 place = {1}>
    { [shape] sh = Shape (x) [pick] n = Gather (sh, place) [same] c = Equal (n, one)
      [choice] r = If (c) <
        then_branch = yes () => (float[p,q] s)
            { [ax] ax = Constant <value = int64[1] {1}> () [dead] s = Squeeze (x, ax) },
        else_branch = no () => (float[p,q,r] t) { [live] t = Identity (x) }>
      [neg] y = Neg (r) }"""
PRODUCT = """g (float[1,4] x) => (float[a,b] y) <bool c = {1}, float[3,3] w = {1,2,3,4,5,6,7,8,9}>
    { [first] f = Abs (x)
      [choice] r = If (c) <
        then_branch = yes () => (float[a,b] y) <float[4] w2 = {1,2,3,4}>
            { [own] r = Mul (f, w2) [more] y = Neg (r) },
        else_branch = no () => (float[a,b] t) { [dead] t = MatMul (f, w) }>
      [out] y = Relu (r) }"""

LOOP = """g (float[1,4] x) => (float[a,b] y)
    <bool c = {1}, int64 two = {2}, float[3,3] w = {1,2,3,4,5,6,7,8,9}>
    { [choice] r = If (c) <
        then_branch = yes () => (float[a,b] z)
            { [own] s = Abs (x)
              [loop] z = Loop (two, c, s) <body = b (int64 i, bool k, float[1,4] s)
                => (bool on, float[1,4] o) { [on] on = Identity (k) [twice] o = Add (s, s) }> },
        else_branch = no () => (float[a,b] t) { [dead] t = MatMul (x, w) }>
      [out] y = Relu (r) }"""


def rows(model: Model) -> list[str]:
    return [f"{node.name} {node.op_type}" for node in walk_nodes(model.proto.graph)]


def refuses(model: Model) -> bool:
    """Whether ONNX Runtime does not load a graph."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        onnxruntime.InferenceSession(serialized(model), options)
    except Exception:  # its exceptions have no common base
        return True
    return False


def test_a_condition_of_shapes() -> None:
    model = load_model(parser.parse_model(HEAD + SQUEEZE), shapes={"x": (1, 4, 2)})
    assert rows(model) == [
        "shape Shape",
        "pick Gather",
        "same Equal",
        "choice/else/live Identity",
        "neg Neg",
    ]
    assert model.notes == (
        "node 'choice' (If): its condition is always false, so that its else branch stands in its "
        "place",
    )
    x = np.arange(8, dtype=np.float32).reshape(1, 4, 2)
    np.testing.assert_array_equal(run(model, {"x": x})[0], -x)


def test_several_are_noted_by_the_first() -> None:
    """Two of the net above, in a row."""
    again = """[choice2] r2 = If (c) <
        then_branch = yes2 () => (float[p,q] s2)
            { [ax2] ax2 = Constant <value = int64[1] {1}> () [dead2] s2 = Squeeze (r, ax2) },
        else_branch = no2 () => (float[p,q,r] t2) { [live2] t2 = Identity (r) }>
      [neg] y = Neg (r2)"""
    text = SQUEEZE.replace("[neg] y = Neg (r)", again)
    model = load_model(parser.parse_model(HEAD + text), shapes={"x": (1, 4, 2)})
    assert model.notes == (
        "node 'choice' (If): its condition is always false, so that its else branch stands in its "
        "place; 1 more node like it",
    )


def test_an_if_that_fits_is_left_as_it_is() -> None:
    model = load_model(parser.parse_model(HEAD + SQUEEZE), shapes={"x": (1, 1, 2)})
    assert "choice If" in rows(model)
    x = np.arange(2, dtype=np.float32).reshape(1, 1, 2)
    np.testing.assert_array_equal(run(model, {"x": x})[0], -x[0])


def test_a_body_in_a_branch_whose_names_are_those_of_the_branch() -> None:
    """The loop calls its state as the branch calls what it begins with: s."""
    model = load_model(parser.parse_model(HEAD + LOOP))
    assert rows(model)[:3] == ["choice/then/own Abs", "choice/then/loop Loop", "on Identity"]
    x = np.array([[1, -2, 3, -4]], np.float32)
    np.testing.assert_array_equal(run(model, {"x": x})[0], [[4, 8, 12, 16]])


def test_a_branch_whose_names_are_those_around_it() -> None:
    """The branch calls its values what the graph calls others: r, and y."""
    model = load_model(parser.parse_model(HEAD + PRODUCT))
    assert rows(model) == [
        "first Abs",
        "choice/then/own Mul",
        "choice/then/more Neg",
        "out Relu",
    ]
    x = np.array([[1, -2, 3, -4]], np.float32)
    np.testing.assert_array_equal(run(model, {"x": -x})[0], np.zeros((1, 4)))
    own = model.proto.graph.node[1]
    assert list(own.output) == ["choice/r"]


def test_a_result_that_is_a_value_of_the_graph_and_one_that_is_there_twice() -> None:
    text = """g (float[1,4] x) => (float[a,b] y, float[1,4] z, float[1,4] v)
        <bool c = {0}, float[3,3] w = {1,2,3,4,5,6,7,8,9}>
        { [choice] y, z, v = If (c) <
            then_branch = yes () => (float[a,b] t, float[1,4] t2, float[1,4] t3)
                { [dead] t = MatMul (x, w) [d2] t2 = Neg (x) [d3] t3 = Neg (x) },
            else_branch = no () => (float[1,4] s, float[1,4] s, float[1,4] k)
                <float[1,4] k = {1, 2, 3, 4}> { [neg] s = Neg (x) }> }"""
    model = load_model(parser.parse_model(HEAD + text))
    assert [row.split()[1] for row in rows(model)] == ["Neg", "Identity", "Identity"]
    x = np.array([[1, -2, 3, -4]], np.float32)
    found = run_model(model, {"x": x}, threads=1)
    np.testing.assert_array_equal(found["y"], -x)
    np.testing.assert_array_equal(found["z"], -x)
    np.testing.assert_array_equal(found["v"], [[1, 2, 3, 4]])


def test_one_condition_after_another() -> None:
    inner = SQUEEZE.replace(
        "[neg] y = Neg (r)",
        """[shape2] sh2 = Shape (r)
      [pick2] n2 = Gather (sh2, place) [same2] c2 = Equal (n2, one)
      [again] q = If (c2) <
        then_branch = yes2 () => (float[p,q] s2)
            { [ax2] ax2 = Constant <value = int64[1] {1}> () [dead2] s2 = Squeeze (r, ax2) },
        else_branch = no2 () => (float[p,q,r] t2) { [live2] t2 = Abs (r) }>
      [neg] y = Neg (q)""",
    )
    model = load_model(parser.parse_model(HEAD + inner), shapes={"x": (1, 4, 2)})
    assert [row for row in rows(model) if "/" in row] == [
        "choice/else/live Identity",
        "again/else/live2 Abs",
    ]


def test_a_condition_that_only_a_run_knows() -> None:
    text = PRODUCT.replace("(float[1,4] x)", "(float[1,4] x, bool c)").replace("bool c = {1}, ", "")
    model = load_model(parser.parse_model(HEAD + text))
    assert "choice If" in rows(model)
    assert refuses(model)
    with pytest.raises(ModelError) as error:
        run_model(model, {"x": np.zeros((1, 4), np.float32), "c": np.array(True)}, threads=1)
    assert str(error.value) == (
        "g: ONNX Runtime: Node (choice) Op (If) [TypeInferenceError] Graph attribute inferencing "
        "failed: Node (dead) Op (MatMul) [ShapeInferenceError] Incompatible dimensions for matrix "
        "multiplication"
    )


def test_a_range_over_which_the_branch_changes() -> None:
    proto = parser.parse_model(HEAD + SQUEEZE)
    with pytest.raises(ModelError) as error:
        load_model(proto, shapes={"x": ((1, 1, 2), (1, 4, 2), (1, 8, 2))})
    assert str(error.value) == (
        "g: node 'choice' (If) takes another branch at another shape of the range, and one of them "
        "does not fit: give one shape per input with shapes"
    )
    model = load_model(proto, shapes={"x": ((1, 2, 2), (1, 4, 2), (1, 8, 2))})
    assert "choice/else/live Identity" in rows(model)
