"""Precision on the command line: what is refused and why, what is reported, what fails the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import parser

from trtcore.models.load import load_model
from trtcore.models.onnx.graph import save_onnx
from trtcore.precision.convert.apply import apply_precision
from trtcore.result.records.accuracy import Compared
from trtcore.result.saved import load_profile
from trtcore.system.device import gpu_problem

Run = Callable[..., Any]
CPU = ("--backend", "onnxruntime", "--iterations", "2")
no_gpu = pytest.mark.skipif(gpu_problem() is None, reason="about machines without a GPU")

NET = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[1,4,6,6] x) => (float[1,8,6,6] y, float[1,10] p)
<float[8,4,1,1] w, float[8,10] v, int64[2] flat = {1, 8}> {
  [block_conv] c = Conv (x, w) [block_relu] y = Relu (c)
  [pool] g = GlobalAveragePool (y) [flatten] f = Reshape (g, flat)
  [fc] q = MatMul (f, v) [prob] p = Softmax (q)
}
"""
QUANTIZED = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[1,4,8,8] x) => (float[1,8,8,8] y)
<float s = {0.05}, int8 zero = {0}, float[8,4,1,1] w> {
  [quantize] a = QuantizeLinear (x, s, zero) [dequantize] b = DequantizeLinear (a, s, zero)
  [wq] d = QuantizeLinear (w, s, zero) [wd] e = DequantizeLinear (d, s, zero)
  [conv] y = Conv (b, e)
}
"""
INTEGERS = """
<ir_version: 8, opset_import: ["" : 17]>
net (int64[2] i, float[3,4] m) => (float[2,4] y) { [gather] y = Gather (m, i) }
"""


def save(path: Path, text: str, scale: float = 1.0) -> Path:
    proto = parser.parse_model(text)
    generator = np.random.default_rng(0)
    for value in proto.graph.value_info:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        weights = (generator.standard_normal(shape) * scale).astype(np.float32)
        proto.graph.initializer.append(onnx.numpy_helper.from_array(weights, value.name))
    proto.graph.ClearField("value_info")
    onnx.save(proto, path)
    return path


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return save(tmp_path / "net.onnx", NET)


def assert_refused(ran: Any, *words: str, code: int = 2) -> None:
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert ran.err.count("\n") == 1, ran.err
    for word in words:
        assert word in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--precision", "int8"], "precision is 'int8', must be one of fp32, tf32, fp16"),
        (["--io-precision", "tf32"], "--io-precision is 'tf32', must be one of fp32, fp16, bf16"),
        (["--fp16", "--half2"], "--fp16 and --half2 contradict each other"),
        (["--half2", "--precision", "bf16"], "--half2 and --precision bf16 contradict"),
        (["--bf16", "--fp16"], "--fp16 and --bf16 contradict"),
        (["--bf16", "--backend", "onnxruntime"], "ONNX Runtime computes no BF16 on a CPU"),
        (["--fp16", "--keep-fp32", ""], "keep-fp32 has an empty entry: give an op type, a node"),
        (["--fp16", "--keep-fp32", "Relu,"], "keep-fp32 has an empty entry"),
        (["--fp16", "--keep-fp32", "conv*"], "keep-fp32 'conv*' matches no node"),
        (["--fp16", "--keep-fp32", "Relu,Lrn"], "op type of this model (Conv, GlobalAveragePool"),
        (["--keep-fp32", "Relu"], "keep-fp32 has no meaning with fp32: use it with fp16"),
        (["--io-format", "x=chw2"], "--io-format 'x=chw2' is not of the form name:linear|chw2"),
        (["--io-format", "x:chw3"], "--io-format 'x:chw3' is not of the form name:linear|chw2"),
        (["--tolerance", "-1"], "tolerance is -1.0, must be 0 or more"),
        (["--tolerance", "nan"], "tolerance is nan, must be 0 or more"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_makes_no_sense(run: Run, net: Path, options: list[str], words: str) -> None:
    assert_refused(run("profile", net, *CPU, *options), words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--fp16", "--io-format", "z:chw2"], "names 'z', the inputs and outputs are 'x', 'y'"),
        (["--io-format", "x:chw2"], "'x' is float32, chw2 is for float16, bfloat16"),
        (["--fp16", "--io-format", "p:hwc8"], "'p' has 2 dimensions, hwc8 needs 3 or more"),
        (["--half2", "--io-precision", "fp32"], "half2 has no input or output to vectorise"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_formats_that_do_not_exist(run: Run, net: Path, options: list[str], words: str) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    assert_refused(run("build", net, *options), words)


def test_half2_explains_what_it_cannot_vectorise(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    path = save(tmp_path / "net.onnx", INTEGERS)
    reasons = (
        "half2 has no input or output to vectorise: 'i' is int64, chw2 is for float16, bfloat16; "
        "'m' has 2 dimensions, chw2 needs 3 or more; 'y' has 2 dimensions, chw2 needs 3 or more: "
        "use fp16"
    )
    assert_refused(run("build", path, "--half2"), reasons)


def test_formats_need_an_engine(run: Run, net: Path) -> None:
    ran = run("profile", net, *CPU, "--fp16", "--io-format", "x:chw2")
    assert_refused(
        ran, "--io-format x:chw2 (formats of an engine's inputs and outputs) has no effect with"
    )


def test_overflow_names_the_weight_its_value_and_the_way_out(run: Run, tmp_path: Path) -> None:
    path = save(tmp_path / "net.onnx", NET, scale=1e6)
    ran = run("profile", path, *CPU, "--fp16")
    assert_refused(ran, "initializer 'w' of node 'block_conv' holds ", "e+06, which FP16 (at most")
    names = "block_conv,block_relu,pool,flatten,fc,prob"
    assert ran.err.endswith(f"(1 more like it): use --keep-fp32 {names} and --io-precision fp32\n")
    advised = ("--keep-fp32", names, "--io-precision", "fp32", "--tolerance", "1e-2")
    assert run("profile", path, *CPU, "--fp16", *advised).code == 0


def test_a_model_already_in_fp16_needs_no_option(run: Run, net: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.onnx"
    save_onnx(apply_precision(load_model(net), "fp16"), half)
    ran = run("profile", half, *CPU, "--save", tmp_path / "result.json")
    assert ran.code == 0
    assert "already FP16" in ran.out
    assert load_profile(tmp_path / "result.json").precision == "fp16"
    refused = run("profile", half, *CPU, "--precision", "fp32")
    assert_refused(refused, "half is already FP16 and cannot be converted to FP32")


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ([], ""),
        (
            ["--io-precision", "fp16"],
            "Note: 4 quantized nodes: the model defines its own precision, left unchanged; not "
            "applied: --io-precision\n",
        ),
    ],
    ids=["nothing", "io"],
)
def test_a_quantized_model_is_left_as_it_is(
    run: Run, tmp_path: Path, options: list[str], note: str
) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    path = save(tmp_path / "net.onnx", QUANTIZED)
    ran = run("build", path, *options)
    assert ran.code == 0, ran.err
    assert note in ran.out
    assert ("Note" in ran.out) == bool(note)
    assert "Input x (1, 4, 8, 8) Float linear" in ran.out
    assert "Precision: engine: " in ran.out
    assert "asked" not in ran.out


@pytest.mark.parametrize(
    ("options", "named", "label"),
    [(["--fp16"], "fp16", "FP16"), (["--half2"], "half2", "FP16"), (["--bf16"], "bf16", "BF16")],
)
def test_a_quantized_model_in_another_precision_is_refused(
    run: Run, tmp_path: Path, options: list[str], named: str, label: str
) -> None:
    path = save(tmp_path / "net.onnx", QUANTIZED)
    ran = run("build", path, *options, "-o", tmp_path / "net.plan")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "trtcore: error: net has 4 quantized nodes and FP32 beside them, which --precision "
        f"{named} does not change: leave it out, or quantize the model in {label}\n"
    )
    assert not (tmp_path / "net.plan").exists()


def test_build_tells_a_quantized_engine_apart(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    ran = run("build", save(tmp_path / "net.onnx", QUANTIZED))
    assert ran.code == 0, ran.err
    assert "\nQuantized: 1 in INT8 of 1 layers that multiply; of all layers 1 in INT8\n" in ran.out
    assert "\nQuantization: " in ran.out


def test_build_says_what_the_engine_has(run: Run, net: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    ran = run("build", net, "--half2", "--keep-fp32", "Softmax")
    assert ran.code == 0, ran.err
    assert "Input x (1, 4, 6, 6) Half chw2" in ran.out
    assert "Output y (1, 8, 6, 6) Half chw2" in ran.out
    assert "Output p (1, 10) Half linear" in ran.out
    assert "Precision: requested half2: " in ran.out
    assert "Note: FP16 written into the graph: " in ran.out


@no_gpu
def test_a_tolerance_that_is_kept(run: Run, net: Path, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    ran = run("profile", net, *CPU, "--fp16", "--tolerance", "1e-2", "--save", path)
    assert ran.code == 0, ran.err
    assert "Accuracy  y: relative L2 " in ran.out
    assert "top-1 the same 100.0%" in " ".join(ran.out.split())
    accuracy = load_profile(path).accuracy
    assert accuracy is not None
    assert [output.name for output in accuracy.outputs] == ["y", "p"]
    assert 0 < accuracy.relative_l2 < 1e-2
    assert accuracy.compared is Compared.GRAPH_ON_CPU


@no_gpu
def test_a_tolerance_that_is_not_kept_fails_after_the_report(
    run: Run, net: Path, tmp_path: Path
) -> None:
    path = tmp_path / "result.json"
    ran = run("profile", net, *CPU, "--fp16", "--tolerance", "1e-9", "--save", path)
    assert ran.code == 1
    assert "Time over all layers" in ran.out
    assert "(relative L2) from FP32, more than the tolerance of 1e-09" in ran.err
    assert load_profile(path).accuracy is not None


@no_gpu
def test_infinity_is_traced_to_its_node(run: Run, tmp_path: Path) -> None:
    path = save(tmp_path / "net.onnx", NET, scale=2e4)
    ran = run("profile", path, *CPU, "--fp16", "--accuracy")
    assert ran.code == 0
    assert "infinite values, first in node 'block_conv'" in " ".join(ran.out.split())
    assert run("profile", path, *CPU, "--fp16", "--tolerance", "1").code == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--half2"], "--precision half2 (the one precision of the network) has no effect for a"),
        (["--keep-fp32", "LRN"], "--keep-fp32 LRN (what a 16-bit precision leaves in FP32) has"),
        (["--io-format", "x:chw2"], "--io-format x:chw2 (formats of an engine's inputs and outpu"),
        (["--tolerance", "1e-2"], "--tolerance 0.01 (a comparison of the model's outputs with FP"),
    ],
)
def test_a_plan_is_as_it_is(run: Run, tmp_path: Path, options: list[str], words: str) -> None:
    path = tmp_path / "net.plan"
    path.write_bytes(b"ftrt" * 100)
    assert_refused(run("profile", path, *options), words)
