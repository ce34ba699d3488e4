"""How generators are written, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from trtcore.errors import OptionError
from trtcore.models.input_texts import (
    Generator,
    check_inputs,
    generators,
    is_generator,
    parse_generator,
)

ALL = (
    "random, zeros, ones, arange, constant(V), randint(LOW,HIGH), normal(MEAN,STD), "
    "uniform(LOW,HIGH), values(V,...)"
)


@pytest.mark.parametrize(
    ("text", "expected", "fractions"),
    [
        ("ones", Generator("ones", "ones", ()), False),
        ("randint( 0, 30522 )", Generator("randint(0,30522)", "randint", (0, 30522)), False),
        ("normal(0,1)", Generator("normal(0,1)", "normal", (0, 1)), True),
        ("uniform(-1,1)", Generator("uniform(-1,1)", "uniform", (-1, 1)), True),
        ("constant(128)", Generator("constant(128)", "constant", (128,)), False),
        ("constant(.5)", Generator("constant(.5)", "constant", (0.5,)), True),
        ("values(3,-1)", Generator("values(3,-1)", "values", (3, -1)), False),
    ],
)
def test_generators(text: str, expected: Generator, fractions: bool) -> None:
    found = parse_generator(text)
    assert found == expected
    assert found.makes_fractions is fractions
    assert is_generator(text)


def test_all_of_them() -> None:
    assert generators() == ALL


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nromal(0,1)", f"inputs: 'nromal(0,1)' is not a generator: there are {ALL}"),
        ("randint(1)", "inputs: 'randint(1)' is not of the form randint(LOW,HIGH), with numbers"),
        ("randint", "inputs: 'randint' is not of the form randint(LOW,HIGH), with numbers"),
        (
            "randint(0,a)",
            "inputs: 'randint(0,a)' is not of the form randint(LOW,HIGH), with numbers",
        ),
        ("ones(3)", "inputs: 'ones(3)' is not of the form ones, with numbers"),
        ("values()", "inputs: 'values()' is not of the form values(V,...), with numbers"),
        ("constant(inf)", "inputs: 'constant(inf)' is not of the form constant(V), with numbers"),
        ("randint(0,2.5)", "inputs: 'randint(0,2.5)': LOW and HIGH must be whole numbers"),
        ("randint(5,5)", "inputs: 'randint(5,5)': LOW must be below HIGH"),
        ("uniform(1,-1)", "inputs: 'uniform(1,-1)': LOW must be below HIGH"),
        ("normal(0,-1)", "inputs: 'normal(0,-1)': STD must be 0 or more"),
    ],
)
def test_what_is_no_generator(text: str, message: str) -> None:
    with pytest.raises(OptionError) as error:
        parse_generator(text)
    assert str(error.value) == message


def test_sources() -> None:
    for right in ("random", "in.npz", Path("in.npz"), "ones", {"*": "in.npz", "x": "ones"}):
        check_inputs(right)
    for wrong in ("", {}, "rnd(3)", {"x": "in.npz"}, {"x": "rnd"}, {"*": "ones(1)"}):
        with pytest.raises(OptionError, match=r"^inputs"):
            check_inputs(wrong)
