"""What flows between layers: by tensors, by the model's nodes, or only their order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_made_profiles import chain, make_profile
from networks import measured

from trtcore.report.content.engine_graph import Edge, EdgeSource, engine_graph
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.layers import Layer, TensorInfo


def layer(name: str, reads: str, writes: str, *nodes: str, kind: str = "kgen") -> Layer:
    """A layer with tensors of one letter each."""
    ins, outs = (tuple(TensorInfo(t, (1,), "Half") for t in side) for side in (reads, writes))
    return Layer(name, kind, nodes, inputs=ins, outputs=outs)


def graph_of(*layers: Layer, nodes: str = "") -> tuple[EdgeSource, list[tuple[int, int, str]]]:
    times = np.ones((1, len(layers)), np.float32)
    graph = engine_graph(Analysis(make_profile(layers, times, chain(*nodes) if nodes else ())))
    return graph.source, [tuple(edge) for edge in graph.edges]


def test_a_concatenation_in_place_has_all_its_writers() -> None:
    assert graph_of(
        layer("a", "x", "t"), layer("b", "x", "t"), layer("c", "t", "y"), layer("d", "t", "z")
    ) == (EdgeSource.TENSORS, [(0, 2, "t"), (1, 2, "t"), (0, 3, "t"), (1, 3, "t")])


def test_a_tensor_that_is_written_again_is_a_new_one() -> None:
    assert graph_of(
        layer("a", "x", "t"), layer("b", "t", "t"), layer("c", "t", "t"), layer("d", "t", "y")
    ) == (EdgeSource.TENSORS, [(0, 1, "t"), (1, 2, "t"), (2, 3, "t")])


def test_a_loop_carries_a_tensor_around() -> None:
    assert graph_of(layer("a", "tu", "v"), layer("b", "v", "t")) == (
        EdgeSource.TENSORS,
        [(1, 0, "t"), (0, 1, "v")],
    )


def test_stream_sync_layers_are_left_out() -> None:
    profile = make_profile(
        (layer("a", "x", "t"), Layer("w", "wait"), layer("b", "t", "y")),
        np.ones((1, 3), np.float32),
        (),
    )
    graph = engine_graph(Analysis(profile))
    assert (graph.layers, graph.edges) == ((0, 2), (Edge(0, 2, "t"),))


def test_layers_without_tensors_go_by_their_nodes_or_their_order() -> None:
    layers = layer("1", "", "", "a"), layer("2", "", "", "b"), layer("3", "", "", "c")
    assert graph_of(*layers, nodes="abc")[0] is EdgeSource.NODES
    assert [edge[:2] for edge in graph_of(*layers, nodes="abc")[1]] == [(0, 1), (1, 2)]
    bare = [replace(one, nodes=()) for one in layers]
    assert graph_of(*bare) == (EdgeSource.ORDER, [(0, 1, ""), (1, 2, "")])


@pytest.mark.parametrize("name", ["swin_t", "resnet50"])
def test_real_engines_flow_forward_from_one_beginning_to_the_end(name: str) -> None:
    graph = engine_graph(Analysis(measured(name)))
    assert graph.source is EdgeSource.TENSORS
    assert all(edge.start < edge.end for edge in graph.edges)
    reached = {graph.layers[0]}
    for edge in sorted(graph.edges, key=lambda edge: edge.end):
        if edge.start in reached:
            reached.add(edge.end)
    assert graph.layers[-1] in reached
