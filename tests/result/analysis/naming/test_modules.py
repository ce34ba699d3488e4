"""Module paths of exported names, and the short names made of them."""

from __future__ import annotations

import onnx
import pytest
from networks import measured
from onnx import TensorProto, helper

from trtcore.models.load import load_model
from trtcore.models.onnx.graph import model_nodes
from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.fusion.groups import map_fusion, model_graph
from trtcore.result.analysis.naming.modules import (
    ShortPaths,
    block_of,
    common_path,
    has_module,
    module_path,
    path_text,
)
from trtcore.result.analysis.naming.short_names import LONGEST, ShortNames, distinct
from trtcore.result.records.layers import ModelNode


def named(name: str, module: str = "") -> ModelNode:
    return ModelNode(name, "Conv", (), (), module)


@pytest.mark.parametrize(
    ("node", "path", "tells"),
    [
        (
            named("/encoder/layers/encoder_layer_0/mlp/mlp.0/MatMul"),
            ("encoder", "layers", "encoder_layer_0", "mlp", "mlp.0"),
            True,
        ),
        (
            named("/m/encoder/layer.11/attention/Add"),
            ("m", "encoder", "layer.11", "attention"),
            True,
        ),
        (named("/Concat"), (), True),
        (named("inception_3a/3x3"), ("inception_3a",), False),
        (named("res2a_branch1"), (), False),
        (named("node_conv2d_3"), (), False),
        (named("node_conv2d_3", "layer1/layer1.0"), ("layer1", "layer1.0"), True),
        (named("/"), (), True),
        (named(""), (), False),
    ],
)
def test_module_path(node, path, tells):
    assert module_path(node) == path
    assert has_module(node) is tells


@pytest.mark.parametrize(
    ("name", "depth", "block"),
    [
        ("/features/features.3/features.3.0/block/Mul", 1, ("features",)),
        (
            "/features/features.3/features.3.0/block/Mul",
            3,
            ("features", "features.3", "features.3.0"),
        ),
        ("/features/Mul", 3, ("features",)),
        ("/Concat", 2, ("Concat",)),
        ("prob", 1, ("prob",)),
        ("/", 1, ("/",)),
    ],
)
def test_block_of(name, depth, block):
    assert block_of(named(name), depth) == block


@pytest.mark.parametrize(
    ("paths", "common"),
    [
        ([], ()),
        ([("a", "b")], ("a", "b")),
        ([("a", "b"), ("a", "c"), ("a", "b", "d")], ("a",)),
        ([("a",), ()], ()),
        ([("a", "b"), ("a", "bc")], ("a",)),
    ],
)
def test_common_path(paths, common):
    assert common_path(paths) == common


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("features", "features.3", "features.3.0", "block", "block.2"), "features.3.0/block.2"),
        (("layer1", "layer10"), "layer1/layer10"),
        (("m", "encoder"), "m/encoder"),
    ],
)
def test_path_text(path, text):
    assert path_text(path) == text


def test_outer_modules_that_say_nothing():
    paths = ShortPaths(
        [
            ("m", "encoder", "layer.0", "attention", "self"),
            ("m", "encoder", "layer.1", "attention", "self"),
            ("m", "pooler", "self"),
        ]
    )
    assert paths.text(("m", "encoder", "layer.1", "attention", "self")) == "layer.1/attention/self"
    assert paths.text(("m", "encoder", "layer.0")) == "layer.0"
    assert paths.text(("m", "pooler", "self")) == "pooler/self"
    assert paths.text(("m", "encoder")) == "encoder"
    assert paths.text(()) == ""


def test_modules_that_the_dynamo_exporter_recorded():
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1]) for n in "xyzw"]
    nodes = [helper.make_node("Relu", [a], [b], f"n{b}") for a, b in ("xy", "yz", "zw")]
    for node, text in zip(
        nodes, ("['', 'layer1', 'layer1.0', 'relu']", "not a list", "[1, None, 'a']"), strict=True
    ):
        node.metadata_props.append(
            onnx.StringStringEntryProto(key="pkg.torch.onnx.name_scopes", value=text)
        )
    graph = helper.make_graph(nodes, "g", values[:1], values[3:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    assert [node.module for node in model_nodes(load_model(model))] == ["layer1/layer1.0", "", ""]


class TestShortNames:
    def graph(self) -> ModelGraph:
        nodes, last = [], "x"
        for block in ("layers/layer_0", "layers/layer_1"):
            for name, op in (("fc1", "MatMul"), ("act", "Relu"), ("fc2", "MatMul")):
                made = f"{block}/{name}"
                reads = (last, "w") if op == "MatMul" else (last,)
                nodes.append(ModelNode(f"/{made}/{op}", op, reads, (made,)))
                last = made
        return ModelGraph([*nodes, ModelNode("tail", "Relu", (last,), ("y",))], ["x"], ["y"])

    def test_of_rows(self):
        graph = self.graph()
        one, act, two, three, act_1, four, _ = graph.nodes
        names = ShortNames(graph).names([[one, act], [two], [three], [act_1, four], [two, three]])
        assert names == (
            "layer_0: MatMul + Relu",
            "layer_0/fc2: MatMul",
            "layer_1/fc1: MatMul",
            "layer_1: Relu + MatMul",
            "layers: MatMul x2",
        )

    def test_same_names_are_told_apart(self):
        graph = self.graph()
        one, act, two, _, act_1, *_ = graph.nodes
        names = ShortNames(graph).names([[act, one], [act, two], [act], [act], [act_1]])
        assert names == (
            "layer_0: MatMul + Relu",
            "layer_0: Relu + MatMul",
            "layer_0/act: Relu",
            "layer_0/act: Relu #2",
            "layer_1/act: Relu",
        )

    def test_rows_without_modules_have_none(self):
        graph = self.graph()
        assert ShortNames(graph).names([["tail"], [], ["unknown"]]) == ("", "", "")

    def test_distinct(self):
        assert distinct(["a", "b", "a", "", "", "a"]) == ("a", "b", "a #2", "", "", "a #3")

    @pytest.mark.parametrize(
        "name", ["vit_b_16", "swin_t", "convnext_tiny", "mobilenet_v3_large", "resnet50"]
    )
    def test_of_measured_networks_are_short_and_different(self, name):
        profile = measured(name)
        groups = map_fusion(profile).groups
        names = ShortNames(model_graph(profile)).names([group.nodes for group in groups])
        assert len(set(names)) == len(names)
        assert all(names)
        assert max(map(len, names)) <= LONGEST + len(" #99")
