"""ONNX files from the wild through the real builder: what is met, described, and refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import parser
from paths import DATA

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX builds without a GPU, TensorRT does not")

Command = Callable[..., tuple[int, str]]
WILD = DATA / "wild"


def precision_of(text: str) -> str:
    """The line of the precision check."""
    lines = [line for line in text.splitlines() if line.startswith("Precision: ")]
    return lines[0].removeprefix("Precision: ")


@pytest.mark.parametrize(
    ("name", "arguments", "line"),
    [
        # One layer that reads and writes FP32, with casts to FP16 and back inside.
        ("layernorm", ("--fp16", "--io-precision", "fp32"), "requested fp16: 1 of 1 layers Half"),
        ("einsum", ("--fp16", "--io-precision", "fp32"), "requested fp16: 1 of 1 layers Half"),
        # Mixed by itself: nobody asked for anything.
        ("weightless", (), "engine: 2 of 3 layers Half, 1 Float"),
        ("fp16_with_cast", (), "engine: 1 of 2 layers Half, 1 Float"),
        ("torch_squeeze_if", ("--fp16",), "requested fp16: 1 of 1 layers Half"),
        (
            "mvn",
            ("--fp16",),
            "requested fp16: 1 of 2 layers Half, 1 Float (x_to_fp32, mvn), 1 of them in FP32 only "
            "in TensorRT",
        ),
    ],
)
def test_a_valid_engine_is_never_refused(
    command: Command, name: str, arguments: tuple[str, ...], line: str
) -> None:
    code, text = command("build", WILD / f"{name}.onnx", *arguments)
    assert code == 0
    assert precision_of(text) == line


@pytest.mark.parametrize("precision", ["--fp16", "--bf16"])
@pytest.mark.parametrize(
    "name", ["clip_inf", "mask_1e9", "mask", "mvn", "lstm_lengths", "gru_lengths", "scan_all"]
)
def test_both_precisions_build(command: Command, name: str, precision: str) -> None:
    assert command("build", WILD / f"{name}.onnx", precision)[0] == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "qlinear",
            "node 'qmm' (QLinearMatMul): TensorRT has no operators on quantized integers: quantize "
            "with QuantizeLinear and DequantizeLinear nodes (Q/DQ) instead",
        ),
        (
            "custom_dom",
            "node 'my' (MyOp): no ONNX operator and no plugin of domain 'my.ops' that is loaded: "
            "--plugins loads libraries of them",
        ),
    ],
)
def test_a_refusal_says_what_tensorrt_lacks(command: Command, name: str, message: str) -> None:
    code, error = command("build", WILD / f"{name}.onnx")
    assert (code, error.splitlines()[-1].partition("the graph: ")[2]) == (2, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "words (string[2] s, float[2] x) => (string[2] t, float[2] y) "
            "{ t = Identity (s) y = Relu (x) }",
            "input 's' is of type string, which TensorRT does not have: export the graph without "
            "what reads it, or time it with --backend onnxruntime",
        ),
        (
            "places (float[2,4] x) => (int64[2,N] y) { [where] y = NonZero (x) }",
            "node 'where' (NonZero): TensorRT does not have this operator; --plugins can add it",
        ),
        (
            "rows (float[2,4,8] x) => (float[4,2,8] y) { [scan] y = Scan <num_scan_inputs = 1, "
            "scan_input_axes = [1], body = b (float[2,8] r) => (float[2,8] o) "
            "{ [neg] o = Neg (r) }> (x) }",
            "node 'scan' (Scan): TensorRT has this operator, but not with these inputs and "
            "attributes in operator set 17 (it says 'Invalid Node - scan')",
        ),
        (
            "several (seq(float[2,4]) s) => (float[4,4] y) "
            "{ [join] y = ConcatFromSequence <axis = 0> (s) }",
            "input 's' is of type sequence, and TensorRT has tensors only; 1 more like it",
        ),
    ],
)
def test_a_refusal_of_a_text_says_what_tensorrt_lacks(
    command: Command, tmp_path: Path, text: str, message: str
) -> None:
    head = '<ir_version: 8, opset_import: ["" : 17]> '
    path = tmp_path / "net.onnx"
    onnx.save(parser.parse_model(head + text), path)
    code, error = command("build", path)
    assert (code, error.splitlines()[-1].partition("the graph: ")[2]) == (2, message)
