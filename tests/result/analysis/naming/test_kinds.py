"""What kind of work a layer does: by its nodes, its own type, and over whole networks."""

from __future__ import annotations

from collections import Counter

import pytest
from networks import measured

from trtcore.result.analysis.fusion.graph import ModelGraph
from trtcore.result.analysis.fusion.groups import map_fusion, model_graph
from trtcore.result.analysis.naming.kinds import LayerKind, kind_of
from trtcore.result.analysis.naming.patterns import OperatorWords
from trtcore.result.records.layers import Layer, ModelNode


def words_of(*ops: str) -> OperatorWords:
    """A chain of operators, each node called like its operator."""
    reads = ["x", *ops]
    nodes = [ModelNode(op, op, (a,), (op,)) for op, a in zip(ops, reads, strict=False)]
    return OperatorWords(ModelGraph(nodes, ["x"], [ops[-1]]))


@pytest.mark.parametrize(
    ("ops", "kind"),
    [
        (("Conv", "Relu"), LayerKind.CONVOLUTION),
        (("MatMul", "Add", "Gelu"), LayerKind.MATMUL),
        (("Reshape", "Gemm"), LayerKind.MATMUL),
        (("Add", "LayerNormalization", "Transpose"), LayerKind.NORMALIZATION),
        (("LRN",), LayerKind.NORMALIZATION),
        (("Mul", "Softmax"), LayerKind.SOFTMAX),
        (("MaxPool",), LayerKind.POOLING),
        (("ReduceMean", "Relu"), LayerKind.REDUCTION),
        (("Relu", "QuantizeLinear"), LayerKind.ELEMENTWISE),
        (("QuantizeLinear",), LayerKind.QUANTIZATION),
        (("Transpose", "Slice"), LayerKind.DATA_MOVEMENT),
        (("Gather",), LayerKind.DATA_MOVEMENT),
        (("Attention",), LayerKind.ATTENTION),
        (("Cast",), LayerKind.DATA_MOVEMENT),
    ],
)
def test_by_nodes(ops, kind):
    words = words_of(*ops)
    assert kind_of(Layer("l", "runtime_fusion"), ops, words) is kind
    assert kind_of(Layer("l"), ops, words, is_reformat=True) is LayerKind.REFORMAT


def test_a_kernel_that_lists_no_product_does_the_rest_of_its_nodes():
    ops = ("Conv", "HardSigmoid", "Mul")
    words = words_of(*ops)
    assert kind_of(Layer("__myl_MulAddMul_myl0_1", "kgen"), ops, words) is LayerKind.ELEMENTWISE
    assert kind_of(Layer("__myl_CorrMul_myl0_1", "kgen"), ops, words) is LayerKind.CONVOLUTION
    assert kind_of(Layer("conv_myl0_1", "correlation"), ops, words) is LayerKind.CONVOLUTION
    alone = kind_of(Layer("__myl_Mul_myl0_1", "kgen"), ("Conv",), words)
    assert alone is LayerKind.CONVOLUTION


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        (Layer("l", "gemm"), LayerKind.MATMUL),
        (Layer("l", "CaskConvolution"), LayerKind.CONVOLUTION),
        (Layer("l", "Reformat"), LayerKind.REFORMAT),
        (Layer("__myl_MoveConc_myl0_0", "kgen"), LayerKind.REFORMAT),
        (Layer("__myl_AddMul_myl0_0", "kgen"), LayerKind.OTHER),
        (Layer("l", "PluginV2"), LayerKind.OTHER),
    ],
)
def test_by_type_where_no_node_is_known(layer, kind):
    words = words_of("Conv")
    assert kind_of(layer, (), words) is kind
    assert kind_of(layer, ("of another model",), words) is kind


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (
            "vit_b_16",
            {
                "matmul": 49,
                "normalization": 38,
                "elementwise": 24,
                "attention": 12,
                "data movement": 12,
                "convolution": 1,
                "reformat": 1,
            },
        ),
        ("resnet50", {"convolution": 53, "reformat": 2, "pooling": 2, "matmul": 1}),
    ],
)
def test_of_measured_networks(name, counts):
    profile = measured(name)
    words, fusion = OperatorWords(model_graph(profile)), map_fusion(profile)
    home = {i: group for group in fusion.groups for i in group.layers}
    kinds = Counter(
        kind_of(
            layer, layer.nodes or home[i].nodes, words, is_reformat=i in home[i].reformats
        ).value
        for i, layer in enumerate(profile.layers)
    )
    assert kinds == counts
