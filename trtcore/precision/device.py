"""Checks before a build whether the GPU supports a precision, and at full speed."""

from __future__ import annotations

from trtcore.errors import PrecisionError, argument
from trtcore.precision.formats import FORMATS, Precision
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.device import Device


def check_device(precision: Precision, device: Device) -> RunWarning | None:
    """Checks a GPU before the build.

    Args:
        precision: the requested one.
        device: as the driver describes it; one of unknown compute capability passes.

    Returns:
        A warning for the report; None if there is nothing to say.

    Raises:
        PrecisionError: the GPU cannot compute in this precision at all.
    """
    if not device.compute_capability:
        return None
    major, _, minor = device.compute_capability.partition(".")
    capability = int(major), int(minor or 0)
    names = (device.name, device.compute_capability)
    row, label = FORMATS[precision], precision.value.upper()
    if capability < row.min_capability:
        needed = ".".join(map(str, row.min_capability))
        if not row.below_it:
            raise PrecisionError(
                f"{device.name} (compute capability {device.compute_capability}) has no {label}, "
                f"which needs {needed} or newer: use {argument('precision', 'fp16')}"
            )
        return RunWarning(
            WarningKind.PRECISION_MISSING, names=(*names, label, needed, row.below_it)
        )
    if capability < row.fast_from or capability in row.slow_on:
        return RunWarning(WarningKind.PRECISION_SLOW, names=(*names, row.label))
    return None
