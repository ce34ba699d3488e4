"""What the layers of real quantized engines do, as TensorRT-RTX builds them."""

from __future__ import annotations

import functools
from collections import Counter
from importlib.util import find_spec

import pytest
from networks import built
from quantized_models import CONVOLUTIONS, ENCODER, quantized

from trtcore.api.calls import build_model
from trtcore.engine.tensorrt.builder import Plan
from trtcore.models.onnx.graph import model_nodes
from trtcore.result.analysis.quantization import Quantization, find_quantization
from trtcore.result.records.layers import Layer, ModelNode, TensorInfo
from trtcore.result.types.layer_types import layer_dtype, multiplies

rtx = pytest.mark.skipif(
    find_spec("tensorrt_rtx") is None,
    reason="TensorRT-RTX builds without a GPU, TensorRT does not",
)
WORDS = {"int8": "Int8", "fp8": "FP8"}


@functools.cache
def plan_of(text: str, kind: str, stored: bool = False, leave: tuple[str, ...] = ()) -> Plan:
    return build_model(quantized(text, kind, stored=stored, leave=leave), use_cache=False)


def layers_of(plan: Plan) -> tuple[Layer, ...]:
    assert plan.information is not None
    return plan.information.layers


def found_in(plan: Plan) -> Quantization:
    found = find_quantization(layers_of(plan), model_nodes(plan.model))
    assert found is not None
    return found


def nodes_of(plan: Plan, places: tuple[int, ...]) -> set[str]:
    return {name for i in places for name in layers_of(plan)[i].nodes}


@rtx
@pytest.mark.parametrize(
    ("name", "word", "products"),
    [("resnet50_int8", "Int8", {"Int8": 54}), ("resnet50_fp8", "FP8", {"FP8": 53, "Float": 1})],
)
def test_a_resnet(name: str, word: str, products: dict[str, int]) -> None:
    profile = built(name)
    layers = profile.layers
    found = find_quantization(layers, profile.model.nodes)
    assert found is not None
    # All of its convolutions are quantized, but FP8 has none of three channels.
    assert Counter(layer_dtype(one) for one in layers if multiplies(one)) == products
    assert [layers[i].name.startswith("/conv1/Conv") for i in found.stayed] == [True] * (
        products.get("Float", 0)
    )
    assert {layer_dtype(layers[i]) for i in found.computes} == {word}
    # One for each of the 49 Relus, which no convolution of a quantized network has inside.
    assert len(found.fused) == 49
    assert found.beside[0] == "Relu"
    assert {"Add", "GlobalAveragePool"} <= set(found.beside)
    places = (*found.computes, *found.only, *found.fused, *found.stayed)
    assert sorted(places) == list(range(len(layers)))


@rtx
@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("kind", ["int8", "fp8"])
@pytest.mark.parametrize("text", [CONVOLUTIONS, ENCODER], ids=["image", "encoder"])
def test_products_of_a_small_network(text: str, kind: str, stored: bool) -> None:
    plan = plan_of(text, kind, stored)
    layers, found = layers_of(plan), found_in(plan)
    products = [i for i, one in enumerate(layers) if multiplies(one)]
    assert products
    quantized_products = [i for i in products if i in found.computes]
    assert {layer_dtype(layers[i]) for i in quantized_products} == {WORDS[kind]}
    assert quantized_products
    places = (*found.computes, *found.only, *found.fused, *found.stayed)
    assert len(set(places)) == len(places)


@rtx
def test_what_was_left_out_stayed() -> None:
    plan = plan_of(CONVOLUTIONS, "int8", leave=("fc",))
    found = found_in(plan)
    assert "fc" in nodes_of(plan, found.stayed)
    assert {"conv1", "conv2"} <= nodes_of(plan, found.computes)
    whole = found_in(plan_of(CONVOLUTIONS, "int8"))
    assert "fc" not in nodes_of(plan_of(CONVOLUTIONS, "int8"), whole.stayed)


@rtx
def test_without_quantization_there_is_nothing_to_say() -> None:
    assert find_quantization(built("resnet50").layers, built("resnet50").model.nodes) is None


def layer(kind: str, reads: str, writes: str, *nodes: str, constants: str = "Float") -> Layer:
    return Layer(
        "+".join(nodes) or kind,
        kind,
        nodes,
        inputs=tuple(TensorInfo("i", (1,), word) for word in reads.split()),
        outputs=tuple(TensorInfo("o", (1,), word) for word in writes.split()),
        constant_types=tuple(constants.split()),
    )


NODES = tuple(
    ModelNode(name, op, (), ())
    for name, op in (
        ("q1", "QuantizeLinear"),
        ("d1", "DequantizeLinear"),
        ("conv", "Conv"),
        ("q2", "QuantizeLinear"),
        ("relu", "Relu"),
        ("pool", "MaxPool"),
        ("soft", "Softmax"),
        ("shape", "Reshape"),
        ("q3", "TRT_FP8QuantizeLinear"),
    )
)
ENGINE = (
    layer("kgen", "Float", "Int8", "q1", "conv"),
    layer("correlation", "Int8", "Float", "conv", "d1", constants="Int8 Float"),
    layer("kgen", "Float", "Int8", "conv", "q2", "relu"),
    layer("maxpool", "Int8", "Int8", "pool"),
    layer("kgen", "Int8", "Float", "d1", "shape"),
    layer("kgen", "Float", "Float", "soft"),
    layer("kgen", "Int64", "Int64"),
    Layer("wait", "wait"),
    layer("kgen", "Float", "Float", "q3"),
)


def test_each_layer_is_one_of_four() -> None:
    assert find_quantization(ENGINE, NODES) == Quantization(
        computes=(1, 3), only=(0, 4, 8), fused=(2,), stayed=(5,), beside=("Relu",)
    )


def test_without_the_model_names_are_all_there_is() -> None:
    renamed = (*ENGINE[:8], layer("kgen", "Float", "Float", "x_QuantizeLinear"))
    assert find_quantization(renamed) == Quantization(
        computes=(1, 3), only=(8,), fused=(0, 2, 4), stayed=(5,)
    )
