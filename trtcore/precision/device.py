"""Whether a GPU is any good at a precision, asked before an engine is built for it."""

from __future__ import annotations

from trtcore.errors import PrecisionError, argument
from trtcore.precision.formats import FORMATS, Precision
from trtcore.system.device import Device


def check_device(precision: Precision, device: Device) -> str:
    """Checks a GPU before the build.

    Args:
        precision: what is asked for.
        device: as the driver describes it; one that does not tell its compute capability passes.

    Returns:
        A warning for the report, or ``""``.

    Raises:
        PrecisionError: the GPU cannot compute in this precision at all.
    """
    if not device.compute_capability:
        return ""
    major, _, minor = device.compute_capability.partition(".")
    capability = int(major), int(minor or 0)
    name = f"{device.name} (compute capability {device.compute_capability})"
    row, word = FORMATS[precision], precision.value.upper()
    if capability < row.min_capability:
        lacks = (
            f"{name} has no {word}, which needs {'.'.join(map(str, row.min_capability))} or newer"
        )
        if not row.below_it:
            raise PrecisionError(f"{lacks}: use {argument('precision', 'fp16')}")
        return f"{lacks}: this is {row.below_it}"
    if capability < row.fast_from or capability in row.slow_on:
        return f"{name} has no fast {row.label}: it saves memory there, not time"
    return ""
