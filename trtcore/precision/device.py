"""Whether a GPU is any good at a precision, asked before an engine is built for it."""

from __future__ import annotations

from trtcore.errors import PrecisionError
from trtcore.precision.request import Precision
from trtcore.result.warnings import RunWarning, WarningKind
from trtcore.system.device import Device

# Source: NVIDIA CUDA C++ Programming Guide, throughput of arithmetic instructions: half precision
# runs at a fraction of single precision on these, though 5.3 and 6.0 have it at full speed.
_SLOW_HALF = ((5, 0), (5, 2), (6, 1))
_FIRST_HALF = (5, 3)
_FIRST_AMPERE = (8, 0)


def check_device(precision: Precision, device: Device) -> RunWarning | None:
    """Checks a GPU before the build.

    Args:
        precision: what is asked for.
        device: as the driver describes it; one that does not tell its compute capability passes.

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
    if precision is Precision.BF16 and capability < _FIRST_AMPERE:
        name = f"{device.name} (compute capability {device.compute_capability})"
        raise PrecisionError(f"{name} has no BF16, which needs 8.0 or newer: use --precision fp16")
    if precision is Precision.TF32 and capability < _FIRST_AMPERE:
        return RunWarning(WarningKind.NO_TF32, names=names)
    is_half = precision in (Precision.FP16, Precision.HALF2)
    if is_half and (capability in _SLOW_HALF or capability < _FIRST_HALF):
        return RunWarning(WarningKind.SLOW_FP16, names=names)
    return None
