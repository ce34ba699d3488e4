"""Names and places in a graph that is being changed."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import GraphProto, helper, numpy_helper, parser

from trtcore.models.onnx.graph_editor import Editor

# A node in a branch, and a constant.
TEXT = """
net (float[2] x, bool c) => (float[2] y) <float[2] one = {1.0, 1.0}>
{ [first] a = Relu (x)
  [choice] b = If (c) <
    then_branch = g () => (float[2] t) { [inner] t = Neg (a) },
    else_branch = h () => (float[2] e) { [other] e = Abs (a) } >
  [last] y = Add (b, one) }
"""


@pytest.fixture
def graph() -> GraphProto:
    return parser.parse_graph(TEXT)


def test_nodes_are_found_in_the_graph_and_in_its_bodies(graph: GraphProto) -> None:
    editor = Editor(graph)
    places = {name: editor.place_of(name) for name in ("first", "last", "inner", "other")}
    assert {name: (where.name, place) for name, (where, place) in places.items()} == {
        "first": ("net", 0),
        "last": ("net", 2),
        "inner": ("g", 0),
        "other": ("h", 0),
    }
    with pytest.raises(KeyError):
        editor.place_of("none")


def test_places_follow_what_is_put_in(graph: GraphProto) -> None:
    editor = Editor(graph)
    editor.insert(graph, 0, helper.make_node("Relu", ["x"], ["new"], name="added"))
    branch, place = editor.place_of("inner")
    editor.insert(branch, place, helper.make_node("Relu", ["a"], ["r"], name="in a branch"))
    for name in ("added", "first", "last", "inner", "in a branch"):
        holder, place = editor.place_of(name)
        assert holder.node[place].name == name


def test_a_name_is_free_where_nothing_in_the_graph_has_it(graph: GraphProto) -> None:
    editor = Editor(graph)
    assert [editor.free_name(name) for name in ("x", "one", "a", "inner", "t", "z")] == [
        "x_2",
        "one_2",
        "a_2",
        "inner_2",
        "t_2",
        "z",
    ]
    editor.put_constant(numpy_helper.from_array(np.ones(2), "z"))
    editor.insert(graph, 0, helper.make_node("Relu", ["x"], ["z_2"], name="n"))
    assert editor.free_name("z") == "z_3"


def test_names_of_what_was_taken_out_are_free_once_it_looks_again(graph: GraphProto) -> None:
    editor = Editor(graph)
    del graph.initializer[:]
    assert editor.free_name("one") == "one_2"
    editor.look_again()
    assert editor.free_name("one") == "one"
