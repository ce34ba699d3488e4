"""Sources by input: what fits, and what does not in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trtcore.errors import OptionError
from trtcore.models.inputs import InputRole, Kind, Source, make_inputs, source_text
from trtcore.result.records.layers import TensorInfo

IDS = TensorInfo("ids", (1, 6), "int64")
MASK = TensorInfo("mask", (1, 6), "bool")
X = TensorInfo("x", (2, 3), "float16")
SPECS = (IDS, MASK, X)
ROLES = {"ids": InputRole(Kind.TOKENS, 101), "mask": InputRole(Kind.MASK, 2)}


def test_each_input_has_its_source() -> None:
    source: Source = {"ids": "arange", "mask": np.array([[True] * 4 + [False] * 2]), "*": "ones"}
    made = make_inputs(SPECS, source, roles=ROLES)
    assert {name: array.tolist() for name, array in made.items()} == {
        "ids": [[0, 1, 2, 3, 4, 5]],
        "mask": [[True] * 4 + [False] * 2],
        "x": [[1, 1, 1], [1, 1, 1]],
    }
    assert [array.dtype.name for array in made.values()] == ["int64", "bool", "float16"]
    assert source_text(source) == "ids:arange,mask:array,*:ones"


def test_what_is_not_named_is_random_as_ever() -> None:
    usual = make_inputs(SPECS, seed=3, roles=ROLES)
    made = make_inputs(SPECS, {"x": "uniform(-1,1)"}, seed=3, roles=ROLES)
    assert np.array_equal(made["ids"], usual["ids"])
    assert made["mask"].all()
    assert np.abs(made["x"]).max() < 1
    again = make_inputs(SPECS, {"x": "uniform(-1,1)"}, seed=4, roles=ROLES)
    assert not np.array_equal(made["x"], again["x"])


def test_a_file_for_the_others_may_hold_all(tmp_path: Path) -> None:
    path = tmp_path / "in.npz"
    full = {"ids": np.full((1, 6), 7), "mask": np.zeros((1, 6), bool), "x": np.zeros((2, 3))}
    np.savez(path, **full)
    made = make_inputs(SPECS, {"*": path, "mask": "ones"}, roles=ROLES)
    assert made["ids"].tolist() == [[7] * 6]
    assert made["mask"].all()
    np.savez(path, ids=full["ids"], x=full["x"])
    assert make_inputs(SPECS, {"*": str(path), "mask": "ones"})["mask"].all()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"idx": "ones"}, "inputs: 'idx' is not an input; the inputs are 'ids', 'mask', 'x'"),
        (
            {"ids": "randint(0,102)"},
            "inputs ids:randint(0,102): 'ids' holds 101, but the table that it indexes has 101 "
            "rows: 0 to 100",
        ),
        (
            {"ids": np.full((1, 6), 500)},
            "inputs: 'ids' holds 500, but the table that it indexes has 101 rows: 0 to 100",
        ),
        (
            {"ids": "normal(0,1)"},
            "inputs ids:normal(0,1) makes fractions, and the input is int64: use randint(LOW,HIGH)",
        ),
        (
            {"mask": "constant(2)"},
            "inputs mask:constant(2): 'mask' may hold 2, but bool has 0 to 1",
        ),
        ({"x": "constant(1e5)"}, "inputs x:constant(1e5): 'x' holds 100000, too large for float16"),
        ({"x": "values(1,2)"}, "inputs x:values(1,2): 2 values do not fill the shape 2x3"),
        ({"x": np.zeros((3, 2))}, "inputs: 'x' is 3x2, the model expects 2x3"),
        (
            {"x": Path("x.npz")},
            "inputs: 'x' cannot be read from x.npz by itself: give the file for '*', every input "
            "that is not named",
        ),
    ],
)
def test_what_does_not_fit(source: Source, message: str) -> None:
    with pytest.raises(OptionError) as error:
        make_inputs(SPECS, source, roles=ROLES)
    assert str(error.value) == message


def test_token_ids_are_judged_by_what_may_be_drawn() -> None:
    """Six draws from 0 to 10^6 - 1 below a bound of 999,999 are all below it but once in 10^5."""
    roles = {"ids": InputRole(Kind.TOKENS, 999_999)}
    with pytest.raises(OptionError, match="'ids' holds 999999"):
        make_inputs([IDS], {"ids": "randint(0,1000000)"}, roles=roles)


def test_a_type_that_holds_fewer_numbers() -> None:
    with pytest.raises(OptionError, match="'n' may hold 299, but uint8 has 0 to 255"):
        make_inputs([TensorInfo("n", (2,), "uint8")], "randint(0,300)")
