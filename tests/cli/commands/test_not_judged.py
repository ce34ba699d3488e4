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
