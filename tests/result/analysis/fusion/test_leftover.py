"""Nodes that no layer names: placed where only one place is possible, else left unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from trtcore.result.analysis.fusion import leftover
from trtcore.result.analysis.fusion.groups import FusionMap, map_fusion
from trtcore.result.analysis.fusion.reasons import Reason
from trtcore.result.analysis.fusion.sides import Sides, find_sides
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import IOTensor, Layer, ModelNode, ModelRecord, TensorInfo
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.system.records import Environment

X, Y = IOTensor("x", (1,), "Half"), IOTensor("y", (1,), "Half", mode="output")


def node(text: str) -> ModelNode:
    """``Op:name < read, read``; the node writes a tensor of its name."""
    what, _, reads = text.partition(" < ")
    op, name = what.split(":")
    return ModelNode(name, op, tuple(reads.split(", ")), (name,))


def layer(text: str, *nodes: str) -> Layer:
    """``name < read, read > written, written`` with the model nodes it names."""
    name, _, rest = text.partition(" < ")
    read, _, written = rest.partition(" > ")
    inputs, outputs = (
        tuple(TensorInfo(t, (1,), "Half") for t in part.split(", ") if t)
        for part in (read, written)
    )
    return Layer(name, "kgen", nodes, inputs=inputs, outputs=outputs)


def fusion_of(nodes: Sequence[str], layers: list[Layer]) -> FusionMap:
    return map_fusion(
        Profile(
            model=ModelRecord("net", "net.onnx", nodes=tuple(map(node, nodes))),
            backend="tensorrt",
            precision="fp16",
            batch=1,
            method="by hand",
            io=(X, Y),
            layers=tuple(layers),
            samples=Samples(np.ones((1, len(layers)), np.float32), np.empty(0, np.float32)),
            counts=Counts(1, 0, 1),
            environment=Environment("", "", "", "", "", ""),
        )
    )


class TestKernelNames:
    NODES = ("Conv:a < x, w", "Relu:r < a", "Conv:y < r, v")

    def relu(self, first: str, second: str) -> FusionMap:
        layers = [layer(f"{first} < x > t", "a"), layer(f"{second} < t > y", "y")]
        return fusion_of(self.NODES, layers)

    @pytest.mark.parametrize(
        ("first", "second", "nodes"),
        [
            ("__myl_FcAddRelu_myl0_0", "y_myl0_1", ("a", "r")),
            ("__myl_FcAddRelu_myl0_0", "__myl_FcAdd_myl0_1", ("a", "r")),
            ("__myl_FcAdd_myl0_0", "__myl_ReluFc_myl0_1", ("r", "y")),
        ],
    )
    def test_one_layer_lists_it(self, first, second, nodes):
        fusion = self.relu(first, second)
        assert fusion.group_of["r"].nodes == nodes
        assert fusion.reasons["r"] is Reason.IN_KERNEL_NAME

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("__myl_FcAdd_myl0_0", "y_myl0_1"),
            ("a_myl0_0", "y_myl0_1"),
            ("__myl_FcRelu_myl0_0", "__myl_ReluFc_myl0_1"),
            ("MyFcAddRelu", "y_myl0_1"),
        ],
    )
    def test_none_or_two_list_it(self, first, second):
        fusion = self.relu(first, second)
        assert fusion.unknown == ("r",)
        assert fusion.reasons["r"] is Reason.AMBIGUOUS

    def test_what_the_layer_has_already_is_not_counted_twice(self):
        nodes = ["Conv:a < x, w", "Relu:own < a", "Relu:r < own", "Conv:y < r, v"]
        named = layer("__myl_FcRelu_myl0_0 < x > t", "a", "own")
        other = layer("y_myl0_1 < t > y", "y")
        assert fusion_of(nodes, [named, other]).unknown == ("r",)
        twice = layer("__myl_FcReluRelu_myl0_0 < x > t", "a", "own")
        assert fusion_of(nodes, [twice, other]).group_of["r"].layers == (0,)

    def test_two_nodes_share_one_word(self):
        nodes = ["Conv:a < x, w", "Relu:r < a", "Relu:s < r", "Conv:y < s, v"]
        fusion = fusion_of(
            nodes, [layer("__myl_FcRelu_myl0_0 < x > t", "a"), layer("k < t > y", "y")]
        )
        assert fusion.group_of["r"].nodes == ("a", "r")
        assert fusion.unknown == ("s",)


class TestInsideOneGroup:
    NODES = ("Conv:a < x, w", "Pad:p < a, amounts", "Sin:s < p", "Conv:y < s, v")

    def test_between_nodes_of_one_layer(self):
        fusion = fusion_of(self.NODES, [layer("k < x > y", "a", "y")])
        assert fusion.group_of["p"].nodes == ("a", "p", "s", "y")
        assert fusion.reasons["s"] is Reason.INSIDE_GROUP

    def test_a_second_way_out(self):
        fusion = fusion_of(
            [*self.NODES, "Conv:z < s, u", "Add:w2 < z, y"],
            [layer("k < x > t, y", "a", "y"), layer("l < t, y > o", "z", "w2")],
        )
        assert fusion.unknown == ("p", "s")
        assert {fusion.reasons[n] for n in "ps"} == {Reason.AMBIGUOUS}

    def test_an_input_of_the_network_comes_in(self):
        nodes = ["Conv:a < x, w", "Add:s < a, x", "Conv:y < s, v"]
        fusion = fusion_of(nodes, [layer("k < x > y", "a", "y")])
        assert fusion.unknown == ("s",)

    def test_a_layer_that_nothing_is_known_about_could_have_run_it(self):
        known = layer("k", "a", "y")
        assert fusion_of(self.NODES, [known, Layer("stranger")]).unknown == ("p", "s")
        far = layer("far < other > another")
        assert fusion_of(self.NODES, [layer("k < x > y", "a", "y"), far]).unknown == ()


class TestSameProduct:
    NODES = (
        "Relu:x0 < x",
        "MatMul:q < x0, wq",
        "MatMul:k < x0, wk",
        "Add:qa < q, bq",
        "Add:ka < k, bk",
        "Mul:y < qa, ka",
    )

    def layers(self, reads: str, written: str = "t1") -> list[Layer]:
        return [
            layer("first < x > t0", "x0"),
            layer(f"gemm < t0 > {written}", "q"),
            layer("one < t1 > t2", "qa"),
            layer(f"two < {reads} > t3", "ka"),
            layer("last < t2, t3 > y", "y"),
        ]

    def test_its_reader_has_nothing_else(self):
        fusion = fusion_of(self.NODES, self.layers("t1, weights"))
        assert fusion.group_of["k"].nodes == ("q", "k")
        assert fusion.reasons["k"] is Reason.SAME_PRODUCT

    @pytest.mark.parametrize("reads", ["t0", "t0, t1", "", "elsewhere"])
    def test_its_reader_could_run_it(self, reads):
        assert fusion_of(self.NODES, self.layers(reads)).unknown == ("k",)

    def test_another_operator_or_other_data(self):
        sub = [*self.NODES[:2], "Gemm:k < x0, wk", *self.NODES[3:]]
        assert fusion_of(sub, self.layers("t1")).unknown == ("k",)
        data = [*self.NODES[:2], "MatMul:k < x, wk", *self.NODES[3:]]
        assert fusion_of(data, self.layers("t1")).unknown == ("k",)


class TestFirstReader:
    """What lies before it goes to the layers that need it, as a mask to every attention."""

    NODES = (
        "Gather:g < x, i",
        "Relu:a < x",
        "And:m < g, c",
        "Add:b < a, m",
        "Add:y < b, m",
    )

    def layers(self, mask: str = "g.1_myl0", reads: str = "g.1_myl0") -> list[Layer]:
        return [
            layer(f"mask < x > {mask}", "g"),
            layer("act < x > t1", "a"),
            layer(f"one < t1, {reads} > t2", "b"),
            layer("two < t2, g.1_myl0 > y", "y"),
        ]

    def test_of_two_that_read_the_same(self):
        fusion = fusion_of(self.NODES, self.layers())
        assert fusion.reasons["m"] is Reason.IN_FIRST_READER
        assert fusion.group_of["m"].layers == (2,)
        assert fusion.group_of["m"].nodes == ("m", "b")

    @pytest.mark.parametrize("tensor", ["m.1_myl0", "__mye77_myl0", "g.1_myl0, __mye77_myl0"])
    def test_the_layer_before_may_hand_it_out(self, tensor):
        fusion = fusion_of(self.NODES, self.layers(mask=tensor))
        assert fusion.reasons["m"] is Reason.AMBIGUOUS

    def test_the_first_reader_does_not_read_what_it_is_made_of(self):
        assert fusion_of(self.NODES, self.layers(reads="elsewhere")).unknown == ("m",)

    @pytest.mark.parametrize("between", [("between < g.1_myl0 > t9", "s"), ("between",)])
    def test_a_third_layer_could_have_run_it(self, between):
        layers = self.layers(reads="g.1_myl0, t9")
        layers.insert(1, layer(*between))
        nodes = [*self.NODES, "Sin:s < g", "Cos:z < s"]
        assert fusion_of(nodes, layers).reasons["m"] is Reason.AMBIGUOUS

    def test_an_input_of_the_network_comes_in(self):
        nodes = [*self.NODES[:2], "And:m < g, x", *self.NODES[3:]]
        assert fusion_of(nodes, self.layers()).reasons["m"] is Reason.AMBIGUOUS


class TestFactors:
    """A scaling of queries or keys between a product and attention."""

    NODES = ("MatMul:q < x, w", "Transpose:t < q", "Mul:s < t, root", "MatMul:y < s, v")
    LAYERS = (("gemm < x > t1", "q"), ("mha < t1 > y", "y"))

    def scaled(self, nodes: Sequence[str], layers: Sequence[tuple[str, ...]] = LAYERS) -> FusionMap:
        return fusion_of(nodes, [layer(*one) for one in layers])

    def test_of_what_goes_straight_to_the_next_layer(self):
        fusion = self.scaled(self.NODES)
        assert fusion.unknown == ()
        assert fusion.reasons["s"] is Reason.SCALED_BY_NEIGHBOURS
        assert fusion.reasons["t"] is Reason.MOVED_BY_NEIGHBOURS
        assert fusion.eliminated == ("t", "s")

    def test_two_in_a_row_and_a_product_on_one_side_only(self):
        nodes = ["MatMul:q < x, w", "Div:r < q, two", "Mul:s < root, r", "Softmax:y < s"]
        assert self.scaled(nodes).eliminated == ("r", "s")

    @pytest.mark.parametrize(
        "between",
        [
            "Mul:s < t, t",
            "Mul:s < t, x",
            "Div:s < root, t",
            "Add:s < t, root",
            "Pow:s < t, root",
        ],
    )
    def test_other_work_is_no_factor(self, between):
        fusion = self.scaled([*self.NODES[:2], between, self.NODES[3]])
        assert {fusion.reasons[n] for n in "ts"} == {Reason.AMBIGUOUS}

    def test_no_side_has_products_only(self):
        nodes = ["Relu:q < x", *self.NODES[1:3], "Softmax:u < s", "MatMul:y < s, u"]
        layers = [self.LAYERS[0], ("mha < t1 > y", "u", "y")]
        assert self.scaled(nodes, layers).unknown == ("t", "s")

    @pytest.mark.parametrize("third", ["third < t1 > t2", "third"])
    def test_a_third_layer_could_have_run_it(self, third):
        nodes = [*self.NODES, "Sin:far < x"]
        layers = [self.LAYERS[0], (third, *(["far"] * ("<" in third))), ("mha < t2 > y", "y")]
        assert "s" in self.scaled(nodes, layers).unknown


class TestEliminated:
    def test_moves_need_known_layers_on_their_ways(self):
        nodes = ["Conv:a < x, w", "Transpose:t < a", "Sin:s < t", "Transpose:u < s", "Conv:y < u"]
        layers = [layer("k < x > t1", "a"), layer("l < t1 > y", "y")]
        fusion = fusion_of(nodes, layers)
        assert fusion.unknown == ("t", "s", "u")
        fusion = fusion_of([nodes[0], nodes[1], "Conv:y < t"], layers)
        assert fusion.reasons["t"] is Reason.MOVED_BY_NEIGHBOURS

    def test_gather_moves_only_by_known_indices(self):
        layers = [layer("k < x > t1", "a"), layer("l < t1 > y", "y")]
        known = fusion_of(["Conv:a < x, w", "Gather:g < a, i", "Conv:y < g"], layers)
        assert known.reasons["g"] is Reason.MOVED_BY_NEIGHBOURS
        computed = fusion_of(["Conv:a < x, w", "Gather:g < w, a", "Conv:y < g"], layers)
        assert computed.reasons["g"] is Reason.AMBIGUOUS

    def test_what_no_output_needs(self):
        fusion = fusion_of(["Conv:y < x, w", "Sin:s < y", "Cos:c < s"], [layer("k < x > y", "y")])
        assert fusion.eliminated == ("s", "c")
        assert {fusion.reasons[n] for n in "sc"} == {Reason.DEAD}


def test_a_buffer_called_after_a_later_tensor_tells_nothing():
    nodes = ["Conv:a < x, w", "Conv:b < a, v", "Relu:y < b"]
    fusion = fusion_of(nodes, [layer("k1 < x > y.1_33_myl0"), layer("k2 < y.1_33_myl0 > y.1_myl0")])
    assert "y" not in fusion.group_of
    assert fusion.reasons["y"] is Reason.NO_LAYER


def test_thousands_of_unmapped_nodes_do_not_look_for_each_other(monkeypatch):
    """As where a plan names one layer's nodes of hundreds: it took minutes."""
    walks = 0

    def counted(*walked: Any) -> Sides:
        nonlocal walks
        walks += 1
        return find_sides(*walked)

    monkeypatch.setattr(leftover, "find_sides", counted)
    nodes = ["Relu:n0 < x", *(f"Relu:n{i} < n{i - 1}" for i in range(1, 60))]
    fusion = fusion_of(nodes, [layer("last", "n59")])
    assert {fusion.reasons[f"n{i}"] for i in range(59)} == {Reason.AMBIGUOUS}
    assert walks < 10 * len(nodes)
