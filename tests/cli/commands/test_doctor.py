"""``trtcore doctor``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from trtcore.api.doctor import BackendState, Diagnosis, Package
from trtcore.cli.commands import doctor
from trtcore.system.device import gpu_problem


@pytest.fixture(autouse=True)
def cupti_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process keeps the CUPTI that it found first, and other tests bring one of their own."""
    monkeypatch.setattr("trtcore.api.doctor.check_cupti", lambda: None)


Run = Callable[..., Any]

GOOD = Diagnosis(
    python="3.12.3",
    packages=(Package("trtcore", "0.1.0"), Package("torch", "")),
    gpu="NVIDIA H200",
    gpu_problem="",
    driver="580.159.04",
    cuda="13.0",
    mismatches=(),
    backends=(
        BackendState("tensorrt_rtx", "TensorRT-RTX 1.6.1.120", True, True, "", 1.25),
        BackendState("onnxruntime", "ONNX Runtime", True, False, "", 0.31),
    ),
    kernels_problem="",
    cache="/home/me/.cache/trtcore",
    cache_files=7,
    cache_bytes=12_345_678,
)
GOOD_TEXT = """\
installed
  Python         3.12.3
  trtcore        0.1.0
  torch          not installed
GPU
  device         NVIDIA H200
  driver         580.159.04
  CUDA           13.0 at most
backends
  tensorrt_rtx   TensorRT-RTX 1.6.1.120: works (self-test 1.2 s)
  onnxruntime    ONNX Runtime: works (self-test 0.3 s)
  kernel times   CUPTI is installed
cache
  folder         /home/me/.cache/trtcore
  size           12.3 MB in 7 files
networks can be timed with tensorrt_rtx and onnxruntime"""
BAD = replace(
    GOOD,
    gpu="",
    gpu_problem="the NVIDIA driver sees no GPU",
    driver="",
    cuda="",
    mismatches=("cuda-python is for CUDA 13; pip install 'cuda-python<13'",),
    backends=(
        BackendState("tensorrt", "TensorRT", False, False, "not installed", 0),
        BackendState("tensorrt_rtx", "TensorRT-RTX 1.6", False, True, "no GPU", 0.5),
        BackendState("onnxruntime", "ONNX Runtime", False, False, "bro\x1bken", 0.5),
    ),
    kernels_problem="kernel times need CUPTI",
    cache="",
    cache_files=0,
    cache_bytes=0,
)
BAD_TEXT = r"""installed
  Python         3.12.3
  trtcore        0.1.0
  torch          not installed
GPU
  device         none
  driver         unknown
  CUDA           unknown
  problem        the NVIDIA driver sees no GPU
  problem        cuda-python is for CUDA 13; pip install 'cuda-python<13'
backends
  tensorrt       TensorRT: does not work: not installed
  tensorrt_rtx   TensorRT-RTX 1.6: builds engines (self-test 0.5 s), cannot time them: no GPU
  onnxruntime    ONNX Runtime: does not work (self-test 0.5 s): bro\x1bken
  kernel times   kernel times need CUPTI
cache
  folder         none can be written
  size           0.0 MB in 0 files
no backend works"""


@pytest.mark.parametrize(
    ("found", "text", "code"), [(GOOD, GOOD_TEXT, 0), (BAD, BAD_TEXT, 1)], ids=["good", "bad"]
)
def test_the_whole_text_and_the_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, found: Diagnosis, text: str, code: int
) -> None:
    monkeypatch.setattr(doctor, "diagnose", lambda: found)
    ran = run("doctor")
    assert (ran.code, ran.out, ran.err) == (code, f"{text}\n", "")


def test_json_has_every_fact(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "diagnose", lambda: BAD)
    ran = run("doctor", "--json")
    facts = json.loads(ran.out)
    assert ran.code == 1
    assert facts["works"] is False
    assert facts["backends"][0] == {
        "name": "tensorrt",
        "label": "TensorRT",
        "times": False,
        "builds": False,
        "problem": "not installed",
        "seconds": 0,
    }
    assert set(facts) == {*vars(BAD), "works"}


REAL = """\
installed
  Python         VERSION
  trtcore        VERSION
  numpy          VERSION
  onnx           VERSION
  onnxruntime    VERSION
  TensorRT       VERSION
  TensorRT-RTX   VERSION
  cuda-python    VERSION
  CUPTI          VERSION
  torch          VERSION
  plotly         VERSION
  dask           VERSION
GPU
  device         none
  driver         unknown
  CUDA           unknown
  problem        WHY
backends
  tensorrt       WHY
  tensorrt_rtx   WHY
  onnxruntime    ONNX Runtime: works (self-test S s)
  kernel times   WHY
cache
  folder         PATH
  size           N MB in N files
networks can be timed with onnxruntime
"""


@pytest.mark.skipif(gpu_problem() is None, reason="there is a GPU: its text is of another kind")
def test_this_machine_with_its_facts_masked(run: Run) -> None:
    ran = run("doctor")
    why = r"(problem|kernel times|tensorrt|tensorrt_rtx)"
    text = re.sub(rf"(?m)^(  {why} +).+$", r"\1WHY", ran.out)
    text = re.sub(r"self-test [\d.]+ s", "self-test S s", text)
    text = re.sub(r"(?m)^(  folder +).+$", r"\1PATH", text)
    text = re.sub(r"[\d.]+ MB in \d+ files", "N MB in N files", text)
    head, gpu, tail = text.partition("GPU\n")
    head = re.sub(r"(?m)^(  .{14} ).+$", r"\1VERSION", head)
    assert head + gpu + tail == REAL
    assert ran.code == 0
