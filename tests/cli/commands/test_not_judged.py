"""A tolerance that has nothing to judge by, from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import parser

Run = Callable[..., Any]
CPU = ("--backend", "onnxruntime", "--iterations", "2")
# A network whose head is zero, as torchvision's untrained ViT has it.
NET = """<ir_version: 8, opset_import: ["" : 17]>
net (float[2,8] x) => (float[2,16] y) <float[16] zero = {0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}> {
  [wide] w = Concat <axis = 1> (x, x) [head] y = Mul (w, zero) }"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    onnx.save(parser.parse_model(NET), path)
    return path


def test_it_is_no_pass_and_no_failure(run: Run, net: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    ran = run("profile", net, *CPU, "--fp16", "--tolerance", "1e-2", "--save", saved)
    assert ran.code == 2
    assert ran.err.endswith(
        "trtcore: error: tolerance 0.01 cannot be checked for output y: in FP32 it is zero, or"
        " too small for the type; give trained weights or another input\n"
    )
    assert "y: not judged: the output is zero in FP32 everywhere" in " ".join(ran.out.split())
    (output,) = json.loads(saved.read_text())["accuracy"]["outputs"]
    assert (output["reference_max"], output["max_abs"]) == (0, 0)
    again = run("report", saved)
    assert (again.code, again.err) == (0, "")
    assert "not judged" in again.out


def test_nor_is_it_when_precisions_are_compared(run: Run, net: Path) -> None:
    ran = run("profile", net, *CPU, "--compare", "fp32,fp16", "--tolerance", "1e-2")
    assert ran.code == 2
    assert "trtcore: error: fp32: tolerance 0.01 cannot be checked for output y" in ran.err
    assert "outputs not judged" in " ".join(ran.out.split())


def test_without_a_tolerance_it_is_told_and_passes(run: Run, net: Path) -> None:
    ran = run("profile", net, *CPU, "--fp16", "--accuracy")
    assert ran.code == 0
    assert "not judged" in ran.out


NOISY = """<ir_version: 8, opset_import: ["" : 17]>
net (float[2,8] x) => (float[2,8] y, float[2,8] z) {
  [noise] r = RandomNormalLike (x) [more] s = RandomUniformLike <seed = 1.0> (x)
  [add] t = Add (x, r) [sum] y = Add (t, s) [relu] z = Relu (x) }"""


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    path = tmp_path / "noisy.onnx"
    onnx.save(parser.parse_model(NOISY), path)
    return path


def test_random_outputs_are_named_and_pass_nothing(run: Run, noisy: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    ran = run("profile", noisy, *CPU, "--fp16", "--tolerance", "1e-2", "--save", saved)
    assert ran.code == 2
    assert ran.err.endswith(
        "trtcore: error: tolerance 0.01 cannot be checked for output y: it depends on random "
        "numbers, which are others in every run\n"
    )
    lines = [line.strip() for line in ran.out.splitlines()]
    assert "Accuracy  y: not compared: 2 nodes draw random numbers (noise, more)" in lines
    accuracy = json.loads(saved.read_text())["accuracy"]
    assert [one["name"] for one in accuracy["outputs"]] == ["z"]
    again = run("report", saved)
    assert (again.code, again.err) == (0, "")
    assert "2 nodes draw random numbers (noise, more)" in again.out


def test_random_outputs_of_several_precisions(run: Run, noisy: Path) -> None:
    ran = run("profile", noisy, *CPU, "--compare", "fp32,fp16", "--tolerance", "1e-2")
    assert ran.code == 2
    assert ran.err.endswith(
        "trtcore: error: fp32: tolerance 0.01 cannot be checked for output y: it depends on random "
        "numbers, which are others in every run\n"
    )
    assert "y: not compared: 2 nodes draw random numbers (noise, more)" in ran.out


def test_an_output_that_is_wrong_comes_before_a_random_one(run: Run, noisy: Path) -> None:
    ran = run("profile", noisy, *CPU, "--fp16", "--tolerance", "0")
    assert ran.code == 1
    assert "output 'z' is" in ran.err
