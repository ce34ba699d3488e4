"""Accuracy: exact small cases by hand, the gate, and the node where a NaN began."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from onnx import parser

from trtcore.errors import NotJudgedError, OptionError, PrecisionNotMetError
from trtcore.measure.nodes.onnxruntime.profile import run_model
from trtcore.models.builtin.googlenet import googlenet
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.precision.accuracy.emulation import emulated
from trtcore.precision.accuracy.outputs import compare_outputs, find_obstacles
from trtcore.precision.accuracy.reference import Reference
from trtcore.precision.convert.apply import apply_precision
from trtcore.report.content.facts.precision import compared_text, output_line
from trtcore.result.analysis.requirements import check_tolerance
from trtcore.result.records.accuracy import (
    Accuracy,
    Compared,
    NotCompared,
    Obstacle,
    OutputAccuracy,
)
from trtcore.result.types.dtypes import to_bfloat16_values


def near(**changes: object) -> OutputAccuracy:
    exact = {
        "name": "y",
        "max_abs": 0.0,
        "mean_abs": 0.0,
        "relative_l2": 0.0,
        "cosine": 1.0,
        "nan_count": 0,
        "inf_count": 0,
    }
    return OutputAccuracy(**{**exact, **changes})


SMALLEST = {"smallest_normal": float(np.finfo(np.float32).smallest_normal)}


def test_metrics_by_hand() -> None:
    (found,) = compare_outputs({"y": np.float32([3, 4])}, {"y": np.float16([3, 5])})
    assert found == near(
        max_abs=1.0,
        mean_abs=0.5,
        relative_l2=pytest.approx(1 / 5),
        cosine=pytest.approx((9 + 20) / (5 * math.sqrt(34))),
        reference_max=4.0,
        **SMALLEST,
    )


def test_equal_outputs() -> None:
    some = np.float32([1, -2])
    assert compare_outputs({"y": some}, {"y": some}) == (near(reference_max=2.0, **SMALLEST),)
    classes = np.zeros(3, np.int64)
    assert compare_outputs({"y": classes}, {"y": classes}) == (near(),)


EMPTY_LINE = "y: not judged: the output is "
HALF = float(np.finfo(np.float16).smallest_normal)


@pytest.mark.parametrize(
    ("reference", "found", "smallest", "line"),
    [
        ([[0] * 20], [[0] * 20], HALF, "zero in FP32 everywhere (largest error 0.00e+00)"),
        ([0, 0], [1, -2], HALF, "zero in FP32 everywhere (largest error 2.00e+00)"),
        ([], [], HALF, "zero in FP32 everywhere (largest error 0.00e+00)"),
        (
            [3e-5, -1e-5],
            [0, 0],
            HALF,
            "3.00e-05 at most in FP32, below the smallest normal value of the type (6.10e-05)"
            " (largest error 3.00e-05)",
        ),
    ],
)
def test_an_empty_reference_passes_no_gate_and_fails_none(
    reference: list[float], found: list[float], smallest: float, line: str
) -> None:
    outputs = {"y": np.float32(found)}
    (accuracy,) = compare_outputs({"y": np.float32(reference)}, outputs, smallest)
    assert accuracy.is_empty
    assert math.isnan(accuracy.relative_l2)
    assert math.isnan(accuracy.cosine)
    assert (accuracy.top1, accuracy.top5) == (None, None)
    assert output_line(accuracy) == f"{EMPTY_LINE}{line}, so this says nothing"
    with pytest.raises(NotJudgedError) as error:
        check_tolerance([near(name="x"), accuracy], 0.01)
    assert error.value.exit_code == 2
    assert str(error.value) == (
        "tolerance 0.01 cannot be checked for output y: in FP32 it is zero, or too small for "
        "the type; give trained weights or another input"
    )
    assert math.isnan(Accuracy((accuracy,)).relative_l2)
    assert Accuracy((accuracy, near(relative_l2=0.5))).relative_l2 == 0.5
    with pytest.raises(PrecisionNotMetError, match=r"output 'x' is 0\.5"):
        check_tolerance([accuracy, near(name="x", relative_l2=0.5)], 0.01)


def test_small_values_are_judged_where_the_type_has_them() -> None:
    tiny = np.float32([3e-5, -1e-5])
    (accuracy,) = compare_outputs({"y": tiny}, {"y": tiny})
    assert not accuracy.is_empty
    check_tolerance([accuracy], 0)


def test_nan_where_fp32_is_zero_fails_all_the_same() -> None:
    zero = np.zeros(2, np.float32)
    (accuracy,) = compare_outputs({"y": zero}, {"y": np.float32([0, np.nan])})
    assert not accuracy.is_empty
    with pytest.raises(PrecisionNotMetError, match="1 NaN or infinite values"):
        check_tolerance([accuracy], 1)


def test_top_1_and_top_5() -> None:
    reference = np.eye(4, 20, dtype=np.float32)
    found = reference.copy()
    found[1, 5] = 2  # another first, the right one second
    found[2, 6:12] = 3  # the right one seventh
    (accuracy,) = compare_outputs({"p": reference}, {"p": found})
    assert (accuracy.top1, accuracy.top5) == (0.5, 0.75)
    (accuracy,) = compare_outputs({"p": reference[:, :, None, None]}, {"p": found[..., None, None]})
    assert (accuracy.top1, accuracy.top5) == (0.5, 0.75)


def test_an_image_with_nan_agrees_with_nothing() -> None:
    reference = np.eye(2, 20, dtype=np.float32)
    found = np.stack([reference[0], np.full(20, np.nan, np.float32)])
    (accuracy,) = compare_outputs({"p": reference}, {"p": found})
    assert (accuracy.top1, accuracy.top5, accuracy.nan_count) == (0.5, 0.5, 20)


@pytest.mark.parametrize("shape", [(4, 9), (4, 20, 2), (20,), ()])
def test_what_is_no_classifier(shape: tuple[int, ...]) -> None:
    values = np.ones(shape, np.float32)
    (accuracy,) = compare_outputs({"y": values}, {"y": values})
    assert (accuracy.top1, accuracy.top5) == (None, None)


def test_nan_and_infinity_are_counted_and_left_out() -> None:
    reference = np.float32([1, 2, 3, 4, np.inf, np.nan])
    found = np.float32([1, np.nan, np.inf, 6, np.inf, np.nan])
    (accuracy,) = compare_outputs({"y": reference}, {"y": found})
    assert (accuracy.nan_count, accuracy.inf_count) == (1, 1)
    assert accuracy.uncompared == 1
    assert accuracy.max_abs == 2.0
    assert accuracy.relative_l2 == pytest.approx(2 / math.sqrt(17))


def test_nan_on_both_sides_is_no_agreement() -> None:
    lost = np.full((2, 2), np.nan, np.float32)
    (accuracy,) = compare_outputs({"y": lost}, {"y": lost})
    assert accuracy.uncompared == 4
    assert (accuracy.nan_count, accuracy.inf_count) == (0, 0)
    figures = (accuracy.max_abs, accuracy.mean_abs, accuracy.relative_l2, accuracy.cosine)
    assert all(math.isnan(figure) for figure in figures)
    assert Accuracy((near(name="x"), accuracy), note="").relative_l2 == math.inf
    with pytest.raises(PrecisionNotMetError) as error:
        check_tolerance([accuracy], 1e9)
    assert str(error.value) == (
        "output 'y' has 4 values that are NaN or infinite in FP32 too, so they cannot be "
        "compared: give other values with inputs"
    )
    assert output_line(accuracy) == (
        "y: 4 values are NaN or infinite in FP32 already: there is nothing to compare"
    )


@pytest.mark.parametrize(
    ("reference", "found", "uncompared"),
    [
        ([np.inf, 1], [np.inf, 1], 0),  # the same infinity is no difference
        ([np.inf, 1], [-np.inf, 1], 1),
        ([np.inf, 1], [7, 1], 1),
        ([np.nan, 1], [7, 1], 1),
        ([np.inf, 1], [np.nan, 1], 0),  # that is a NaN more, and counted as such
    ],
)
def test_a_reference_without_a_value(
    reference: list[float], found: list[float], uncompared: int
) -> None:
    (accuracy,) = compare_outputs({"y": np.float32(reference)}, {"y": np.float32(found)})
    assert accuracy.uncompared == uncompared
    assert accuracy.relative_l2 == 0


@pytest.mark.parametrize(
    ("outputs", "obstacle"),
    [
        ({"z": np.zeros(2)}, NotCompared("y", Obstacle.ABSENT)),
        ({"y": np.zeros(3)}, NotCompared("y", Obstacle.SHAPE, ((3,), (2,)))),
        ({"y": np.array(["a", "b"])}, NotCompared("y", Obstacle.NO_NUMBERS)),
        ({"y": [{1: 0.5}]}, NotCompared("y", Obstacle.NO_NUMBERS)),
    ],
)
def test_outputs_that_do_not_match(outputs: dict[str, Any], obstacle: NotCompared) -> None:
    assert compare_outputs({"y": np.zeros(2)}, outputs) == ()
    assert find_obstacles({"y": np.zeros(2)}, outputs) == (obstacle,)


def test_the_items_of_a_sequence_are_compared_one_by_one() -> None:
    ones = np.ones(2, np.float32)
    assert [o.name for o in compare_outputs({"s": [ones, ones]}, {"s": [ones]})] == ["s[0]"]
    assert find_obstacles({"s": [ones, ones]}, {"s": [ones]}) == (
        NotCompared("s[1]", Obstacle.ABSENT),
    )


def test_gate() -> None:
    check_tolerance([near(relative_l2=0.01)], 0.01)
    with pytest.raises(PrecisionNotMetError) as error:
        check_tolerance([near(), near(name="prob", relative_l2=0.0234)], 0.01)
    assert str(error.value) == (
        "output 'prob' is 0.0234 (relative L2) from FP32, more than the tolerance of 0.01"
    )
    with pytest.raises(PrecisionNotMetError) as error:
        check_tolerance([near(nan_count=2, inf_count=1, first_bad_node="exp")], 1)
    assert str(error.value) == (
        "output 'y' has 3 NaN or infinite values that FP32 does not have, first in node 'exp'"
    )
    for tolerance in (-1, math.nan):
        with pytest.raises(OptionError, match="must be 0 or more"):
            check_tolerance([], tolerance)


def overflowing() -> Model:
    return load_model(
        parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17]>'
            "o (float[3] x) => (float[3] y, float[3] z) <float[3] w = {6000, 6000, 6000}> {"
            "[abs] a = Abs (x) [up] b = Mul (a, w) [square] c = Mul (b, b)"
            "[root] y = Sqrt (c) [fine] z = Neg (a) }"
        )
    )


def test_node_where_infinity_began() -> None:
    original = overflowing()
    reference = Reference(original, run_model, threads=1)
    accuracies = reference.of_graph(apply_precision(original, "fp16")).outputs
    assert [(a.name, a.inf_count > 0, a.first_bad_node) for a in accuracies] == [
        ("y", True, "square"),
        ("z", False, ""),
    ]
    kept = apply_precision(original, "fp16", keep_fp32=["square", "root"])
    accuracies = reference.of_graph(kept).outputs
    assert [(a.inf_count, a.first_bad_node) for a in accuracies] == [(0, ""), (0, "")]
    check_tolerance(accuracies, 1e-2)


def test_googlenet_in_fp16_is_near() -> None:
    original = googlenet(1)
    reference = Reference(original, run_model, threads=2)
    (accuracy,) = reference.of_graph(apply_precision(original, "fp16")).outputs
    assert accuracy.name == "prob"
    assert 0 < accuracy.relative_l2 < 1e-2
    assert accuracy.cosine > 0.9999
    assert (accuracy.top1, accuracy.top5) == (1.0, 1.0)
    check_tolerance([accuracy], 1e-2)


def test_reference_is_seeded() -> None:
    model = overflowing()
    first, again, other = (
        Reference(model, run_model, seed=seed).outputs["y"] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_bf16_on_the_cpu() -> None:
    original = googlenet(1)
    reference = Reference(original, run_model, threads=2)
    (accuracy,) = reference.of_graph(apply_precision(original, "bf16")).outputs
    assert 1e-3 < accuracy.relative_l2 < 1e-1, "eight bits are worse than eleven"


def rounding() -> Model:
    return load_model(
        parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17]>'
            "r (float[3] x, bool c) => (float[3] y) <float[1] big = {2048}> {"
            "[add] a = Add (x, big) [back] b = Sub (a, big)"
            "[if] y = If (c) < then_branch = t () => (float[3] p) { [up] q = Add (b, big)"
            "[down] p = Sub (q, big) }, else_branch = e () => (float[3] n) { [neg] n = Neg (b) }>}"
        )
    )


def test_a_16_bit_model_is_compared_with_its_own_weights_in_fp32() -> None:
    half = apply_precision(rounding(), "fp16")
    reference = Reference(half, run_model, seed=3)
    assert not np.array_equal(reference.outputs["y"], np.round(reference.outputs["y"]))
    found = reference.of_graph(half)
    assert found.outputs[0].relative_l2 > 0.1
    assert found.compared is Compared.GRAPH_ON_CPU
    assert compared_text(found) == (
        "the graph on the CPU, every value rounded to its type and sums in FP32, against the "
        "model in FP32 under ONNX Runtime, random input of seed 3"
    )


def test_outputs_of_an_engine_are_taken_as_they_are() -> None:
    reference = Reference(rounding(), run_model)
    outputs = {name: array.astype(np.float16) for name, array in reference.outputs.items()}
    found = reference.of_engine(apply_precision(rounding(), "fp16"), outputs)
    assert 0 < found.relative_l2 == found.outputs[0].relative_l2 < 1e-3
    outputs["y"][1] = np.inf
    assert reference.of_engine(rounding(), outputs).relative_l2 == math.inf


def test_every_value_is_rounded() -> None:
    original = rounding()
    x = np.float32([0.75, 1.25, -3.5])
    arrays = {"x": x, "c": np.array(True)}
    half = emulated(apply_precision(original, "fp16", keep_fp32=["up", "down"]))
    assert run_model(half, arrays, threads=1)["y"].tolist() == [0, 2, -4]
    (wide,) = run_model(emulated(original), arrays, threads=1).values()
    np.testing.assert_array_equal(wide, x)


@pytest.mark.parametrize("opset", [9, 12, 13])
def test_bf16_is_rounded_in_old_operator_sets_too(opset: int) -> None:
    proto = parser.parse_model(
        f'<ir_version: 3, opset_import: ["" : {opset}]> s (float[4000] x) => (float[4000] y)'
        "{ [neg] y = Neg (x) }"
    )
    x = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    x[:6] = [np.inf, -np.inf, 3e38, -1e35, 0.0, 1e-37]
    graph = emulated(apply_precision(load_model(proto), "bf16"))
    found = run_model(graph, {"x": x}, threads=1)["y"]
    expected = to_bfloat16_values(-x)
    if opset < 13:
        expected[2:4] = -x[2:4]  # too large to be split: left as they are
    np.testing.assert_array_equal(found, expected)
