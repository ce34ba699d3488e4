"""ONNX files from the wild on the CPU: they run, every node has a row, the measurement is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import parser
from paths import DATA
from precision_models import model_of

from trtcore.errors import ModelError
from trtcore.measure.nodes.onnxruntime.profile import profile_nodes, run_model
from trtcore.models.load import load_model
from trtcore.models.model import Model
from trtcore.models.onnx.graph import model_outputs
from trtcore.models.onnx.input_roles import make_model_inputs
from trtcore.precision.accuracy.reference import Reference
from trtcore.precision.convert.apply import apply_precision
from trtcore.result.records.accuracy import Obstacle
from trtcore.result.saved import load_profile

Command = Callable[..., tuple[int, str]]
WILD = DATA / "wild"
FEW = ("--iterations", "2", "--backend", "onnxruntime")
# FP16 has 11 bits and BF16 has 8, so that a rounding is off by 2**-11 or 2**-8 / 2 of a value at
# most. These files have up to eight nodes in a row, which round what they read and what they write.
ROUNDINGS = 2 * 8
BOUNDS = {"fp16": ROUNDINGS * 2.0**-11, "bf16": ROUNDINGS * 2.0**-9}

ROWS = {
    "if_capture": (
        "act branch branch/else/gemm_e branch/else/uns_e branch/else/rz_e branch/else/sq_e mm"
    ),
    "loopc_all": "loop loop/body/mml loop/body/th loop/body/ids loop/body/idc mm",
    "scan_all": "scan scan/body/add scan/body/mul",
    "torch_squeeze_if": ("/Shape /Gather /Equal /If /If/else/Squeeze /If/else/Identity_then /Relu"),
}


def model(name: str, **options: object) -> Model:
    return load_model(WILD / f"{name}.onnx", **options)


def rows(graph: Model) -> list[str]:
    feeds = make_model_inputs(graph)
    return [layer.name for layer in profile_nodes(graph, feeds, iterations=2, threads=1).layers]


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("precision", ["", "fp16"])
def test_every_node_of_a_body_has_a_row(name: str, precision: str) -> None:
    graph = apply_precision(model(name), precision) if precision else model(name)
    found = [row for row in rows(graph) if not row.endswith("(Cast)")]
    if name == "torch_squeeze_if":  # which of the two identities runs is the branch's choice
        assert [row.replace("then/", "else/") for row in found][:5] == ROWS[name].split()[:5]
    else:
        assert sorted(found) == sorted(ROWS[name].split())


@pytest.mark.parametrize("precision", BOUNDS)
@pytest.mark.parametrize("name", [*ROWS, "dropout7", "upsample9", "embedding"])
def test_accuracy_in_every_precision_and_operator_set(name: str, precision: str) -> None:
    loaded = model(name, shapes={"ids": (1, 5)} if name == "embedding" else None)
    accuracy = Reference(loaded, run_model, threads=1).of_graph(apply_precision(loaded, precision))
    assert accuracy.not_compared == ()
    assert 0 < accuracy.relative_l2 < BOUNDS[precision]


def test_rounding_to_bf16_below_operator_set_13_is_that_of_the_type() -> None:
    from trtcore.precision.accuracy.emulation import emulated
    from trtcore.result.types.dtypes import to_bfloat16_values

    graph = apply_precision(model("dropout7"), "bf16")
    wide = emulated(graph)
    name = model_outputs(graph)[0].name
    feeds = {key: np.asarray(value) for key, value in make_model_inputs(graph).items()}
    found = run_model(wide, feeds, threads=1)[name]
    np.testing.assert_array_equal(found, to_bfloat16_values(found))


def test_detections_of_another_number_keep_the_measurement(
    command: Command, tmp_path: Path
) -> None:
    saved = tmp_path / "p.json"
    file = WILD / "detections.onnx"
    code, text = command("profile", file, "--fp16", "--accuracy", *FEW, "--save", saved)
    assert code == 0
    assert "scores: not compared: its shape depends on the data, 4137 here and 4140 in FP32" in text
    accuracy = load_profile(saved).accuracy
    assert accuracy is not None
    assert [one.obstacle for one in accuracy.not_compared] == [Obstacle.SHAPE]
    code, error = command("profile", file, "--fp16", "--tolerance", "0.1", *FEW, "--save", saved)
    assert (code, error.splitlines()[-1]) == (
        1,
        "trtcore: error: tolerance 0.1 cannot be checked for output scores: it was not compared, "
        "the report says why",
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("sequence", "sq[2]: relative L2"),
        ("seq_output", "sq[0]: relative L2"),
        (
            "labels",
            "label: not compared: it holds no plain numbers (text, maps, an empty optional, FP8)",
        ),
    ],
)
def test_outputs_that_are_no_tensors(command: Command, name: str, line: str) -> None:
    file = WILD / f"{name}.onnx"
    code, text = command("profile", file, "--fp16", "--accuracy", *FEW)
    assert (code, line in text) == (0, True)
    code, text = command("profile", file, "--compare", "fp32,fp16", *FEW)
    assert (code, line in text) == (0, True)


@pytest.mark.parametrize("arguments", [(), ("--keep-fp32", "mask/Mul")])
def test_the_mask_gives_no_nan_with_or_without_the_node_in_fp32(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    mask = np.array([[1] * 8, [0] * 8])
    np.savez(tmp_path / "in.npz", s=np.ones((2, 8), np.float32), mask=mask)
    given = ("--input", tmp_path / "in.npz", "--tolerance", "0.01")
    code, text = command("profile", WILD / "mask.onnx", "--fp16", *arguments, *given, *FEW)
    assert (code, "NaN" in text) == (0, False)


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("nameless", "the graph has no name: the model's own was taken"),
        (
            "input_noshape",
            "input 'x' has no shape in the file: a scalar was taken, shapes gives another",
        ),
    ],
)
def test_what_the_runtimes_read_is_read_with_a_note(name: str, note: str) -> None:
    loaded = model(name)
    assert note in loaded.notes
    assert len(rows(loaded)) == 1


def test_an_input_without_a_shape_takes_any() -> None:
    loaded = model("input_noshape", shapes={"x": (2, 3)})
    assert model_outputs(loaded)[0].shape == (2, 3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "shape",
            "shape: ONNX Runtime: node 'rs' (Reshape): The input tensor cannot be reshaped to the "
            "requested shape. Input shape:{2,12}, requested shape:{5,5}",
        ),
        (
            "opset99",
            "opset99: ONNX Runtime: Opset 99 is newer than it. Current official support for domain "
            "ai.onnx is till opset 28.",
        ),
        (
            "custom_dom",
            "custom_dom: ONNX Runtime: Fatal error: my.ops:MyOp(-1) is not a registered "
            "function/op; a plugin of TensorRT runs in an engine only, with --plugins",
        ),
    ],
)
def test_a_refusal_has_the_reason(
    command: Command, tmp_path: Path, name: str, message: str
) -> None:
    given: tuple[object, ...] = ()
    if name == "shape":
        np.savez(tmp_path / "in.npz", x=np.ones((2, 12), np.float32), shape=np.array([5, 5]))
        given = ("--input", tmp_path / "in.npz")
    code, error = command("profile", WILD / f"{name}.onnx", *given, *FEW)
    assert (code, error.splitlines()[-1]) == (2, f"trtcore: error: {message}")
    assert len(error.splitlines()[-1]) <= 300


HEAD = '<ir_version: 8, opset_import: ["" : 17]>'


def test_nodes_out_of_order_are_sorted_with_a_note() -> None:
    text = "late (float[2] x) => (float[2] y) { [b] y = Neg (t) [a] t = Relu (x) }"
    loaded = load_model(parser.parse_model(HEAD + text))
    assert [node.name for node in loaded.proto.graph.node] == ["a", "b"]
    note = "its nodes were not in the order in which they read each other: sorted"
    assert loaded.notes == (note,)


def test_the_bodies_of_local_functions_take_the_place_of_their_calls() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
    calls (float[2,3] x) => (float[2,3] y) { [call] t = own.f (x) [again] y = own.f (t) }
    <opset_import: ["" : 17], domain: "own"> f (a) => (b) { [up] c = Tanh (a) [down] b = Neg (c) }
    """
    loaded = load_model(parser.parse_model(text))
    assert len(rows(loaded)) == 4
    graph = apply_precision(loaded, "bf16")
    accuracy = Reference(loaded, run_model, threads=1).of_graph(graph)
    assert accuracy.relative_l2 < BOUNDS["bf16"]


OLD = """net (float[2,4] x) => (float[2,4] y) <float[2,4] o>
    { [tanh] t = Tanh (x) [sum] s = Sum (t, o) [act] y = LeakyRelu (s) }"""


@pytest.mark.parametrize("opset", [6, 7, 8, 9, 10, 11, 12, 13, 17])
def test_bf16_is_rounded_to_in_every_operator_set_that_onnxruntime_has(opset: int) -> None:
    loaded = model_of(HEAD.replace("17", str(opset)) + OLD)
    graph = apply_precision(loaded, "bf16")
    accuracy = Reference(loaded, run_model, threads=1).of_graph(graph)
    assert accuracy.not_compared == ()
    assert 0 < accuracy.relative_l2 < BOUNDS["bf16"]
    # The same roundings as by the type itself, which Cast has from set 13 on.
    newest = model_of(HEAD + OLD)
    assert accuracy.relative_l2 == (
        Reference(newest, run_model, threads=1)
        .of_graph(apply_precision(newest, "bf16"))
        .relative_l2
    )


def test_arithmetic_that_onnxruntime_does_not_have() -> None:
    text = HEAD.replace("17", "6") + "old (float[2] x) => (float[2] y) { [add] y = Add (x, x) }"
    loaded = load_model(parser.parse_model(text))
    with pytest.raises(ModelError) as error:
        rows(loaded)
    assert str(error.value) == (
        "old: ONNX Runtime: Could not find an implementation for Add(6) node with name 'add'; it "
        "has few operators of a set as old as 6: convert the file with ONNX's version_converter to "
        "7 or later"
    )


def test_an_empty_cache_has_a_length_of_zero() -> None:
    text = """cache (float[1,P,4] past, float[1,2,4] new) => (float[1,T,4] y)
        { [join] y = Concat <axis = 1> (past, new) }"""
    loaded = load_model(parser.parse_model(HEAD + text), shapes={"past": (1, 0, 4)})
    assert model_outputs(loaded)[0].shape == (1, 2, 4)
    assert rows(loaded) == ["join"]


@pytest.mark.parametrize("kind", ["bfloat16", "float8e4m3fn", "float8e5m2"])
def test_types_that_numpy_lacks_are_fed_and_timed(kind: str) -> None:
    text = f"narrow ({kind}[2,3] x) => (float[2,3] y) {{ [wide] y = Cast <to = 1> (x) }}"
    head = HEAD.replace("17", "19").replace(": 8", ": 9")
    assert rows(load_model(parser.parse_model(head + text))) == ["wide"]


def test_lengths_axes_divisors_and_classes_are_valid_by_default() -> None:
    text = """numbers (float[4,2,3] x, int32[2] lens, int64[1] axes, int64[3] d, int64[2] c,
                       float[5,4] boxes, int64[5] image) => (float[1,2,5] h, float y, int64[3] q)
        <float[1,20,3] w, float[1,20,5] r, float[2,7] logits, int64[3] n = {7, 8, 9}>
        { [lstm] all, h = LSTM <hidden_size = 5> (x, w, r, , lens)
          [sum] s = ReduceSum <keepdims = 0> (h, axes) [div] q = Div (n, d)
          [loss] y = SoftmaxCrossEntropyLoss (logits, c) }"""
    feeds = make_model_inputs(model_of(HEAD + text))
    assert feeds["lens"].tolist() == [4, 4]
    assert feeds["axes"].tolist() == [0]
    assert feeds["d"].min() >= 1
    assert feeds["c"].max() < 7


def test_boxes_have_an_area() -> None:
    text = """detect (float[1,6,4] boxes, float[1,2,6] scores) => (int64[N,3] y)
        { [nms] y = NonMaxSuppression (boxes, scores) }"""
    boxes = make_model_inputs(model_of(HEAD + text))["boxes"]
    assert (boxes[..., :2] < boxes[..., 2:]).all()
