"""Input data of a network: seeded random values, the arrays of a file, or a generator for each."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from trtcore.errors import OptionError, argument
from trtcore.models.fitting import (
    Array,
    check_indices,
    check_names,
    check_range,
    dtype_of,
    fitting,
    held,
    quoted,
    read_npz,
)
from trtcore.models.generators import generate
from trtcore.models.input_texts import OTHERS, Generator, is_generator, parse_generator
from trtcore.result.records.layers import TensorInfo

Source = str | Path | Mapping[str, "str | Path | Array"]
"""Where values come from: ``random``, a generator, an ``.npz``; or by input, with arrays too."""

# Integers index tables (tokens, classes) more often than not: small ones are safe for all.
_INTEGERS_BELOW = 8


class Kind(Enum):
    """The meaning of an integer or boolean input."""

    TOKENS = "token ids"
    POSITIONS = "positions"
    TOKEN_TYPES = "token types"
    MASK = "a mask"
    SHAPE = "a shape"
    NUMBERS = "axes, lengths or divisors"
    BOXES = "corners of boxes"


@dataclass(frozen=True)
class InputRole:
    """How a model uses an integer or boolean input.

    Attributes:
        kind: its meaning.
        below: its values are smaller than this: the rows of the table it indexes; 2 for a mask, the
            size of the image for boxes, 0 for a shape and numbers, whose values are no indices.
        values: of a shape or numbers, in order, where no others are given.
    """

    kind: Kind
    below: int
    values: tuple[int, ...] = ()

    @property
    def is_index(self) -> bool:
        """Whether its values are looked up in a table; a mask may hold any value."""
        return self.kind in (Kind.TOKENS, Kind.POSITIONS, Kind.TOKEN_TYPES)


def make_inputs(
    specs: Sequence[TensorInfo],
    source: Source = "random",
    seed: int = 0,
    roles: Mapping[str, InputRole] | None = None,
) -> dict[str, Array]:
    """Makes one array per input tensor.

    Args:
        specs: name, static shape and dtype of every input, by NumPy's or TensorRT's type names;
            ``bfloat16`` and ``fp8`` are made as float32 values that they hold exactly.
        source: ``random``, a generator of `PARAMETERS` such as ``zeros``, or a path to an ``.npz``
            that holds every input by name; or one of these but the file, or an array, for inputs
            by name, and one for all others by `OTHERS`.
        seed: seed of random numbers, with the input's name. ``random`` is standard normal for
            floats, 0 to 7 for integers, false or true for booleans. It is the default: zeros
            switch fewer bits, and the power saved lets the GPU clock higher.
        roles: meanings of inputs, by name: random token ids are then within the vocabulary,
            positions count up, token types are two halves, masks are ones, axes and lengths are
            valid, and boxes have an area.

    Returns:
        C-contiguous arrays by input name, in the order of the specs.

    Raises:
        OptionError: the file cannot be read, or an array is missing, of another shape or dtype, or
            holds indices that its table does not have; or a generator cannot make them.
    """
    roles = roles or {}
    named = dict(source) if isinstance(source, Mapping) else {OTHERS: source}
    others = named.pop(OTHERS, "random")
    if unknown := sorted(named.keys() - {spec.name for spec in specs}):
        inputs = quoted({spec.name for spec in specs})
        raise OptionError(
            f"{argument('inputs')}: '{unknown[0]}' is not an input; the inputs are {inputs}"
        )
    rest = [spec for spec in specs if spec.name not in named]
    made = _all_of(rest, others, seed, roles, named.keys())
    for spec in specs:
        if spec.name in named:
            made[spec.name] = _of(spec, named[spec.name], seed, roles.get(spec.name))
    return {spec.name: made[spec.name] for spec in specs}


def source_text(source: Source) -> str:
    """A source as a report names it, such as ``ids:randint(0,30522),mask:ones``."""
    if not isinstance(source, Mapping):
        return str(source)
    # Not the values of an array: a report names what they were, not what they are.
    parts = {n: v if isinstance(v, (str, Path)) else "array" for n, v in source.items()}
    return ",".join(f"{name}:{part}" for name, part in parts.items())


def is_made(source: Source) -> bool:
    """Whether a source fits any input, so that there is nothing to check before a run."""
    return isinstance(source, str) and source in ("random", "zeros")


def _all_of(
    specs: Sequence[TensorInfo],
    source: str | Path | Array,
    seed: int,
    roles: Mapping[str, InputRole],
    named: Iterable[str],
) -> dict[str, Array]:
    """The arrays of all inputs that have one source; others are named, which a file may hold."""
    if not _is_file(source):
        return {
            # What is meant for data, such as zeros, is seldom meant for shapes.
            spec.name: _of(
                spec, "random" if _is_shape(spec, roles) else source, seed, roles.get(spec.name)
            )
            for spec in specs
        }
    path = Path(str(source))
    arrays = read_npz(path)
    check_names(path, specs, arrays, named)
    return {
        spec.name: _checked(str(path), spec, arrays[spec.name], roles.get(spec.name))
        for spec in specs
    }


def _is_shape(spec: TensorInfo, roles: Mapping[str, InputRole]) -> bool:
    return spec.name in roles and roles[spec.name].kind in (Kind.SHAPE, Kind.NUMBERS)


def _is_file(source: str | Path | Array) -> bool:
    if isinstance(source, str):
        return source != "random" and not is_generator(source)
    return isinstance(source, Path)


def _of(spec: TensorInfo, source: str | Path | Array, seed: int, role: InputRole | None) -> Array:
    """The array of one input."""
    if isinstance(source, Path):
        raise OptionError(
            f"{argument('inputs')}: '{spec.name}' cannot be read from {source} by itself: give the "
            f"file for '{OTHERS}', every input that is not named"
        )
    if not isinstance(source, str):
        return _checked(argument("inputs"), spec, np.asarray(source), role)
    if source == "random":
        return _made(spec, seed, role)
    return _generated(spec, parse_generator(source), seed, role)


def _generated(spec: TensorInfo, generator: Generator, seed: int, role: InputRole | None) -> Array:
    label, dtype = f"{argument('inputs')} {spec.name}:{generator.text}", dtype_of(spec)
    is_whole = dtype.kind in "biu"
    if is_whole and generator.makes_fractions:
        raise OptionError(
            f"{label} makes fractions, and the input is {spec.dtype}: use randint(LOW,HIGH)"
        )
    try:
        values = generate(generator, spec.shape, _random_numbers(spec, seed))
    except OptionError as error:
        raise OptionError(f"{label}: {error}") from None
    # What may be drawn is judged, not what was: with another seed it would be refused.
    limits = np.array(generator.bounds or (values.min(initial=0), values.max(initial=0)))
    check_range(label, spec, limits, dtype)
    if role is not None and role.is_index:
        check_indices(label, spec.name, limits, role.below)
    return fitting(label, spec, values.astype(dtype) if is_whole else values)


def _checked(label: str, spec: TensorInfo, array: Array, role: InputRole | None) -> Array:
    """An array that was given, if it fits the input and its role."""
    checked = fitting(label, spec, array)
    if role is not None and role.is_index:
        check_indices(label, spec.name, checked, role.below)
    return checked


def _random_numbers(spec: TensorInfo, seed: int) -> np.random.Generator:
    # The name is part of the seed, so that two inputs of one shape differ.
    return np.random.default_rng([seed, zlib.crc32(spec.name.encode())])


def _made(spec: TensorInfo, seed: int, role: InputRole | None) -> Array:
    """Random values that fit the role of the input, where it is known."""
    dtype = dtype_of(spec)
    if role is None:
        return np.asarray(_random(spec, seed))
    if role.kind is Kind.TOKENS:
        drawn = _random_numbers(spec, seed).integers(0, role.below, spec.shape)
        return np.asarray(drawn).astype(dtype)
    if role.kind is Kind.MASK:
        return np.ones(spec.shape, dtype)
    if role.kind in (Kind.SHAPE, Kind.NUMBERS):
        return np.array(role.values, dtype).reshape(spec.shape)
    if role.kind is Kind.BOXES:
        return _boxes(spec, seed, role.below).astype(dtype)
    length = spec.shape[-1] if spec.shape else 1
    row = np.arange(length)
    if role.kind is Kind.TOKEN_TYPES:
        # A text of two parts, so that more than one row of the table is read.
        row = row * 2 // max(length, 1)
    return (
        np.array(np.broadcast_to(row % role.below, spec.shape or (1,)))
        .reshape(spec.shape)
        .astype(dtype)
    )


def _boxes(spec: TensorInfo, seed: int, size: int) -> Array:
    """Two corners for each box, the first above and left of the second."""
    drawn = _random_numbers(spec, seed).random((*spec.shape[:-1], 2, spec.shape[-1] // 2))
    return np.asarray(np.sort(drawn, axis=-2).reshape(spec.shape) * size)


def _random(spec: TensorInfo, seed: int) -> Array:
    dtype = dtype_of(spec)
    generator = _random_numbers(spec, seed)
    if dtype.kind == "b":
        return generator.integers(0, 2, spec.shape).astype(bool)
    if dtype.kind in "iu":
        return generator.integers(0, _INTEGERS_BELOW, spec.shape).astype(dtype)
    values = generator.standard_normal(spec.shape, dtype=np.float32)
    return held(values, spec).astype(dtype)
