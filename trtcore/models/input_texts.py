"""How the values of an input are asked for in text, such as ``randint(0,30522)``.

Imports nothing heavy, so that ``--help`` answers at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from trtcore.errors import OptionError, argument

OTHERS = "*"
"""Stands for every input that is not named; where it is left out, they are random."""

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "zeros": (),
    "ones": (),
    "arange": (),
    "constant": ("V",),
    "randint": ("LOW", "HIGH"),
    "normal": ("MEAN", "STD"),
    "uniform": ("LOW", "HIGH"),
    "values": ("V", "..."),
}
"""What each generator takes. ``arange`` counts along the last dimension; LOW is in, HIGH is not."""

# What always makes fractions, whatever it is given.
_FRACTIONS = ("normal", "uniform")
_FORM = re.compile(r"\s*([a-z]+)\s*(?:\((.*)\))?\s*", re.DOTALL)


class Generator(NamedTuple):
    """What makes the values of an input.

    Attributes:
        text: as it is written, without spaces.
        name: of `PARAMETERS`.
        parameters: numbers.
    """

    text: str
    name: str
    parameters: tuple[float, ...]

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the most of random whole numbers; None for all else."""
        is_drawn = self.name == "randint"
        return (self.parameters[0], self.parameters[1] - 1) if is_drawn else None

    @property
    def makes_fractions(self) -> bool:
        """Whether its values are not all whole numbers."""
        return self.name in _FRACTIONS or not all(one.is_integer() for one in self.parameters)


def is_generator(text: str) -> bool:
    """Whether a text is written as a generator is, right or wrong: ``ones``, ``rnd(3)``."""
    match = _FORM.fullmatch(text)
    return match is not None and (match[1] in PARAMETERS or match[2] is not None)


def parse_generator(text: str) -> Generator:
    """Reads a generator.

    Raises:
        OptionError: there is none of that name, or its parameters are wrong.
    """
    match = _FORM.fullmatch(text)
    if match is None or match[1] not in PARAMETERS:
        raise OptionError(
            f"{argument('inputs')}: '{text}' is not a generator: there are {generators()}"
        )
    parameters = _numbers(match[2] or "")
    if parameters is None or not _is_count_right(match[1], len(parameters)):
        raise OptionError(
            f"{argument('inputs')}: '{text}' is not of the form {_written(match[1])}, with numbers"
        )
    _check(match[1], text, parameters)
    return Generator("".join(text.split()), match[1], parameters)


def generators() -> str:
    """All of them, as they are written."""
    return ", ".join(("random", *map(_written, PARAMETERS)))


def check_inputs(source: str | Path | Mapping[str, Any]) -> None:
    """Raises OptionError if a source is empty, or a generator is not written as one."""
    if source in ("", {}):
        raise OptionError(
            f"{argument('inputs')} is '', must be a path to an .npz or a generator: {generators()}"
        )
    by_input = source if isinstance(source, Mapping) else {OTHERS: source}
    for name, one in by_input.items():
        if isinstance(one, str) and one != "random" and (name != OTHERS or is_generator(one)):
            parse_generator(one)


def _written(name: str) -> str:
    parameters = PARAMETERS[name]
    return f"{name}({','.join(parameters)})" if parameters else name


def _numbers(text: str) -> tuple[float, ...] | None:
    if not text.strip():
        return ()
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        return None
    return values if all(map(isfinite, values)) else None


def _is_count_right(name: str, count: int) -> bool:
    parameters = PARAMETERS[name]
    return count > 0 if "..." in parameters else count == len(parameters)


def _check(name: str, text: str, parameters: tuple[float, ...]) -> None:
    """Refuses parameters that make no values."""
    named = f"{argument('inputs')}: '{text}'"
    if name == "randint" and not all(one.is_integer() for one in parameters):
        raise OptionError(f"{named}: LOW and HIGH must be whole numbers")
    if name in ("randint", "uniform") and not parameters[0] < parameters[1]:
        raise OptionError(f"{named}: LOW must be below HIGH")
    if name == "normal" and parameters[1] < 0:
        raise OptionError(f"{named}: STD must be 0 or more")
