"""Whether a GPU is any good at a precision, asked before an engine is built for it."""

from __future__ import annotations

from trtcore.errors import PrecisionError
from trtcore.precision.request import Precision
from trtcore.system.device import Device

# Source: NVIDIA CUDA C++ Programming Guide, throughput of arithmetic instructions: half precision
# runs at a fraction of single precision on these, though 5.3 and 6.0 have it at full speed.
_SLOW_HALF = ((5, 0), (5, 2), (6, 1))
_FIRST_HALF = (5, 3)
_FIRST_AMPERE = (8, 0)


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
    if precision is Precision.BF16 and capability < _FIRST_AMPERE:
        raise PrecisionError(f"{name} has no BF16, which needs 8.0 or newer: use --precision fp16")
    if precision is Precision.TF32 and capability < _FIRST_AMPERE:
        return f"{name} has no TF32, which needs 8.0 or newer: this is FP32"
    is_half = precision in (Precision.FP16, Precision.HALF2)
    if is_half and (capability in _SLOW_HALF or capability < _FIRST_HALF):
        return f"{name} has no fast FP16: it saves memory there, not time"
    return ""
