"""Every example is run, or parsed and its commands run, as far as this machine allows."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml

import trtcore
from trtcore.cli import main
from trtcore.cli.arguments import parse_arguments
from trtcore.models.builtin.chain import convolution_chain
from trtcore.system.device import gpu_problem

EXAMPLES = Path(__file__).parents[2] / "examples"
NO_GPU = gpu_problem()


def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, EXAMPLES / name, *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three convolutions: a profile of them takes a moment."""
    path = tmp_path_factory.mktemp("small") / "chain.onnx"
    onnx.save(convolution_chain(3).proto, path)
    return path


def choose(model: Path, limit_ms: float, iterations: int) -> subprocess.CompletedProcess[str]:
    options = ("--iterations", iterations, "--backend", "onnxruntime", "--batches", "1,2")
    return run("choose_batch.py", model, "--limit-ms", limit_ms, *options)


# A 95th percentile takes 130 iterations.
@pytest.mark.parametrize(
    ("iterations", "tail"), [pytest.param(150, "p95", marks=pytest.mark.slow), (5, "max")]
)
def test_a_batch_is_chosen(small: Path, iterations: int, tail: str) -> None:
    ran = choose(small, 1e9, iterations)
    rows = re.findall(rf"batch +(\d+): {tail} +[\d.]+ ms, +([\d.]+) items/s\n", ran.stdout)
    assert [row[0] for row in rows] == ["1", "2"], ran
    batch, rate = max(rows, key=lambda row: float(row[1]))
    assert ran.stdout.endswith(f"best: batch {batch}, {rate} items/s\n")
    assert ran.returncode == 0


def test_no_batch_is_fast_enough(small: Path) -> None:
    ran = choose(small, 1e-6, 2)
    assert ran.stdout.count(", too slow\n") == 2
    assert (ran.returncode, ran.stderr) == (1, "no batch stays under 1e-06 ms\n")


@pytest.mark.skipif(NO_GPU is None, reason="there is a GPU: the examples run")
@pytest.mark.parametrize("name", ["attach_plain_loop.py", "attach_polygraphy.py"])
def test_without_a_gpu_an_example_says_so_in_a_line(name: str) -> None:
    ran = run(name)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"skipped: {NO_GPU}\n", "")


@pytest.mark.gpu
def test_a_plain_loop_is_recorded() -> None:
    ran = run("attach_plain_loop.py")
    assert re.fullmatch(r"\d+ layers, 100 iterations, median sum [\d.]+ ms\n", ran.stdout), ran


@pytest.mark.gpu
def test_a_runner_of_polygraphy_is_recorded() -> None:
    pytest.importorskip("polygraphy")
    ran = run("attach_polygraphy.py")
    assert re.search(r"^\d+ layers, longest: .+$", ran.stdout, re.MULTILINE), ran


def workflow() -> list[list[str]]:
    """The commands of the workflow, split as a shell does."""
    parsed = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())
    steps: list[dict[str, Any]] = parsed["jobs"]["latency"]["steps"]
    return [shlex.split(step["run"].partition(" >> ")[0]) for step in steps if "run" in step]


def test_every_command_of_the_workflow_is_one() -> None:
    assert len(workflow()) == 5
    for program, *arguments in workflow():
        assert program == "trtcore"
        parse_arguments(arguments)


def test_the_gate_of_the_workflow_holds_and_breaks(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (gate,) = (one[1:] for one in workflow() if "--fail-if" in one)
    assert gate == ["compare", "main.json", "new.json", "--fail-if", "total > 3%"]
    monkeypatch.chdir(tmp_path)
    profile = trtcore.profile_model(small, backend="onnxruntime", iterations=200)
    # Times of a quiet machine: on a busy one even ten times as long may be chance.
    steady = np.random.default_rng(0).normal(1, 0.01, (200, 1)).astype(np.float32)
    layer_ms = np.repeat(steady, len(profile.layers), axis=1)
    times = replace(profile.samples, layer_ms=layer_ms, wall_ms=layer_ms.sum(axis=1))
    profile = replace(profile, samples=times)
    slower = replace(times, layer_ms=times.layer_ms * 1.1, wall_ms=times.wall_ms * 1.1)
    trtcore.save_profile(profile, "main.json")
    trtcore.save_profile(profile, "new.json")
    assert main(gate) == 0
    trtcore.save_profile(replace(profile, samples=slower), "new.json")
    assert main(gate) == 3
    capsys.readouterr()


def test_the_notebook_runs_and_shows_the_profile(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((EXAMPLES / "report.ipynb").read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    names: dict[str, Any] = {}
    for source in cells:
        # A small model and few iterations: what is shown is that each cell runs.
        quick = source.replace('"googlenet"', repr(str(small))).replace("=20", "=2")
        exec(compile(quick, "report.ipynb", "exec"), names)
    assert names["profile"]._repr_html_().count("<tr>") > 1
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert trtcore.load_profile("googlenet.json").counts == names["profile"].counts
