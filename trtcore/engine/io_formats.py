"""Memory formats of the network's inputs and outputs: half2 and other vectorised layouts.

In ``chw2``, the successor of half2, the values of two channels lie side by side: element (n, c, h,
w) is at [n][c // 2][h][w][c % 2]. ``chw4``, ``chw16`` and ``chw32`` do the same with more channels;
``hwc8`` puts all channels of a pixel together, in a multiple of 8. Padding channels are zero.

Source: NVIDIA TensorRT, enum class TensorFormat.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import OptionError, PrecisionError, argument
from trtcore.result.backends import find_backend
from trtcore.result.io_formats import FORMATS, why_not
from trtcore.result.records.layers import TensorInfo
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.result.types.dtypes import itemsize

# Formats are defined over (..., C, H, W).
_CHANNEL_AXIS = -3
# From this version on TensorRT has `chw16` for the DLA only; TensorRT-RTX 1.7.1 fails to build it.
# Source: TensorFormat in the bindings of 10.0 to 10.16, of 11.4, and of TensorRT-RTX 1.6 and 1.7.
_CHW16_ON_DLA_ONLY = {"tensorrt": (10, 12), "tensorrt_rtx": (1, 0)}
# TensorRT documents vectorised formats for three dimensions or more; TensorRT-RTX 1.7.1 fails to
# build `chw2` for any other number than these.
_CHW2_RANKS = {"tensorrt_rtx": (4,)}


def check_io_formats(
    formats: Mapping[str, str],
    tensors: Sequence[TensorInfo],
    backend: str = "",
    version: str = "",
) -> None:
    """Checks requested formats against the network's inputs and outputs.

    Args:
        formats: the requested formats, by tensor name.
        tensors: inputs and outputs of the network.
        backend: ``tensorrt`` or ``tensorrt_rtx``, for what only some versions have; ``""`` for what
            is true of all.
        version: of the backend, such as ``10.16.1``.

    Raises:
        OptionError: no such tensor, or the format does not exist for its type or rank, or not in
            this version.
    """
    by_name = {tensor.name: tensor for tensor in tensors}
    for name, format_name in formats.items():
        if format_name not in FORMATS:
            raise OptionError(
                f"{argument('io_formats', {name: format_name})}: accepted are {', '.join(FORMATS)}"
            )
        if name not in by_name:
            known = ", ".join(f"'{tensor}'" for tensor in by_name)
            raise OptionError(
                f"{argument('io_formats')} names '{name}', the inputs and outputs are {known}"
            )
        reason = why_not(by_name[name], format_name) or _why_not_here(format_name, backend, version)
        if reason:
            raise OptionError(f"{argument('io_formats', {name: format_name})}: {reason}")


def _why_not_here(format_name: str, backend: str, version: str) -> str:
    since = _CHW16_ON_DLA_ONLY.get(backend)
    if format_name != "chw16" or since is None:
        return ""
    if tuple(int(part) for part in version.split(".")[:2]) < since:
        return ""
    return f"{find_backend(backend).label} {version} has chw16 for the DLA only, not for a GPU"


def half2_formats(
    tensors: Sequence[TensorInfo], backend: str = "tensorrt", layout: str = "chw2"
) -> dict[str, str]:
    """The formats of a precision with vectorised I/O: its layout for every eligible tensor.

    For ``half2`` that is every FP16 or BF16 tensor of three dimensions or more; of four only with
    TensorRT-RTX.

    Args:
        tensors: inputs and outputs of the network.
        backend: ``tensorrt`` or ``tensorrt_rtx``.
        layout: one of `FORMATS`.

    Raises:
        PrecisionError: no tensor is eligible; the message gives the reason for each.
    """
    refused = {tensor.name: _why_not_layout(tensor, backend, layout) for tensor in tensors}
    formats = {name: layout for name, reason in refused.items() if not reason}
    if not formats:
        reasons = "; ".join(refused.values())
        raise PrecisionError(f"half2 has no input or output to vectorise: {reasons}: use fp16")
    return formats


def check_engine_formats(formats: Mapping[str, str], io: Sequence[TensorInfo]) -> RunWarning | None:
    """Checks that the engine has the requested formats, as its inspector reports them.

    Args:
        formats: the requested formats, by tensor name.
        io: the inputs and outputs of the engine; empty where the inspector reports none.

    Returns:
        A warning that names the unreported formats; None if all are confirmed.

    Raises:
        PrecisionError: a tensor has another format.
    """
    actual = {tensor.name: tensor.format for tensor in io}
    for name, format_name in formats.items():
        if actual.get(name, "") not in ("", format_name):
            raise PrecisionError(
                f"requested format {name}:{format_name}, but the engine has {actual[name]}"
            )
    unreported = tuple(
        f"{name}:{format_name}" for name, format_name in formats.items() if not actual.get(name)
    )
    return RunWarning(WarningKind.FORMAT_UNCONFIRMED, names=unreported) if unreported else None


def storage_shape(shape: Sequence[int], format_name: str) -> tuple[int, ...]:
    """Shape of the array in memory: (n, c / 2, h, w, 2) for ``chw2``, (n, h, w, c) for ``hwc8``."""
    layout = FORMATS[format_name]
    if layout.lanes == 1:
        return tuple(shape)
    *outer, channels, height, width = shape
    groups = -(-channels // layout.lanes)
    if format_name.startswith("hwc"):
        return (*outer, height, width, groups * layout.lanes)
    return (*outer, groups, height, width, layout.lanes)


def storage_bytes(shape: Sequence[int], dtype: str, format_name: str) -> int:
    """Bytes that a tensor takes in memory, padding included.

    Raises:
        KeyError: not a data type of known size.
    """
    return math.ceil(math.prod(storage_shape(shape, format_name)) * itemsize(dtype))


def pack(values: NDArray[Any], format_name: str) -> NDArray[Any]:
    """Lays an array out in a format; padding channels become zero.

    Args:
        values: (..., C, H, W), any element type.
        format_name: name of the format.

    Returns:
        C-contiguous, of `storage_shape`.
    """
    lanes = FORMATS[format_name].lanes
    if lanes == 1:
        return np.asarray(values, order="C")
    padding = [(0, 0)] * values.ndim
    padding[_CHANNEL_AXIS] = (0, -values.shape[_CHANNEL_AXIS] % lanes)
    padded = np.pad(values, padding)
    if format_name.startswith("hwc"):
        return np.ascontiguousarray(np.moveaxis(padded, _CHANNEL_AXIS, -1))
    *outer, channels, height, width = padded.shape
    grouped = padded.reshape(*outer, channels // lanes, lanes, height, width)
    return np.ascontiguousarray(np.moveaxis(grouped, _CHANNEL_AXIS, -1))


def unpack(storage: NDArray[Any], shape: Sequence[int], format_name: str) -> NDArray[Any]:
    """Takes an array out of a format: the inverse of `pack`.

    Args:
        storage: as it lies in memory; of `storage_shape`, or flat.
        shape: shape of the tensor, (..., C, H, W).
        format_name: name of the format.

    Returns:
        C-contiguous, of ``shape``.
    """
    storage = storage.reshape(storage_shape(shape, format_name))
    lanes = FORMATS[format_name].lanes
    if lanes == 1:
        return np.asarray(storage, order="C")
    *outer, channels, height, width = shape
    planes = np.moveaxis(storage, -1, _CHANNEL_AXIS)
    planes = planes.reshape(*outer, -1, height, width)
    return np.ascontiguousarray(planes[..., :channels, :, :])


def _why_not_layout(tensor: TensorInfo, backend: str, layout: str) -> str:
    reason = why_not(tensor, layout)
    rank, ranks = len(tensor.shape), _CHW2_RANKS.get(backend) if layout == "chw2" else None
    if not reason and ranks and rank not in ranks:
        only = " or ".join(map(str, ranks))
        return f"'{tensor.name}' has {rank} dimensions, TensorRT-RTX has chw2 for {only} only"
    return reason
