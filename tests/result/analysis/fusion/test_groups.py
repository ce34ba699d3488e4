"""Layers to nodes and back: real engines of the fixtures, hand-made ones for every other way."""

from __future__ import annotations

import json

import numpy as np
import pytest
from paths import DATA

from trtcore.errors import ResultError
from trtcore.result.analysis.fusion.groups import FusionMap, Group, describe_fusion, map_fusion
from trtcore.result.analysis.fusion.reasons import Reason
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.readers.inspector.layer_names import (
    NamedNodes,
    model_tensor,
    nodes_in_name,
    only_moves,
)
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import IOTensor, Layer, ModelNode, ModelRecord, TensorInfo
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.system.records import Environment


def make_profile(layers, nodes=(), io=()) -> Profile:
    return Profile(
        model=ModelRecord("net", "net.onnx", nodes=tuple(nodes)),
        backend="tensorrt",
        precision="fp16",
        batch=1,
        method=Method(note="by hand"),
        io=tuple(io),
        layers=tuple(layers),
        samples=Samples(np.ones((1, len(layers)), np.float32), np.empty(0, np.float32)),
        counts=Counts(1, 0, 1),
        environment=Environment("", "", "", "", "", ""),
    )


def googlenet_nodes() -> list[ModelNode]:
    graph = json.loads((DATA / "googlenet_graph.json").read_text())["nodes"]
    return [ModelNode(n["name"], n["op"], tuple(n["inputs"]), tuple(n["outputs"])) for n in graph]


def chain(*ops_and_names: str) -> list[ModelNode]:
    """Nodes ``Op:name`` in a row; each writes a tensor of its name, the first reads x."""
    pairs = [text.split(":") for text in ops_and_names]
    sources = ["x", *(name for _, name in pairs)]
    return [
        ModelNode(name, op, (source,), (name,))
        for (op, name), source in zip(pairs, sources, strict=False)
    ]


def tensor(name: str) -> TensorInfo:
    return TensorInfo(name, (1,), "Half")


X = IOTensor("x", (1,), "Half")


class TestGoogLeNet:
    @pytest.fixture(
        params=["inspector_googlenet_fp16_b4.json", "inspector_googlenet_fp16_chw2_b4.json"]
    )
    def profile(self, request) -> Profile:
        engine = parse_engine_information((DATA / request.param).read_text())
        return make_profile(engine.layers, googlenet_nodes(), engine.io)

    def test_every_node_is_accounted_for(self, profile):
        fusion = map_fusion(profile)
        grouped = [node for group in fusion.groups for node in group.nodes]
        lists = [*grouped, *fusion.folded, *fusion.eliminated, *fusion.unknown]
        assert sorted(lists) == sorted(node.name for node in profile.model.nodes)
        assert len(lists) == 142
        assert fusion.unknown == fusion.folded == ()
        assert [node.split("/")[-1] for node in fusion.eliminated] == ["output"] * 9 + ["flat"]
        assert fusion.node_coverage == 1.0

    def test_every_layer_is_in_one_place(self, profile):
        fusion = map_fusion(profile)
        grouped = [i for group in fusion.groups for i in group.layers]
        assert sorted([*grouped, *fusion.markers, *fusion.unattributed]) == list(range(206))
        assert len(fusion.markers) == 126
        assert fusion.unattributed == ()

    def test_lrn_is_one_node_in_three_layers(self, profile):
        group = map_fusion(profile).group_of["pool1/norm1"]
        assert group == Group(layers=(3, 4, 5), nodes=("pool1/norm1",))
        names = [profile.layers[i].name for i in group.layers]
        assert [name.split("_myl0")[0] for name in names] == [
            "__myl_CastMul",
            "pool1/norm1_pooling",
            "__myl_MulAddPowDivCast",
        ]

    def test_rearranging_the_input_is_tax_on_the_first_convolution(self, profile):
        group = map_fusion(profile).groups[0]
        assert group == Group((0, 1), ("conv1/7x7_s2", "conv1/relu_7x7"), reformats=(0,))

    def test_time(self):
        engine = parse_engine_information((DATA / "inspector_googlenet_fp16_b4.json").read_text())
        rows = json.loads((DATA / "trtexec_profile_googlenet_fp16_b4.json").read_text())[1:]
        times = [row["medianMs"] for row in rows]
        profile = make_profile(engine.layers, googlenet_nodes(), engine.io)
        fusion = map_fusion(profile)
        assert fusion.time_coverage(times) >= 0.995
        assert describe_fusion(profile, fusion, times) == (
            "142 of 142 model nodes (100.0%) accounted for in 74 groups; eliminated: 9 Concat, "
            "1 Flatten (inception_3a/output, inception_3b/output, inception_4a/output and 7 more); "
            "100.0% of the layer time is in groups; reformats, casts and copies take 1.6%"
        )

    def test_style_10_separators_and_names_only(self):
        text = (DATA / "inspector_googlenet_fp16_b4.json").read_text()
        style_10 = parse_engine_information(text.replace("\\u001f", "\\u001e"))
        style_11 = parse_engine_information(text)
        nodes = googlenet_nodes()
        assert map_fusion(make_profile(style_10.layers, nodes, style_10.io)) == map_fusion(
            make_profile(style_11.layers, nodes, style_11.io)
        )
        names_only = [Layer(layer.name) for layer in style_11.layers]
        fusion = map_fusion(make_profile(names_only, nodes, style_11.io))
        assert fusion.group_of["conv2/3x3"].nodes == ("conv2/3x3",)
        assert 0.4 < fusion.node_coverage < 0.7
        assert len(fusion.unattributed) == 126 + 6

    def test_verbosity_none(self):
        profile = make_profile([Layer(str(i)) for i in range(206)], googlenet_nodes(), [X])
        fusion = map_fusion(profile)
        assert fusion.groups == ()
        assert len(fusion.unattributed) == 206
        assert len(fusion.unknown) == 141
        assert {fusion.reasons[name] for name in fusion.unknown} == {Reason.NO_LAYER}
        assert describe_fusion(profile, fusion, [1.0] * 206) == (
            "1 of 142 model nodes (0.7%) accounted for in 0 groups; eliminated: 1 Flatten "
            "(flat); unknown: 57 Conv, 57 Relu, 13 MaxPool, 2 LRN, 9 Concat, 1 AveragePool, "
            "1 Gemm, 1 Softmax (conv1/7x7_s2, conv1/relu_7x7, pool1/3x3_s2 and 138 more); "
            "0.0% of the layer time is in groups"
        )


class TestOtherWays:
    def test_fused_names(self):
        nodes = chain("Conv:c", "Relu:r", "Sigmoid:s", "Mul:m", "Conv:d")
        layers = [Layer("c + r"), Layer("PWN(PWN(s), m)"), Layer("d [profile 1]")]
        assert map_fusion(make_profile(layers, nodes, [X])).groups == (
            Group((0,), ("c", "r")),
            Group((1,), ("s", "m")),
            Group((2,), ("d",)),
        )

    def test_reformat_by_name_is_tax_on_its_reader(self):
        name = "Reformatting CopyNode for Input Tensor 0 to c + r"
        layers = [Layer(name), Layer("c + r")]
        fusion = map_fusion(make_profile(layers, chain("Conv:c", "Relu:r"), [X]))
        assert fusion.groups == (Group((0, 1), ("c", "r"), reformats=(0,)),)

    def test_a_layer_that_computes_holds_what_its_neighbours_leave(self):
        nodes = chain("Conv:a", "Conv:b", "Relu:r", "Conv:c", "Conv:d", "Conv:e")
        fusion = map_fusion(
            make_profile(
                [
                    Layer("one", nodes=("a",), outputs=(tensor("t1"),)),
                    Layer("__myl_FcRelu_myl0_1", inputs=(tensor("t1"),), outputs=(tensor("t2"),)),
                    Layer("__myl_Resh_myl0_2", inputs=(tensor("t2"),), outputs=(tensor("t3"),)),
                    Layer("two", nodes=("c",), inputs=(tensor("t3"),), outputs=(tensor("t4"),)),
                    Layer("__myl_Fc_myl0_4", inputs=(tensor("t4"),), outputs=(tensor("t5"),)),
                    Layer("three", nodes=("e",), inputs=(tensor("t5"),)),
                ],
                nodes,
                (X,),
            )
        )
        assert fusion.groups == (
            Group((0,), ("a",)),
            Group((1,), ("b", "r")),
            Group((2, 3), ("c",), reformats=(2,)),
            Group((4,), ("d",)),
            Group((5,), ("e",)),
        )
        assert fusion.unknown == ()

    def test_branches_are_kept_apart_by_what_they_read(self):
        nodes = [
            *chain("Conv:a"),
            ModelNode("left", "Conv", ("a",), ("left",)),
            ModelNode("other", "Conv", ("x",), ("other",)),
            ModelNode("right", "Conv", ("other",), ("right",)),
            ModelNode("sum", "Add", ("left", "right"), ("sum",)),
        ]
        reads = {"left": "t1", "right": "t2"}
        fusion = map_fusion(
            make_profile(
                [
                    Layer("one", nodes=("a",), outputs=(tensor("t1"),)),
                    Layer("two", nodes=("other",), outputs=(tensor("t2"),)),
                    *(
                        Layer(f"__myl_Fc_{n}", inputs=(tensor(t),), outputs=(tensor(f"{n}_t"),))
                        for n, t in reads.items()
                    ),
                    Layer("sum", nodes=("sum",), inputs=(tensor("left_t"), tensor("right_t"))),
                ],
                nodes,
                (X,),
            )
        )
        assert fusion.group_of["left"].layers == (2,)
        assert fusion.group_of["right"].layers == (3,)

    def test_a_layer_that_computes_is_no_tax_even_where_nothing_is_left_for_it(self):
        layers = [
            Layer("__myl_FcMul_myl0_0", outputs=(tensor("t"),)),
            Layer("conv", nodes=("c",), inputs=(tensor("t"),)),
        ]
        fusion = map_fusion(make_profile(layers, chain("Conv:c"), (X,)))
        assert fusion.groups == (Group((0, 1), ("c",)),)
        assert fusion.guessed == (0,)

    def test_reformat_by_tensors_is_tax_on_its_reader(self):
        layers = [
            Layer("copy", "Reformat", inputs=(tensor("x"),), outputs=(tensor("t1"),)),
            Layer("again", "Reformat", inputs=(tensor("t1"),), outputs=(tensor("t2"),)),
            Layer("k1", "conv", ("c",), inputs=(tensor("t2"),), outputs=(tensor("t3"),)),
            Layer("back", "Reformat", inputs=(tensor("t3"),), outputs=(tensor("y"),)),
        ]
        fusion = map_fusion(make_profile(layers, chain("Conv:c"), [X]))
        assert fusion.groups == (Group((0, 1, 2, 3), ("c",), reformats=(0, 1, 3)),)
        assert fusion.guessed == ()

    def test_one_foreign_node_is_the_whole_graph_and_opaque(self):
        nodes = chain("Conv:c", "Relu:r", "Softmax:s")
        layers = [Layer("{ForeignNode[tmp_weight_1...ONNXTRT_Shuffle_9]}")]
        fusion = map_fusion(make_profile(layers, nodes, [X]))
        assert fusion.groups == (Group((0,), ("c", "r", "s"), is_opaque=True),)
        assert fusion.node_coverage == 1.0
        words = describe_fusion(make_profile(layers, nodes, [X]), fusion, [1.0])
        assert words.endswith("opaque layers do not list their nodes")

    def test_foreign_node_is_expanded_over_the_graph(self):
        nodes = [
            ModelNode("a", "Conv", ("x",), ("a",)),
            ModelNode("b1", "Relu", ("a",), ("b1",)),
            ModelNode("b2", "Sigmoid", ("a",), ("b2",)),
            ModelNode("c", "Mul", ("b1", "b2"), ("c",)),
            ModelNode("side", "Neg", ("a",), ("side",)),
            ModelNode("d", "Conv", ("c",), ("y",)),
        ]
        layers = [Layer("a"), Layer("{ForeignNode[a...c]}"), Layer("side"), Layer("d")]
        fusion = map_fusion(make_profile(layers, nodes, [X]))
        assert fusion.groups == (
            Group((0,), ("a",)),
            Group((1,), ("b1", "b2", "c"), is_opaque=True),
            Group((2,), ("side",)),
            Group((3,), ("d",)),
        )

    def test_foreign_node_with_metadata_is_still_opaque(self):
        layers = [Layer("{ForeignNode[c...r]}", "Myelin", ("c", "r"))]
        fusion = map_fusion(make_profile(layers, chain("Conv:c", "Relu:r"), [X]))
        assert fusion.groups == (Group((0,), ("c", "r"), is_opaque=True),)

    def test_tensors_tell_the_nodes_where_metadata_is_missing(self):
        nodes = chain("Conv:c", "Relu:r", "Conv:d", "Relu:e")
        layers = [
            Layer("k1", "conv", inputs=(tensor("x"),), outputs=(tensor("r.1_2_myl0"),)),
            Layer("k2", "conv", inputs=(tensor("r.1_2_myl0"),), outputs=(tensor("e"),)),
        ]
        fusion = map_fusion(make_profile(layers, nodes, [X]))
        assert fusion.groups == (Group((0,), ("c", "r")), Group((1,), ("d", "e")))

    def test_constants(self):
        nodes = [
            ModelNode("shape", "Shape", ("x",), ("shape",)),
            ModelNode("fill", "ConstantOfShape", ("w_shape",), ("fill",)),
            ModelNode("scaled", "Mul", ("fill", "w"), ("scaled",)),
            ModelNode("c", "Conv", ("x", "scaled"), ("c",)),
            ModelNode("drop", "Dropout", ("c",), ("y",)),
            ModelNode("lost", "Relu", ("c",), ("z",)),
        ]
        fusion = map_fusion(make_profile([Layer("k", "conv", ("c",))], nodes, [X]))
        assert fusion == FusionMap(
            groups=(Group((0,), ("c",)),),
            folded=("shape", "fill", "scaled"),
            eliminated=("drop",),
            unknown=("lost",),
        )
        assert fusion.node_coverage == 5 / 6
        assert fusion.reasons == {
            "shape": Reason.SHAPE_ONLY,
            "fill": Reason.CONSTANT,
            "scaled": Reason.CONSTANT,
            "c": Reason.NAMED,
            "drop": Reason.NO_OP,
            "lost": Reason.AMBIGUOUS,
        }

    def test_plan_without_a_model(self):
        layers = [
            Layer("k1", "kgen", ("a", "b"), outputs=(tensor("t"),)),
            Layer("k2", "gemm", ("b",), inputs=(tensor("t"),)),
            Layer("k3", "gemm", ("c",)),
            Layer("m", "wait"),
        ]
        fusion = map_fusion(make_profile(layers))
        assert fusion == FusionMap(
            groups=(Group((0, 1), ("a", "b")), Group((2,), ("c",))), markers=(3,)
        )
        assert fusion.node_coverage == 1.0
        assert describe_fusion(make_profile(layers), fusion, [1.0] * 4) == ""

    def test_names_only_plan_without_a_model(self):
        layers = [
            Layer("a + b"),
            Layer("Reformatting CopyNode for Input Tensor 0 to c"),
            Layer("c"),
        ]
        assert map_fusion(make_profile(layers)).groups == (
            Group((0,), ("a", "b")),
            Group((1, 2), ("c",), reformats=(1,)),
        )

    def test_nodes_of_another_model_are_not_believed(self):
        layers = [Layer("k", "kgen", ("somebody_else",)), Layer("l", "kgen", ("c",))]
        fusion = map_fusion(make_profile(layers, chain("Conv:c"), [X]))
        assert fusion.groups == (Group((1,), ("c",)),)
        assert fusion.unattributed == (0,)

    def test_own_work_of_a_transpose_is_no_tax(self):
        layers = [Layer("__myl_Tran_myl0_8", "kgen", ("t",))]
        fusion = map_fusion(make_profile(layers, chain("Transpose:t"), [X]))
        assert fusion.groups == (Group((0,), ("t",)),)

    def test_repeated_node(self):
        with pytest.raises(ResultError, match="model node 'c' is there twice"):
            map_fusion(make_profile([], [*chain("Conv:c"), *chain("Relu:c")]))

    def test_nothing_at_all(self):
        fusion = map_fusion(make_profile([]))
        assert fusion == FusionMap(())
        assert fusion.time_coverage([]) == 1.0


class TestNames:
    KNOWN = ("a", "b", "conv1/7x7_s2", "pool1/norm1", "/q/MatMul", "/k/MatMul")

    @pytest.mark.parametrize(
        ("name", "nodes"),
        [
            ("a", ("a",)),
            ("a + b", ("a", "b")),
            ("a || b + other", ("a", "b")),
            ("conv1/7x7_s2_U3_myl0_1", ("conv1/7x7_s2",)),
            ("pool1/norm1_pooling_myl0_4", ("pool1/norm1",)),
            ("/q/MatMul+/k/MatMul_myl0_1", ("/q/MatMul", "/k/MatMul")),
            ("PWN(a, PWN(b))", ("a", "b")),
            ("__myl_CastMul_myl0_3", ()),
            ("", ()),
        ],
    )
    def test_nodes_in_name(self, name, nodes):
        assert nodes_in_name(name, self.KNOWN) == NamedNodes(nodes)

    def test_unknown_model_believes_every_part(self):
        assert nodes_in_name("x + y", None) == NamedNodes(("x", "y"))

    @pytest.mark.parametrize(
        ("name", "tensor_name"),
        [
            ("conv1", "conv1"),
            ("conv1.1_2_myl0", "conv1"),
            ("pool_2_myl0", "pool_2"),
            ("other_myl0", None),
        ],
    )
    def test_model_tensor(self, name, tensor_name):
        assert model_tensor(name, {"conv1", "pool_2"}) == tensor_name

    @pytest.mark.parametrize(
        ("name", "moves"),
        [
            ("__myl_MoveConc_myl0_0", True),
            ("__myl_Repl_myl0_49", True),
            ("__myl_CastMul_myl0_3", False),
            ("MoveConc", False),
            ("", False),
        ],
    )
    def test_only_moves(self, name, moves):
        assert only_moves(name) is moves
