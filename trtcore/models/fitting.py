"""Whether arrays fit the inputs they are for, and the values as the inputs' types hold them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import OptionError
from trtcore.result.records.layers import TensorInfo
from trtcore.result.types.dtypes import host_type, numpy_name, to_bfloat16_values
from trtcore.result.types.fp8 import to_fp8_values
from trtcore.system.files import check_readable

Array = NDArray[np.generic]


def dtype_of(spec: TensorInfo) -> np.dtype[np.generic]:
    """The NumPy type that an input has on the host.

    Raises:
        OptionError: it has none.
    """
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


def fitting(label: str, spec: TensorInfo, array: Array) -> Array:
    """An array in the type and layout of an input.

    Args:
        label: where it is from, at the start of an error.
        spec: the input.
        array: of its shape and its type, or of another type of floats.

    Raises:
        OptionError: it does not fit.
    """
    if array.shape != spec.shape:
        shapes = ["x".join(map(str, shape)) or "scalar" for shape in (array.shape, spec.shape)]
        raise OptionError(f"{label}: '{spec.name}' is {shapes[0]}, the model expects {shapes[1]}")
    dtype = dtype_of(spec)
    if array.dtype != dtype and not (array.dtype.kind == "f" and dtype.kind == "f"):
        raise OptionError(
            f"{label}: '{spec.name}' is {array.dtype}, the model expects {spec.dtype}"
        )
    # The overflow is refused below, with the value: NumPy's warning would only add a line.
    with np.errstate(over="ignore"):
        narrowed = np.asarray(array, dtype, order="C")
    overflowed = np.isinf(narrowed) & np.isfinite(array)
    if overflowed.any():
        value = array[overflowed].flat[0]
        raise OptionError(f"{label}: '{spec.name}' holds {value:g}, too large for {spec.dtype}")
    return held(narrowed, spec)


def check_range(label: str, spec: TensorInfo, limits: Array, dtype: np.dtype[np.generic]) -> None:
    """Raises OptionError for whole numbers that the type of an input does not hold."""
    if dtype.kind not in "biu":
        return
    limits_of = np.iinfo(str(dtype)) if dtype.kind != "b" else None
    least, most = (limits_of.min, limits_of.max) if limits_of is not None else (0, 1)
    outside = [value for value in limits.tolist() if not least <= value <= most]
    if outside:
        raise OptionError(
            f"{label}: '{spec.name}' may hold {outside[0]:.0f}, but {spec.dtype} has {least} to "
            f"{most}"
        )


def check_indices(label: str, name: str, array: Array, below: int) -> None:
    """Raises OptionError for what would be read beyond a table of so many rows."""
    indices = array.astype(np.int64)
    # Negative indices count from the end.
    outside = (indices >= below) | (indices < -below)
    if outside.any():
        raise OptionError(
            f"{label}: '{name}' holds {indices[outside][0]}, but the table that it indexes has "
            f"{below} rows: 0 to {below - 1}"
        )


def held(values: Array, spec: TensorInfo) -> Array:
    """The values as a type holds them that the host has in float32."""
    rounding = {"bfloat16": to_bfloat16_values, "fp8": to_fp8_values}.get(numpy_name(spec.dtype))
    return values if rounding is None else rounding(values.astype(np.float32))


def read_npz(path: Path) -> Mapping[str, Array]:
    """The arrays of a file by name.

    Raises:
        OptionError: it cannot be read, or is no such file.
    """
    check_readable(path, OptionError)
    try:
        # np.load alone would take an .npy or a pickle as well.
        with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        raise OptionError(f"{path}: not an .npz file of plain arrays (numpy.savez)") from None


def check_names(
    path: Path, specs: Sequence[TensorInfo], arrays: Mapping[str, Array], named: Iterable[str]
) -> None:
    """Raises OptionError if a file lacks an input, or has arrays that are of none.

    Args:
        path: of the file.
        specs: the inputs that it has to hold.
        arrays: that it holds.
        named: other inputs, which it may hold.
    """
    wanted = {spec.name for spec in specs}
    if missing := sorted(wanted - arrays.keys()):
        raise OptionError(f"{path}: no array for input {quoted(missing)}; it has {quoted(arrays)}")
    if extra := sorted(arrays.keys() - wanted - set(named)):
        raise OptionError(
            f"{path}: {quoted(extra)} is not an input; the inputs are {quoted(wanted)}"
        )


def quoted(names: Sequence[str] | Mapping[str, Array] | set[str]) -> str:
    """Names for an error, in order."""
    return ", ".join(f"'{name}'" for name in sorted(names)) or "none"
