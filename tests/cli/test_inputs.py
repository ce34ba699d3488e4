"""``--input``: sources for all inputs and for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from trtcore.cli.inputs import input_file, parse_inputs
from trtcore.errors import OptionError
from trtcore.result.records.input_values import InputValues
from trtcore.result.saved import load_profile

EMBEDDING = """
<ir_version: 8, opset_import: ["" : 17]>
net (int64[2,6] ids, float[2,6,1] mask) => (float[2,6,4] y) <float[50,4] table> {
  [gather] e = Gather (table, ids)
  [mul] y = Mul (e, mask) }
"""


@pytest.fixture(scope="module")
def embedding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    proto = parser.parse_model(EMBEDDING)
    table = numpy_helper.from_array(np.ones((50, 4), np.float32), "table")
    proto.graph.initializer.append(table)
    path = tmp_path_factory.mktemp("embedding") / "embedding.onnx"
    onnx.save(proto, path)
    return path


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], "random"),
        (["zeros"], "zeros"),
        (["in.npz"], "in.npz"),
        (["C:/in.npz"], "C:/in.npz"),
        (
            ["ids:randint(0,30522),mask:ones", "x:normal(0,1)"],
            {"ids": "randint(0,30522)", "mask": "ones", "x": "normal(0,1)"},
        ),
        (["zeros", "ids:arange"], {"*": "zeros", "ids": "arange"}),
        (["*:in.npz,scope/a:0:values(1,2)"], {"*": "in.npz", "scope/a:0": "values(1,2)"}),
        (["*:ones"], "ones"),
    ],
)
def test_right(texts: list[str], expected: object) -> None:
    assert parse_inputs(texts) == expected


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["x:ones,x:zeros"], "--input names 'x' twice: ones and zeros"),
        (["zeros", "in.npz"], "--input names all inputs twice: zeros and in.npz"),
        (["x:in"], "inputs: 'in' is not a generator: there are random, zeros, ones, .*"),
        (["x:randint(5)"], r"inputs: 'randint\(5\)' is not of the form randint\(LOW,HIGH\), .*"),
    ],
)
def test_wrong(texts: list[str], message: str) -> None:
    with pytest.raises(OptionError, match=f"^{message}$"):
        parse_inputs(texts)


def test_a_file_whose_name_looks_like_more(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a,b.npz", "x:ones"):
        Path(name).touch()
        assert parse_inputs([name]) == name


def test_the_file_that_is_read() -> None:
    assert input_file(["x:ones", "in.npz"]) == "in.npz"
    assert [input_file(texts) for texts in ([], ["zeros"], ["x:ones"])] == [None] * 3


def profile(run: Callable[..., Any], *more: object) -> Any:
    return run("profile", *more, "--backend", "onnxruntime", "--iterations", "2")


def test_a_result_tells_what_was_fed(
    run: Callable[..., Any], embedding: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "run.json"
    given = ("--input", "ids:randint(10,50)", "--input", "mask:constant(0.5)")
    ran = profile(run, embedding, *given, "--save", saved)
    assert (ran.code, ran.err) == (0, "")
    found = load_profile(saved)
    ids, mask = found.inputs
    assert (ids.source, ids.meaning, ids.values) == ("randint(10,50)", "token ids", ())
    assert 10 <= ids.least < ids.most < 50
    assert mask == InputValues("mask", "constant(0.5)", "", 0.5, 0.5)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            "ids:randint(0,51)",
            "--input ids:randint(0,51): 'ids' holds 50, but the table that it indexes has 50 rows: "
            "0 to 49",
        ),
        ("tokens:ones", "--input: 'tokens' is not an input; the inputs are 'ids', 'mask'"),
        ("ids:rand(0,5)", "--input: 'rand(0,5)' is not a generator: there are random, zeros, "),
    ],
)
def test_errors_are_one_line(
    run: Callable[..., Any], embedding: Path, given: str, line: str
) -> None:
    ran = profile(run, embedding, "--input", given)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f"error: {line}" in ran.err
