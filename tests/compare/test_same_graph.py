"""Graphs of one model: at other batches, for a range of them, in other precisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import onnx
import pytest
from batched_runs import for_a_range
from hand_made_profiles import make_profile
from networks import read_graph
from onnx import ModelProto, helper, parser
from paths import DATA
from transformer_models import CASES

from trtcore.compare.profiles import compare_profiles
from trtcore.compare.same_graph import check_same_graph, is_added
from trtcore.errors import ResultError
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_inputs, model_nodes
from trtcore.precision.convert.apply import apply_precision
from trtcore.result.records.layers import IOTensor, Layer, ModelNode
from trtcore.result.records.profile import Profile

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
# What holds the batch it was exported with in a constant, each in another way.
COUNTED = """counted (float[2,4,8] x) => (float[2,4,8] y)
    <int64[2] sh = {8, 8}, int64[2,1] b = {0, 1}, int64 n = {4}, int64[4] k = {0, 1, 2, 3}>
    { [flat] f = Reshape (x, sh) [times] bn = Mul (b, n) [plus] i = Add (bn, k)
      [pick] y = Gather (f, i) }"""
RANGED = """ranged (float[2,4,8] x) => (float[2,4,8] y)
    <int64 zero = {0}, int64 two = {2}, int64 one = {1}>
    { [count] k = Range (zero, two, one) [pick] y = Gather (x, k) }"""
GROWN = """grown (float[1,4,8] x) => (float[1,5,8] y) <float[1,1,8] t = {1, 1, 1, 1, 1, 1, 1, 1}>
    { [neg] n = Neg (t) [cat] y = Concat <axis = 1> (n, x) }"""
LARGE = ("vit_b_16", "bert_base")  # as PyTorch exports them: seconds for every batch and range
NAMES = ("base.json", "new.json")
_HALF = ("own", "range", "batch 1")  # in FP16, besides


def _files(*names: str) -> dict[str, Callable[[], ModelProto]]:
    return {name: lambda name=name: onnx.load(DATA / "wild" / f"{name}.onnx") for name in names}


MODELS: dict[str, Callable[[], ModelProto]] = {
    **{name: lambda name=name: read_graph(name) for name in LARGE},
    **{name: case.make for name, case in CASES.items()},
    "counted": lambda: parser.parse_model(HEAD + COUNTED),
    "ranged": lambda: parser.parse_model(HEAD + RANGED),
    "grown": lambda: parser.parse_model(HEAD + GROWN),
    **_files("resize_sizes", "resize_sizes_open", "torch_squeeze_if"),
}


def _profile(model: Model) -> Profile:
    """A profile of the graph as it is saved, with one layer."""
    nodes = model_nodes(model, with_work=False)
    inputs = tuple(IOTensor(one.name, one.shape, one.dtype) for one in model_inputs(model))
    return make_profile([Layer("1", "k", (nodes[-1].name,))], [1.0], nodes, io=inputs)


@cache
def _carried(name: str) -> dict[str, Profile]:
    """Profiles of a model as users have them side by side."""
    own = load_model(MODELS[name]())
    models = {"own": own, "range": for_a_range(own)}
    models |= {f"batch {batch}": load_model(own, batch=batch) for batch in (1, 4, 6)}
    half = {f"{some}, fp16": apply_precision(models[some], "fp16") for some in _HALF}
    return {some: _profile(one) for some, one in (models | half).items()}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LARGE)) for name in MODELS]
)
def test_a_model_is_the_same_at_every_batch_and_precision(name: str) -> None:
    profiles = _carried(name)
    for other in profiles.values():
        check_same_graph((profiles["own"], other), NAMES)
        check_same_graph((other, profiles["range"]), NAMES)


@pytest.mark.parametrize(
    ("name", "at_a_batch", "at_a_range"),
    [
        ("grown", ["Gather"], ["Shape", "Gather", "Mul", "Gather", "Slice"]),
        ("counted", [], ["Shape", "Gather", "Mul", "Slice"]),
        ("resize_sizes", [], ["Shape", "Gather", "Mul", "Add"]),
    ],
)
def test_what_carrying_a_batch_puts_in_is_seen(
    name: str, at_a_batch: list[str], at_a_range: list[str]
) -> None:
    found = {
        key: [node.op for node in profile.model.nodes if is_added(node)]
        for key, profile in _carried(name).items()
    }
    assert (found["own"], found["batch 6"], found["range"]) == ([], at_a_batch, at_a_range)


@pytest.mark.parametrize("name", LARGE)
def test_two_batches_of_a_transformer_are_one_model(name: str) -> None:
    own, other = (load_model(MODELS[name](), batch=batch) for batch in (None, 3))
    profiles = _profile(own), _profile(apply_precision(other, "fp16"))
    assert [node.op for node in profiles[1].model.nodes if is_added(node)].count("Gather") == 1
    check_same_graph(profiles, NAMES)


def test_a_node_in_front_of_a_recurrent_one_is_no_difference() -> None:
    model = load_model(onnx.load(DATA / "wild" / "gru_lengths.onnx"))
    half = _profile(apply_precision(model, "fp16"))
    assert [node.op for node in half.model.nodes if is_added(node)].count("Max") == 1
    check_same_graph((_profile(model), half), NAMES)


def _changed(change: str) -> ModelProto:
    """ViT with a node more, less, or of another operator."""
    proto = read_graph("vit_b_16")
    nodes = {node.name: node for node in proto.graph.node}
    softmax = next(node for node in nodes.values() if node.op_type == "Softmax")
    if change == "operator":
        softmax.op_type = "LogSoftmax"
    if change == "more":
        reads = [softmax.output[0], softmax.output[0]]
        proto.graph.node.append(helper.make_node("Mul", reads, ["squared"], name="squared"))
    if change == "less":
        last = next(node for node in reversed(proto.graph.node) if node.op_type == "Gemm")
        proto.graph.output[0].name = last.input[0]
        proto.graph.output[0].type.tensor_type.ClearField("shape")
        proto.graph.node.remove(last)
    return proto


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("operator", "'/encoder/layers/encoder_layer_0/self_attention/Softmax' differ"),
        ("more", "'squared' differ"),
        ("less", "'/heads/head/Gemm' differ"),
    ],
)
@pytest.mark.parametrize("batch", [1, 4])
def test_a_true_difference_is_one_at_any_batch(change: str, named: str, batch: int) -> None:
    base = _profile(load_model(read_graph("vit_b_16"), batch=4))
    new = _profile(load_model(_changed(change), batch=batch))
    with pytest.raises(ResultError, match=r"^base\.json \(\d+ nodes\) and new\.json") as error:
        check_same_graph((base, new), NAMES)
    assert named in str(error.value)


def test_a_comparison_of_two_batches_lists_the_node_of_one_of_them() -> None:
    base, new = (_profile(load_model(MODELS["grown"](), batch=batch)) for batch in (1, 3))
    nodes = new.model.nodes
    new = replace(new, layers=tuple(Layer(node.name, node.op, (node.name,)) for node in nodes))
    new = replace(new, samples=replace(new.samples, layer_ms=np.ones((1, len(nodes)), np.float32)))
    rows = compare_profiles(base, new).rows
    assert [(row.name, row.new_ms) for row in rows if row.kind == "appeared"] == [
        ("neg", 1.0),
        ("n__batch", 1.0),
    ]


@pytest.mark.parametrize(
    "node",
    [
        ModelNode("t__batch", "Gather", ("t", "items"), ("t__batch",)),
        ModelNode("t__batch", "Gather", ("t", "t__batch__items"), ("u",)),
        ModelNode("t__batch", "Conv", ("t", "t__batch__items"), ("t__batch",)),
        ModelNode("t", "Mul", ("a", "t__factors_of_it"), ("t",)),
        ModelNode("t", "Mul", ("t__factors", "a"), ("t",)),
        ModelNode("my__shape", "Shape", ("x",), ("my__shape",)),
        ModelNode("m", "Max", ("a", "b"), ("m",)),
    ],
)
def test_nodes_of_the_user_are_none_of_trtcores(node: ModelNode) -> None:
    assert not is_added(node)


def test_a_node_that_became_a_constant_differs_where_it_reads_the_input() -> None:
    profile = _profile(load_model(MODELS["ranged"]()))
    assert [node.op for node in profile.model.nodes] == ["Range", "Gather"]
    for index, is_same in ((0, True), (1, False)):
        nodes = list(profile.model.nodes)
        nodes[index] = replace(nodes[index], op="Constant", inputs=())
        other = replace(profile, model=replace(profile.model, nodes=tuple(nodes)))
        for pair in ((profile, other), (other, profile)):
            if is_same:
                check_same_graph(pair, NAMES)
                continue
            with pytest.raises(ResultError, match="'pick' differ"):
                check_same_graph(pair, NAMES)
