"""The values that a generator makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import OptionError
from trtcore.models.input_texts import Generator

Floats = NDArray[np.float64]
Shape = tuple[int, ...]
_Make = Callable[[Shape, tuple[float, ...], np.random.Generator], Floats]


def generate(generator: Generator, shape: Shape, random: np.random.Generator) -> Floats:
    """Values of a shape, in float64, which holds whole numbers up to 2^53 exactly.

    Args:
        generator: what makes them.
        shape: of the array.
        random: where random numbers come from.

    Raises:
        OptionError: the generator names more or fewer values than the shape holds.
    """
    return np.asarray(_MAKERS[generator.name](shape, generator.parameters, random), np.float64)


def _constant(shape: Shape, values: tuple[float, ...], _: np.random.Generator) -> Floats:
    return np.full(shape, values[0])


def _arange(shape: Shape, _: tuple[float, ...], __: np.random.Generator) -> Floats:
    row = np.arange(shape[-1] if shape else 1, dtype=np.float64)
    return np.array(np.broadcast_to(row if shape else row[0], shape))


def _values(shape: Shape, values: tuple[float, ...], _: np.random.Generator) -> Floats:
    if len(values) != int(np.prod(shape)):
        wanted = "x".join(map(str, shape)) or "scalar"
        noun = "value does" if len(values) == 1 else "values do"
        raise OptionError(f"{len(values)} {noun} not fill the shape {wanted}")
    return np.array(values).reshape(shape)


def _randint(shape: Shape, ends: tuple[float, ...], random: np.random.Generator) -> Floats:
    return random.integers(int(ends[0]), int(ends[1]), shape).astype(np.float64)


_MAKERS: Mapping[str, _Make] = {
    "zeros": lambda shape, _, __: np.zeros(shape),
    "ones": lambda shape, _, __: np.ones(shape),
    "arange": _arange,
    "constant": _constant,
    "randint": _randint,
    "normal": lambda shape, of, random: np.asarray(random.normal(of[0], of[1], shape)),
    "uniform": lambda shape, ends, random: np.asarray(random.uniform(ends[0], ends[1], shape)),
    "values": _values,
}
