"""ONNX files from the wild on the CPU: they run, every node has a row, the measurement is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from paths import DATA

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
# Measured on these files: FP16 stays below 2e-3 and BF16 below 2e-2, relative L2.
BOUNDS = {"fp16": 1e-2, "bf16": 5e-2}

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
