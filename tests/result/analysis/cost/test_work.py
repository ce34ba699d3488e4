"""The work of groups: by hand for small ones, and on networks that were measured on an H200."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hand_made_profiles import make_profile
from networks import built, measured, measured_with_work

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.cost.work import GroupWork
from trtcore.result.records.layers import IOTensor, Layer, ModelNode, TensorInfo
from trtcore.result.records.work import NodeWork

X, T, Y = (TensorInfo(name, (2, 8), "Half") for name in "xty")
CONV = ModelNode("conv", "Conv", ("x", "w"), ("t",), work=NodeWork(100, 216, 40, (16,)))
RELU = ModelNode("relu", "Relu", ("t",), ("y",), work=NodeWork(0, 16, 0, (16,)))
IO = (IOTensor("x", (2, 8), "Half"), IOTensor("y", (2, 8), "Half", mode="output"))


def works(layers: list[Layer], *nodes: ModelNode, **changes: object) -> tuple[GroupWork, ...]:
    profile = make_profile(layers, [[1.0] * len(layers)], nodes, io=IO, **changes)
    return Analysis(profile).work


def test_one_layer_reads_its_input_and_weights_and_writes_its_result() -> None:
    layer = Layer("a", "correlation", ("conv", "relu"), inputs=(X,), outputs=(Y,))
    assert works([layer], CONV, RELU) == (
        GroupWork((0,), ("conv", "relu"), 100, 232, 80.0, 32.0, 32.0, "fp16"),
    )


def test_what_only_a_group_exchanges_does_not_leave_it() -> None:
    first = Layer("a", "correlation", ("conv",), inputs=(X,), outputs=(T,))
    second = Layer("b", "kgen", ("conv", "relu"), inputs=(T,), outputs=(Y,))
    (work,) = works([first, second], CONV, RELU)
    assert (work.read_bytes, work.written_bytes) == (32.0, 32.0)
    apart = works([first, replace(second, nodes=("relu",))], CONV, RELU)
    assert [(one.read_bytes, one.written_bytes) for one in apart] == [(32.0, 32.0)] * 2
    assert [one.dtype for one in apart] == ["fp16", "fp32"]


def test_a_tensor_that_is_also_an_output_leaves_its_group() -> None:
    first = Layer("a", "correlation", ("conv",), inputs=(X,), outputs=(Y,))
    second = Layer("b", "kgen", ("conv", "relu"), inputs=(Y,), outputs=(replace(T, name="z"),))
    (work,) = works([first, second], CONV, RELU)
    assert work.written_bytes == 64.0


def test_weights_have_the_type_that_the_plan_tells() -> None:
    layer = Layer("a", "correlation", ("conv",), inputs=(replace(X, dtype="Int8"),), outputs=(T,))
    (work,) = works([replace(layer, constant_types=("Int8", "Float"))], CONV)
    assert (work.weight_bytes, work.dtype, work.read_bytes) == (40.0, "int8", 16.0)


def test_scales_of_kernels_around_a_product_say_nothing_of_its_weights() -> None:
    quantize = Layer("q", "kgen", ("conv",), inputs=(X,), outputs=(T,), constant_types=("Float",))
    product = Layer("a", "correlation", ("conv",), inputs=(replace(T, dtype="Int8"),), outputs=(Y,))
    (work,) = works([quantize, product], CONV)
    assert (work.weight_bytes, work.dtype) == (40.0, "int8")


# What TensorRT-RTX builds on this machine: 25.5 million weights, most of them of a byte, or of 2.
@pytest.mark.parametrize(
    ("name", "megabytes"),
    [("resnet50_int8", 25.5), ("resnet50_fp8", 25.5), ("resnet50_dynamo", 51)],
)
def test_engines_built_here_have_weights_of_their_type(name: str, megabytes: float) -> None:
    cost = Analysis(built(name)).cost
    assert cost is not None
    assert cost.weight_bytes / 1e6 == pytest.approx(megabytes, rel=0.15)
    assert not cost.is_at_least


def test_constants_that_a_plan_lists_are_not_counted_beside_the_same_weights() -> None:
    weights = TensorInfo("w.1", (40,), "Half")
    layer = Layer("a", "correlation", ("conv",), inputs=(X, weights), outputs=(T,))
    (work,) = works([layer], CONV)
    assert (work.weight_bytes, work.read_bytes) == (80.0, 32.0)


@pytest.mark.parametrize(
    ("precision", "dtype", "weight_bytes"),
    [("fp32", "fp32", 160.0), ("tf32", "tf32", 160.0), ("half2", "fp16", 80.0), ("", "", 0.0)],
)
def test_without_told_types_those_of_the_precision_are_taken_and_said_so(
    precision: str, dtype: str, weight_bytes: float
) -> None:
    tensors = [replace(tensor, dtype="") for tensor in (X, T)]
    layer = Layer("a", "correlation", ("conv",), inputs=(tensors[0],), outputs=(tensors[1],))
    (work,) = works([layer], CONV, precision=precision)
    assert (work.dtype, work.weight_bytes, work.is_assumed) == (dtype, weight_bytes, True)
    assert work.is_at_least is (precision == "")


def test_a_product_has_the_type_of_its_operands_whatever_it_writes() -> None:
    wide = replace(T, dtype="Float")
    layer = Layer("a", "gemm", ("conv",), inputs=(X, replace(wide, name="r")), outputs=(wide,))
    (work,) = works([layer], CONV)
    assert work.dtype == "fp16"


@pytest.mark.parametrize(
    "unknown",
    [
        {"inputs": (replace(X, shape=(-1, 8)),)},
        {"kind": "Myelin", "name": "{ForeignNode[conv...relu]}", "nodes": ()},
    ],
)
def test_what_is_not_known_in_full_is_a_lower_bound(unknown: dict[str, object]) -> None:
    layer = Layer("a", "correlation", ("conv",), inputs=(X,), outputs=(T,))
    assert not works([layer], CONV)[0].is_at_least
    assert works([replace(layer, **unknown)], CONV, RELU)[0].is_at_least  # type: ignore[arg-type]
    (work,) = works([layer], replace(CONV, work=None), RELU)[:1]
    assert (work.macs, work.is_at_least) == (0, True)


def test_a_lookup_reads_the_rows_it_asks_for_and_not_the_table() -> None:
    rows = ModelNode("look", "Gather", ("x", "w"), ("y",), work=NodeWork(0, 0, 30000, (16,)))
    layer = Layer("a", "kgen", ("look",), inputs=(X,), outputs=(Y,))
    assert works([layer], rows)[0].weight_bytes == 32.0


def test_results_without_counted_work_have_none() -> None:
    analysis = Analysis(measured("resnet50"))
    assert (analysis.work, analysis.cost) == ((), None)


# Multiply-adds of an image, and parameters: published figures (torchvision's model table).
@pytest.mark.parametrize(
    ("name", "gmacs", "parameters"),
    [
        ("resnet50", 4.09, 25.56e6),
        ("vit_b_16", 17.56, 86.57e6),
        ("swin_t", 4.49, 28.29e6),
        ("convnext_tiny", 4.46, 28.59e6),
        ("mobilenet_v3_large", 0.22, 5.48e6),
    ],
)
def test_measured_networks_have_their_published_work(
    name: str, gmacs: float, parameters: float
) -> None:
    analysis = Analysis(measured_with_work(name))
    cost = analysis.cost
    assert cost is not None
    assert cost.macs / 4e9 == pytest.approx(gmacs, rel=0.02)
    # Of 2 bytes each. Tables of positions that are made from constants make the difference.
    assert cost.weight_bytes / 2 == pytest.approx(parameters, rel=0.02)
    assert not cost.is_at_least
    assert not cost.is_assumed
    assert cost.main_dtype == "fp16"
    assert {work.layers for work in analysis.work} == {g.layers for g in analysis.fusion.groups}
