"""Core modules name arguments, and only the command line names its options."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import trtcore
from trtcore.api.options.declarations import SOURCE_OPTIONS, Declarations
from trtcore.cli.declared import spelled
from trtcore.cli.history_options import add_history_options
from trtcore.cli.own_options import PROFILE_OPTIONS
from trtcore.engine.io_formats import check_io_formats
from trtcore.errors import TrtcoreError, spelled_by
from trtcore.measure.length.stopping import StopRule
from trtcore.models.load import load_model
from trtcore.precision.request import check_keep_fp32, read_io_precision
from trtcore.report.content.rows.rows import View
from trtcore.result.records.layers import TensorInfo
from trtcore.sweeps.declarations import sweep_options

ROOT = Path(trtcore.__file__).parent
# What holds texts of ``--help``: the options and the report formats.
HELP = ("api/options/declarations.py", "report/formats.py", "sweeps/declarations.py")
# Reads the sentences of old results, which name options.
OLD_WORDS = ("result/schema1/warnings.py",)
CORE = [
    path
    for path in sorted(ROOT.rglob("*.py"))
    if path.relative_to(ROOT).parts[0] != "cli"
    and path.relative_to(ROOT).as_posix() not in (*HELP, *OLD_WORDS)
]
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
OF_TRTEXEC = {
    "--dumpProfile",
    "--exportTimes",
    "--exportProfile",
    "--exportLayerInfo",
    "--profilingVerbosity",
    "--useCudaGraph",
}
"""Options of another program, whose files are read."""
OF_CLUSTERS = {"--nthreads", "--resources", "--gres"}
"""Options of Dask's workers and of SLURM, which a sweep starts."""


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text in the code but for docstrings, those of attributes too, with its line."""
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in documentation:
            yield node.lineno, node.value


def test_the_search_finds_options_in_texts_and_not_in_docstrings() -> None:
    source = '"""About --a."""\nx = f"use --bc {1} or --d"\n"""Not --e."""\ny = "a--f, -- g"\n'
    found = [match for _, text in literals(ast.parse(source)) for match in OPTION.findall(text)]
    assert found == ["--bc", "--d"]


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_core_module_names_an_option(path: Path) -> None:
    named = {
        (line, option)
        for line, text in literals(ast.parse(path.read_text()))
        for option in OPTION.findall(text)
    }
    assert {one for one in named if one[1] not in OF_TRTEXEC | OF_CLUSTERS} == set()


def options_of_history() -> set[str]:
    """Those of ``trtcore history``, which spells its own: they mean nothing to other commands."""
    parser = argparse.ArgumentParser()
    add_history_options(parser)
    (actions,) = (one.choices for one in parser._actions if one.dest == "action")
    assert isinstance(actions, dict)
    return {option.dest for action in actions.values() for option in action._actions}


def test_every_argument_that_a_message_names_has_an_option() -> None:
    every = (*SOURCE_OPTIONS, *Declarations.declared, *PROFILE_OPTIONS, *sweep_options())
    declared = {one.name for one in every}
    named = {
        node.args[0].value
        for path in CORE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "argument"
        and isinstance(node.args[0], ast.Constant)
    }
    assert "keep_fp32" in named
    assert named <= declared | options_of_history()


TENSOR = TensorInfo("x", (1, 10), "float16")


@pytest.mark.parametrize(
    ("fail", "in_python", "typed"),
    [
        (
            lambda: load_model("googlenet", batch=4, shapes={"data": (2, 3, 224, 224)}),
            "batch=4 and shapes={'data': (2, 3, 224, 224)} contradict each other: leave one of "
            "them out",
            "--batch 4 and --shapes data:2x3x224x224 contradict each other: leave one of them out",
        ),
        (
            lambda: load_model("googlenet", weights="w.caffemodel"),
            "weights belongs to a Caffe model, give its .prototxt",
            "--weights belongs to a Caffe model, give its .prototxt",
        ),
        (
            lambda: load_model("googlenet", outputs=["a", "b"]),
            "outputs=['a', 'b'] names blobs of a Caffe model, give its .prototxt; it does not "
            "name an output file",
            "--output a --output b names blobs of a Caffe model, give its .prototxt; it does "
            "not name an output file",
        ),
        (
            lambda: check_io_formats({"x": "chw2"}, [TENSOR]),
            "io_formats={'x': 'chw2'}: 'x' has 2 dimensions, chw2 needs 3 or more",
            "--io-format x:chw2: 'x' has 2 dimensions, chw2 needs 3 or more",
        ),
        (
            lambda: read_io_precision("int8"),
            "io_precision is 'int8', must be one of fp32, fp16, bf16",
            "--io-precision is 'int8', must be one of fp32, fp16, bf16",
        ),
        (
            lambda: check_keep_fp32([""]),
            "keep_fp32 has an empty entry: give an op type, a node name, or a glob over node names",
            "--keep-fp32 has an empty entry: give an op type, a node name, or a glob over node "
            "names",
        ),
        (
            lambda: StopRule(at_most_s=0),
            "max_seconds is 0, expected a finite time above 0",
            "--max-seconds is 0, expected a finite time above 0",
        ),
        (
            lambda: View(group_by="name"),
            "group_by is 'name', must be one of layer, node, block, type",
            "--group-by is 'name', must be one of layer, node, block, type",
        ),
    ],
    ids=["shapes", "weights", "outputs", "formats", "io", "kept", "time", "view"],
)
def test_a_message_is_of_the_side_that_reads_it(
    fail: Callable[[], object], in_python: str, typed: str
) -> None:
    with pytest.raises(TrtcoreError) as error:
        fail()
    assert str(error.value) == in_python
    with spelled_by(spelled), pytest.raises(TrtcoreError) as error:
        fail()
    assert str(error.value) == typed
