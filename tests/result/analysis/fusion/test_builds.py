"""Engines that TensorRT-RTX really builds: every node and every layer has its place."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from paths import DATA
from shared_plans import SHARED, model_of

from trtcore.api.calls import build_model
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_nodes
from trtcore.result.analysis.fusion.groups import FusionMap, map_fusion
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.system.records import Environment

pytest.importorskip("tensorrt_rtx")


class Block:
    """Writes an attention block node by node."""

    def __init__(self, width: int = 64, heads: int = 4, length: int = 16) -> None:
        self.nodes, self.weights, self.random = [], [], np.random.default_rng(0)
        self.width, self.heads, self.length = width, heads, length

    def weight(self, *shape: int) -> str:
        values = self.random.standard_normal(shape) / np.sqrt(shape[0])
        return self.constant(values.astype(np.float32))

    def constant(self, values) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, op: str, name: str, *inputs: str, **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, [f"{name}_out"], name, **attributes))
        return f"{name}_out"

    def linear(self, name: str, x: str, inner: int, outer: int) -> str:
        product = self.node("MatMul", f"{name}/MatMul", x, self.weight(inner, outer))
        return self.node("Add", f"{name}/Add", product, self.weight(outer))

    def norm(self, name: str, x: str) -> str:
        return self.node(
            "LayerNormalization", name, x, self.weight(self.width), self.weight(self.width)
        )

    def heads_of(self, name: str, x: str, perm: list[int]) -> str:
        shape = [1, self.length, self.heads, self.width // self.heads]
        split = self.node("Reshape", f"{name}/Reshape", x, self.constant(np.int64(shape)))
        return self.node("Transpose", f"{name}/Transpose", split, perm=perm)

    def attention(self, x: str) -> str:
        q, k, v = (self.linear(f"/attn/{n}", x, self.width, self.width) for n in "qkv")
        q, v = (self.heads_of(f"/attn/{n}", t, [0, 2, 1, 3]) for n, t in (("q", q), ("v", v)))
        k = self.heads_of("/attn/k", k, [0, 2, 3, 1])
        scores = self.node("MatMul", "/attn/scores/MatMul", q, k)
        scores = self.node("Div", "/attn/scores/Div", scores, self.constant(np.float32(4)))
        scores = self.node("Softmax", "/attn/Softmax", scores, axis=-1)
        mixed = self.node("MatMul", "/attn/context/MatMul", scores, v)
        mixed = self.node("Transpose", "/attn/Transpose", mixed, perm=[0, 2, 1, 3])
        shape = self.constant(np.int64([1, self.length, self.width]))
        mixed = self.node("Reshape", "/attn/Reshape", mixed, shape)
        return self.linear("/attn/out", mixed, self.width, self.width)

    def model(self) -> onnx.ModelProto:
        added = self.node("Add", "/residual1/Add", self.attention(self.norm("/ln1", "x")), "x")
        inner = self.linear("/mlp/fc1", self.norm("/ln2", added), self.width, 4 * self.width)
        inner = self.node("Relu", "/mlp/Relu", inner)
        inner = self.linear("/mlp/fc2", inner, 4 * self.width, self.width)
        inner = self.node("Dropout", "/mlp/Dropout", inner)
        added = self.node("Add", "/residual2/Add", inner, added)
        self.nodes.append(helper.make_node("Identity", [added], ["y"], "/Identity"))
        values = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, self.length, self.width])
            for name in "xy"
        ]
        graph = helper.make_graph(self.nodes, "block", values[:1], values[1:], self.weights)
        opsets = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)


NAMES = (*SHARED, "block")


def mapped(
    model: Model, precision: str, engine: EngineInformation | None
) -> tuple[Profile, FusionMap]:
    """An engine as it would be profiled, and its map."""
    assert engine is not None
    profile = Profile(
        model=ModelRecord(model.name, model.source, nodes=model_nodes(model)),
        backend="tensorrt_rtx",
        precision=precision,
        batch=1,
        method=Method(),
        io=engine.io,
        layers=engine.layers,
        samples=Samples(np.ones((1, len(engine.layers)), np.float32), np.empty(0, np.float32)),
        counts=Counts(1, 0, 1),
        environment=Environment("", "", "", "", "", ""),
    )
    return profile, map_fusion(profile)


@cache
def built_once(name: str, precision: str) -> tuple[Profile, FusionMap]:
    if name in SHARED:
        return mapped(model_of(name), precision, SHARED[name](precision).information)
    model = load_model(Block().model())
    return mapped(model, precision, build_model(model, precision=precision).information)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("name", NAMES)
def test_everything_has_its_place(name, precision):
    profile, fusion = built_once(name, precision)
    assert fusion.unknown == ()
    assert fusion.unattributed == ()
    nodes = [node for group in fusion.groups for node in group.nodes]
    everything = [*nodes, *fusion.folded, *fusion.eliminated]
    assert sorted(everything) == sorted(node.name for node in profile.model.nodes)
    layers = [i for group in fusion.groups for i in group.layers]
    assert sorted([*layers, *fusion.markers]) == list(range(len(profile.layers)))


@pytest.mark.parametrize("name", NAMES)
def test_groups_of_both_precisions_can_be_compared(name):
    _, fp32 = built_once(name, "fp32")
    _, fp16 = built_once(name, "fp16")
    computed = [set(fusion.group_of) | set(fusion.eliminated) for fusion in (fp32, fp16)]
    assert computed[0] == computed[1]


def test_attention_is_fused_as_far_as_the_engine_says():
    _, fp32 = built_once("block", "fp32")
    names = {"/attn/q/MatMul", "/attn/k/MatMul", "/attn/v/MatMul"}
    assert set(fp32.group_of["/attn/q/MatMul"].nodes) >= names
    assert {"/mlp/Dropout", "/Identity"} <= set(fp32.eliminated)


def test_convolutions_that_became_products_without_metadata_keep_their_nodes():
    deploy = load_model(DATA / "caffe/resnet50_deploy.prototxt", outputs=("fc1000",))
    plan = build_model(deploy, precision="fp16", serial=True)
    profile, fusion = mapped(deploy, "fp16", plan.information)
    layers = profile.layers
    bare = [i for i, layer in enumerate(layers) if "_FcMulAdd" in layer.name]
    assert len(bare) > 10
    assert not any(layers[i].nodes for i in bare)
    groups = {i: group for group in fusion.groups for i in group.layers}
    for i in bare:
        convolutions = [node for node in groups[i].nodes if node.startswith("res")]
        assert convolutions, layers[i].name
        assert not set(groups[i].reformats) & {i}
    assert fusion.unknown == ()
