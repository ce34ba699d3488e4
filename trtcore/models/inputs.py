"""Input data of a network: seeded random values, zeros or the arrays of a file."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import OptionError
from trtcore.result.dtypes import host_type, numpy_name, to_bfloat16_values
from trtcore.result.fp8 import to_fp8_values
from trtcore.result.records.layers import TensorInfo
from trtcore.system.files import check_readable

Array = NDArray[np.generic]

GENERATED = ("random", "zeros")
# Integers index tables (tokens, classes) more often than not: small ones are safe for all.
_INTEGERS_BELOW = 8


class Kind(Enum):
    """The meaning of an integer or boolean input."""

    TOKENS = "token ids"
    POSITIONS = "positions"
    TOKEN_TYPES = "token types"
    MASK = "a mask"
    NUMBERS = "axes, lengths or a shape"
    BOXES = "corners of boxes"


_INDEXES = (Kind.TOKENS, Kind.POSITIONS, Kind.TOKEN_TYPES)


@dataclass(frozen=True)
class InputRole:
    """How a model uses an integer or boolean input.

    Attributes:
        kind: its meaning.
        below: its values are smaller than this: the rows of the table it indexes; 2 for a mask, the
            size of the image for boxes, 0 for numbers.
        values: the numbers themselves, for `Kind.NUMBERS`.
    """

    kind: Kind
    below: int
    values: tuple[int, ...] = ()


def make_inputs(
    specs: Sequence[TensorInfo],
    source: str | Path = "random",
    seed: int = 0,
    roles: Mapping[str, InputRole] | None = None,
) -> dict[str, Array]:
    """Makes one array per input tensor.

    Args:
        specs: name, static shape and dtype of every input, by NumPy's or TensorRT's type names;
            ``bfloat16`` and ``fp8`` are made as float32 values that they hold exactly.
        source: ``random``, ``zeros`` or a path to an ``.npz`` that holds every input by name.
        seed: seed of ``random``, with the input's name: standard normal for floats, 0 to 7 for
            integers, false or true for booleans. Random is the default: zeros
            switch fewer bits, and the power saved lets the GPU clock higher.
        roles: meanings of inputs, by name: token ids are then within the vocabulary, positions
            count up, token types are two halves, masks are ones, axes and lengths are valid, and
            boxes have an area.

    Returns:
        C-contiguous arrays by input name, in the order of the specs.

    Raises:
        OptionError: the file cannot be read, or an array is missing, of another shape or dtype, or
            holds indices that its table does not have.
    """
    roles = roles or {}
    if source == "random":
        return {spec.name: _made(spec, seed, roles.get(spec.name)) for spec in specs}
    if source == "zeros":
        return {spec.name: np.zeros(spec.shape, _dtype(spec)) for spec in specs}
    arrays = _read_npz(Path(source))
    _check_names(Path(source), specs, arrays)
    made = {spec.name: _fitting(Path(source), spec, arrays[spec.name]) for spec in specs}
    # A mask may hold any value: it indexes no table.
    for name, role in roles.items():
        if name in made and role.kind in _INDEXES:
            _check_indices(Path(source), name, made[name], role.below)
    return made


def _dtype(spec: TensorInfo) -> np.dtype[np.generic]:
    try:
        return np.dtype(host_type(spec.dtype) or numpy_name(spec.dtype))
    except TypeError:
        if spec.dtype == "undefined":
            raise OptionError(
                f"input '{spec.name}' is a sequence or an optional: only plain tensors can be given"
            ) from None
        raise OptionError(
            f"input '{spec.name}' is {spec.dtype}, no values can be generated for it: give an .npz"
        ) from None


def _made(spec: TensorInfo, seed: int, role: InputRole | None) -> Array:
    """Random values that fit the role of the input, where it is known."""
    dtype = _dtype(spec)
    if role is None:
        return np.asarray(_random(spec, seed))
    if role.kind is Kind.TOKENS:
        # The name is part of the seed, so that two inputs of one shape differ.
        generator = np.random.default_rng([seed, zlib.crc32(spec.name.encode())])
        return np.asarray(generator.integers(0, role.below, spec.shape)).astype(dtype)
    if role.kind is Kind.MASK:
        return np.ones(spec.shape, dtype)
    if role.kind is Kind.NUMBERS:
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
    generator = np.random.default_rng([seed, zlib.crc32(spec.name.encode())])
    corners = np.sort(generator.random((*spec.shape[:-1], 2, spec.shape[-1] // 2)), axis=-2)
    return np.asarray(corners.reshape(spec.shape) * size)


def _check_indices(path: Path, name: str, array: Array, below: int) -> None:
    """Refuses what would be read beyond a table; negative indices count from its end."""
    indices = array.astype(np.int64)
    outside = (indices >= below) | (indices < -below)
    if outside.any():
        raise OptionError(
            f"{path}: '{name}' holds {indices[outside][0]}, but the table that it indexes takes "
            f"0 to {below - 1}"
        )


def _random(spec: TensorInfo, seed: int) -> Array:
    dtype = _dtype(spec)
    generator = np.random.default_rng([seed, zlib.crc32(spec.name.encode())])
    if dtype.kind == "b":
        return generator.integers(0, 2, spec.shape).astype(bool)
    if dtype.kind in "iu":
        return generator.integers(0, _INTEGERS_BELOW, spec.shape).astype(dtype)
    values = generator.standard_normal(spec.shape, dtype=np.float32)
    return _held(values, spec).astype(dtype)


def _read_npz(path: Path) -> Mapping[str, Array]:
    check_readable(path, OptionError)
    try:
        # np.load alone would take an .npy or a pickle as well.
        with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        raise OptionError(f"{path}: not an .npz file of plain arrays (numpy.savez)") from None


def _check_names(path: Path, specs: Sequence[TensorInfo], arrays: Mapping[str, Array]) -> None:
    wanted = {spec.name for spec in specs}
    if missing := sorted(wanted - arrays.keys()):
        raise OptionError(f"{path}: no array for input {_names(missing)}; it has {_names(arrays)}")
    if extra := sorted(arrays.keys() - wanted):
        raise OptionError(
            f"{path}: {_names(extra)} is not an input; the inputs are {_names(wanted)}"
        )


def _fitting(path: Path, spec: TensorInfo, array: Array) -> Array:
    if array.shape != spec.shape:
        shapes = ["x".join(map(str, shape)) or "scalar" for shape in (array.shape, spec.shape)]
        raise OptionError(f"{path}: '{spec.name}' is {shapes[0]}, the model expects {shapes[1]}")
    dtype = _dtype(spec)
    if array.dtype != dtype and not (array.dtype.kind == "f" and dtype.kind == "f"):
        raise OptionError(f"{path}: '{spec.name}' is {array.dtype}, the model expects {spec.dtype}")
    # The overflow is refused below, with the value: NumPy's warning would only add a line.
    with np.errstate(over="ignore"):
        fitting = np.asarray(array, dtype, order="C")
    overflowed = np.isinf(fitting) & np.isfinite(array)
    if overflowed.any():
        value = array[overflowed].flat[0]
        raise OptionError(f"{path}: '{spec.name}' holds {value:g}, too large for {spec.dtype}")
    return _held(fitting, spec)


def _held(values: Array, spec: TensorInfo) -> Array:
    """The values as a type holds them that the host has in float32."""
    rounding = {"bfloat16": to_bfloat16_values, "fp8": to_fp8_values}.get(numpy_name(spec.dtype))
    return values if rounding is None else rounding(values.astype(np.float32))


def _names(names: Sequence[str] | Mapping[str, Array] | set[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names)) or "none"
