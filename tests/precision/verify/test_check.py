"""The truth check: what the engine says it is, against what was requested."""

from __future__ import annotations

import dataclasses

import pytest
from paths import DATA

from trtcore.errors import PrecisionNotMetError
from trtcore.precision.verify.check import check_precision
from trtcore.report.content.facts.precision import precision_line
from trtcore.result.analysis.requirements import require_met
from trtcore.result.readers.inspector.inspector import parse_engine_information
from trtcore.result.records.build import PrecisionVerdict
from trtcore.result.records.layers import Layer, TensorInfo


def layer(name: str, reads: str = "Half", writes: str = "Half", kind: str = "kgen") -> Layer:
    return Layer(
        name,
        kind,
        (f"node/{name}",),
        inputs=tuple(TensorInfo("i", (1,), word) for word in reads.split()),
        outputs=tuple(TensorInfo("o", (1,), word) for word in writes.split()),
    )


def googlenet() -> tuple[Layer, ...]:
    text = (DATA / "inspector_googlenet_fp16_b4.json").read_text()
    return parse_engine_information(text).layers


def widened(layers: tuple[Layer, ...], first: int) -> tuple[Layer, ...]:
    """The same engine with every layer from one on in FP32: what a half-converted graph gives."""

    def wide(tensors: tuple[TensorInfo, ...]) -> tuple[TensorInfo, ...]:
        return tuple(dataclasses.replace(tensor, dtype="Float") for tensor in tensors)

    return layers[:first] + tuple(
        dataclasses.replace(one, inputs=wide(one.inputs), outputs=wide(one.outputs))
        for one in layers[first:]
    )


def test_real_fp16_engine() -> None:
    check = check_precision(googlenet(), "fp16")
    assert (check.verdict, check.layers, check.unreported) == (PrecisionVerdict.MET, 80, 0)
    assert check.dtypes == {"Half": 76, "Float": 4}
    assert precision_line(check) == (
        "requested fp16: 76 of 80 layers Half, 4 Float (pool1/norm1, conv2/norm2);"
        " 126 stream sync layers not counted"
    )
    assert (
        check.layers + check.markers + check.integers + check.unreported == len(googlenet()) == 206
    )
    assert [fallback.layer for fallback in check.fallbacks] == [
        "__myl_CastMul_myl0_3",
        "pool1/norm1_pooling_myl0_4",
        "__myl_CastMul_myl0_8",
        "conv2/norm2_pooling_myl0_9",
    ]
    require_met(check)


def test_islands_with_their_time_longest_first() -> None:
    layers = googlenet()
    times = [0.0] * len(layers)
    for index, one in enumerate(layers):
        times[index] = {"pool1/norm1_pooling_myl0_4": 2.0, "conv2/norm2_pooling_myl0_9": 3.0}.get(
            one.name, 0.25 if one.kind == "correlation" else 0.0
        )
    check = check_precision(layers, "half2", layer_ms=times)
    assert [(i.dtype, i.median_ms) for i in check.fallbacks[:2]] == [("Float", 3.0), ("Float", 2.0)]
    assert check.fallbacks[0].share == pytest.approx(3 / (5 + 57 * 0.25))
    assert "(conv2/norm2, pool1/norm1), 26.0 % of time; 126 stream" in precision_line(check)


def test_islands_by_their_part_of_the_corrected_time() -> None:
    names = ("pool1/norm1_pooling_myl0_4", "conv2/norm2_pooling_myl0_9")
    layers = [one for one in googlenet() if one.name in names]
    check = check_precision(layers, "fp16", layer_ms=[5.0, 6.0], shares=[0.7, 0.2])
    assert [(i.median_ms, i.share) for i in check.fallbacks] == [(5.0, 0.7), (6.0, 0.2)]
    assert "90.0 % of time" in precision_line(check)


def test_half_converted_engine_fails() -> None:
    layers = googlenet()
    middle = next(i for i, one in enumerate(layers) if "inception_4c/1x1" in one.nodes)
    check = check_precision(widened(layers, middle), "fp16")
    assert check.verdict is PrecisionVerdict.NOT_MET
    with pytest.raises(PrecisionNotMetError) as error:
        require_met(check)
    assert error.value.exit_code == 1
    assert str(error.value).startswith(
        "the engine does not have the requested precision: requested fp16: "
    )


def test_silent_fp32_fails() -> None:
    check = check_precision(widened(googlenet(), 0), "fp16")
    assert check.verdict is PrecisionVerdict.NOT_MET
    assert precision_line(check).startswith(
        "requested fp16: 0 of 80 layers Half, 80 Float (conv1/7x7_s2, "
    )
    assert " and 128 more); 126 stream" in precision_line(check)
    assert check_precision(widened(googlenet(), 0), "fp32").verdict is PrecisionVerdict.MET
    assert check_precision(widened(googlenet(), 0), "tf32").fallbacks == ()
    assert check_precision(googlenet(), "fp32").verdict is PrecisionVerdict.NOT_MET


def test_few_convolutions_but_all_in_fp32_fail() -> None:
    layers = [layer(f"p{i}") for i in range(9)] + [layer("c", "Float", "Float", "correlation")]
    assert check_precision(layers, "fp16").verdict is PrecisionVerdict.NOT_MET


def test_most_of_the_time_in_fp32_fails() -> None:
    layers = [layer("a"), layer("b"), layer("c", "Half", "Float")]
    assert check_precision(layers, "fp16", layer_ms=[1, 1, 1]).verdict is PrecisionVerdict.MET
    assert check_precision(layers, "fp16", layer_ms=[1, 1, 3]).verdict is PrecisionVerdict.NOT_MET


def test_the_inside_of_a_node_is_not_held_against_it_whatever_it_takes() -> None:
    layers = googlenet()
    # GoogLeNet at batch 1 on an H200: the average poolings of the two LRN take half of the time.
    times = [40.0 if "norm" in one.name and one.kind == "avgpool" else 1.0 for one in layers]
    check = check_precision(layers, "fp16", layer_ms=times)
    assert [round(row.share or 0, 2) for row in check.fallbacks] == [0.14, 0.14, 0.0, 0.0]
    assert check.verdict is PrecisionVerdict.MET


def test_a_product_inside_a_node_is_held_against_it() -> None:
    begin, end = layer("begin"), layer("end")
    product = layer("product", "Float", "Float", "gemm")
    layers = [dataclasses.replace(one, nodes=("net/fc",)) for one in (begin, product, end)]
    assert check_precision(layers, "fp16").verdict is PrecisionVerdict.NOT_MET
    other = dataclasses.replace(layers[1], kind="kgen")
    assert check_precision([begin, other, end], "fp16", layer_ms=[1, 9, 1]).verdict is (
        PrecisionVerdict.NOT_MET
    )


def test_what_was_kept_on_request_is_not_held_against_it() -> None:
    layers = [layer("a"), layer("b", "Float", "Float", "conv"), layer("c", "Float", "Float")]
    assert check_precision(layers, "fp16").verdict is PrecisionVerdict.NOT_MET
    check = check_precision(layers, "fp16", kept={"node/b", "node/c"})
    assert check.verdict is PrecisionVerdict.MET
    assert precision_line(check) == (
        "requested fp16: 1 of 3 layers Half, 2 Float (node/b, node/c), 2 of them on request;"
        " pinned to FP32: 2 of 2 nodes"
    )


def test_quantized_layers_are_not_held_against_it() -> None:
    layers = [layer("q", "Half", "Int8"), layer("c", "Int8", "Int8", "conv"), layer("d", "Int8")]
    check = check_precision(layers, "fp16")
    assert (check.verdict, check.dtypes, check.fallbacks) == (
        PrecisionVerdict.MET,
        {"Half": 2, "Int8": 1},
        (),
    )
    assert precision_line(check_precision(layers, "")) == "engine: 2 of 3 layers Half, 1 Int8"


def test_markers_and_integer_layers_do_not_count() -> None:
    layers = [
        layer("a"),
        layer("topk", "Half", "Int32"),
        layer("index", "Int64", "Int64"),
        Layer("w", "wait"),
    ]
    check = check_precision(layers, "fp16")
    assert (check.layers, check.dtypes, check.unreported) == (2, {"Half": 2}, 0)
    assert precision_line(check) == (
        "requested fp16: 2 of 2 layers Half; 1 stream sync layers and 1 layers of integers not "
        "counted"
    )


def test_opaque_plan_is_said_to_be_opaque() -> None:
    names = [Layer("conv1 + relu1"), Layer("fc")]
    check = check_precision(names, "fp16", layer_ms=[1, 2])
    assert (check.verdict, check.unreported) == (PrecisionVerdict.OPAQUE, 2)
    assert precision_line(check) == (
        "requested fp16: layer data types unavailable; rebuild with profiling verbosity DETAILED"
    )
    require_met(check)
    partly = check_precision([layer("a"), *names], "fp16")
    assert precision_line(partly) == "requested fp16: 1 of 1 layers Half; 2 layers unreported"


def test_bf16_and_half_are_told_apart() -> None:
    layers = [layer("a", "BFloat16", "BFloat16"), layer("b", "BFloat16", "BFloat16")]
    assert check_precision(layers, "bf16").verdict is PrecisionVerdict.MET
    assert check_precision(layers, "fp16").verdict is PrecisionVerdict.NOT_MET


def test_what_tensorrt_has_in_fp32_only_is_not_held_against_the_engine() -> None:
    wide = [layer(f"cell{i}", "Float", "Float") for i in range(3)]
    nameless = dataclasses.replace(layer("__myl_Resh", "Float", "Float"), nodes=())
    layers = (layer("fc"), *wide, nameless)
    assert check_precision(layers, "fp16").verdict is PrecisionVerdict.NOT_MET
    own = {f"node/cell{i}" for i in range(3)}
    check = check_precision(layers, "fp16", fp32_only=own)
    assert check.verdict is PrecisionVerdict.MET
    assert precision_line(check) == (
        "requested fp16: 1 of 5 layers Half, 4 Float (node/cell0, node/cell1, node/cell2, "
        "__myl_Resh), 4 of them in FP32 only in TensorRT"
    )
    # Neither a layer of other nodes is excused, nor one without nodes where nothing explains it.
    other = check_precision(layers, "fp16", fp32_only={"node/other"})
    assert other.verdict is PrecisionVerdict.NOT_MET
    unexplained = check_precision((layer("fc"), nameless, nameless), "fp16")
    assert unexplained.verdict is PrecisionVerdict.NOT_MET


def test_a_whole_network_in_one_layer_is_unknown_and_not_refused() -> None:
    whole = dataclasses.replace(layer("{ForeignNode[a...z]}", "Float", "Float"), nodes=("a", "z"))
    check = check_precision((whole,), "fp16")
    assert check.verdict is PrecisionVerdict.OPAQUE
    assert precision_line(check) == (
        "requested fp16: unknown: 1 of 1 layers do not tell what they compute in"
    )
    require_met(check)


def test_a_layer_counts_by_what_it_computes_in_between_its_casts() -> None:
    fused = dataclasses.replace(
        layer("fused", "Float", "Float"), nodes=("x_to_fp16", "norm", "y_to_fp32")
    )
    assert check_precision((fused,), "fp16").verdict is PrecisionVerdict.MET
    # Without a cast inside, or with a node that was to stay in FP32, it is what it writes.
    assert check_precision((layer("own", "Float", "Float"),), "fp16").verdict is (
        PrecisionVerdict.NOT_MET
    )
    kept = check_precision((fused,), "fp16", kept={"norm"})
    assert kept.dtypes == {"Float": 1}


@pytest.mark.parametrize(
    ("one", "kept", "dtype"),
    [
        # As TensorRT-RTX 1.7.1 builds VGG-19 in BF16, whose MaxPool it has in FP32.
        (layer("conv", "BFloat16 BFloat16", "Float", "runtime_fusion"), (), "BFloat16"),
        (layer("conv", "BFloat16 Float", "Float", "runtime_fusion"), (), "Float"),
        (layer("conv", "BFloat16", "Float", "correlation"), ("node/conv",), "Float"),
        (layer("pool", "BFloat16", "Float", "maxpool"), (), "Float"),
    ],
)
def test_a_product_counts_by_its_operands_whatever_a_cast_behind_it_writes(
    one: Layer, kept: tuple[str, ...], dtype: str
) -> None:
    assert check_precision([one], "bf16", kept=kept).dtypes == {dtype: 1}
