"""``trtcore sweep``: its options and its file, and a sweep on the CPU without Dask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trtcore.cli.arguments import parse_arguments
from trtcore.cli.commands.sweep import _plan
from trtcore.cli.plan_file import read_plan_file
from trtcore.sweeps.cells import SweptModel


@pytest.fixture(autouse=True)
def own_leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRTCORE_LEASE_DIR", str(tmp_path / "leases"))


def test_options_are_those_of_the_api() -> None:
    typed = (
        "sweep a.onnx googlenet --batch 1,4 --batch 16 --precision fp32,fp16 --shapes x:1x3,y:1 "
        "--shapes x:2x3,y:2 --io-format x:chw2 --serial --iterations 9 --shard 1/2 --retry -o out"
    )
    plan = _plan(parse_arguments(typed.split()))
    assert plan.models == (SweptModel("a.onnx"), SweptModel("googlenet"))
    assert plan.options == {
        "batch": [1, 4, 16],
        "precision": ["fp32", "fp16"],
        "shapes": [{"x": (1, 3), "y": (1,)}, {"x": (2, 3), "y": (2,)}],
        "io_formats": [{"x": "chw2"}],
        "serial": True,
        "iterations": 9,
        "shard": "1/2",
        "retry": True,
    }


TOML = """
models = ["googlenet", {source = "bert.onnx", shapes = ["ids:1x128", {ids = [4, 128]}]}]
output = "results"
batch = [1, 4]
plugins = ["libmine.so"]
inputs = "x.npz"
retry = true

[slurm]
jobs = 2
"""


def test_a_file_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(TOML)
    plan = read_plan_file(str(path))
    bert = {"shapes": [{"ids": (1, 128)}, {"ids": [4, 128]}]}
    assert plan.models == (SweptModel("googlenet"), SweptModel(str(tmp_path / "bert.onnx"), bert))
    assert plan.output == str(tmp_path / "results")
    assert plan.options == {
        "batch": [1, 4],
        "plugins": [str(tmp_path / "libmine.so")],
        "inputs": str(tmp_path / "x.npz"),
        "retry": True,
        "slurm": {"jobs": 2},
    }
    # The command line goes before the file.
    typed = _plan(parse_arguments(["sweep", str(path), "--batch", "2"]))
    assert typed.options == {**plan.options, "batch": [2]}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("models = [", "is no TOML: Invalid value (at end of document)"),
        ("models = " + "[" * 100_000, "is no TOML: nested too deeply"),
        ("batch = " + "1" * 5000, "is no TOML: a number has more digits than can be read"),
        ("seed = 0x" + "f" * 5000, "has a number of more than 64 bits"),
        ("[shapes]\na = [[1, -9223372036854775809]]", "has a number of more than 64 bits"),
        ("slurm." + "a." * 3000 + "b = 1", "is no file of a sweep: nested too deeply"),
        ("models = [{source." + "a." * 20 + "b = 1}]", "is no file of a sweep: nested too deeply"),
        ("batch = [1]", 'needs models = ["googlenet", "net.onnx"]'),
        ("models = [3]", "a model is 3, expected its path, or a table with its source"),
        ('models = ["googlenet"]\noutput = 3', "output is 3, expected the path of a folder"),
        ('models = ["googlenet"]\noutput = "o"\nbacth = 3', "there is no option 'bacth'"),
        ('models = ["googlenet"]\noutput = "o"\nshard = "0/2"', "--shard is '0/2', expected I/N"),
        (
            f'models = ["googlenet"]\noutput = "o"\nshard = "{"1" * 5000}/2"',
            f"--shard is '{'1' * 120}', expected I/N such as 1/4 to 4/4",
        ),
        (
            f'models = ["googlenet"]\noutput = "o"\nsync = "{"x" * 5000}"',
            f"--sync is '{'x' * 120}', must be one of enqueue, execute",
        ),
        (
            f'models = ["googlenet"]\noutput = "o"\n{"io" * 2500} = 3',
            f"there is no option '{'io' * 60}': known: batch, shapes, ",
        ),
        ('models = ["googlenet"]', "-o DIR is missing"),
    ],
)
def test_a_file_that_is_none(run: Any, tmp_path: Path, text: str, error: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    ran = run("sweep", path)
    assert (ran.code, ran.out) == (2, "")
    assert error in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("a.onnx --batch x -o o", "--batch 'x' is not a whole number"),
        ("a.onnx -o o", "a.onnx: cannot be read"),
        ("a.onnx b.toml -o o", "b.toml is the file of a sweep, which names the models"),
        ("a.onnx -o o --shard 1/2 --workers 3", "--workers is of a cluster on this machine"),
        ("a.onnx -o o --shard 1/2 --slurm 3", "--slurm 3 and --shard 1/2 contradict each other"),
        ("a.onnx -o o --slurm two", "--slurm 'two' is not a whole number"),
        ("a.onnx -o o --workers 0", "--workers is 0, must be 1 or more"),
    ],
)
def test_bad_input_is_one_line(run: Any, arguments: str, error: str) -> None:
    ran = run("sweep", *arguments.split())
    assert ran.code == 2
    assert error in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.slow
def test_a_sweep_and_the_same_again(run: Any, small: Path, tmp_path: Path) -> None:
    folder, table = tmp_path / "out", tmp_path / "table.json"
    common = ["sweep", small, "--seed", "0", "--iterations", "2", "-o", folder, "--json", table]
    ran = run(*common, "--shard", "1/1", "--csv", tmp_path / "table.csv")
    assert ran.code == 0
    assert ran.out.startswith(f"{small} on ")
    assert f"Results: {folder}/RESULT.json" in ran.out
    (cell,) = json.loads(table.read_text())["models"][0]["cells"]
    assert cell["options"] == {"iterations": 2}
    assert run("report", folder / cell["result"]).code == 0
    # Again: nothing is measured, and the table is the same.
    again = run(*common, "--shard", "1/1")
    assert (again.code, again.out) == (0, ran.out)


def test_a_cell_that_failed_is_exit_code_1_unless_it_is_of_another_plan(
    run: Any, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a misspelt input: the folder keeps the cell, and the sweep that is right is done."""
    common = ("sweep", small, "-o", tmp_path / "out", "--shard", "1/1")
    wrong = run(*common, "--shapes", "z:1x3")
    assert wrong.code == 1
    assert "failed: shapes {'z': [1, 3]}: " in wrong.out
    assert "failed: " in wrong.err
    # What the cell of a right plan would be; none of its own is measured here.
    monkeypatch.setattr("trtcore.sweeps.sequence.run_in_sequence", lambda *_: None)
    right = run(*common, "--seed", "1")
    assert (right.code, "failed: shapes {'z': [1, 3]}: " in right.out) == (0, True)
    # Asked for again it counts, though it is not tried again.
    assert run(*common, "--shapes", "z:1x3").code == 1
