"""How well corrected layer times agree with the kernels, which know nothing of events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trtcore.kernels import layer_kernels
from trtcore.reconcile import reconcile_profile
from trtcore.result import Profile

CLOSE_SHARE = 0.1
CLOSE_MS = 0.001
LONGEST = 10


@dataclass(frozen=True)
class KernelAgreement:
    """Corrected layer times beside the kernel times of the same layers.

    Attributes:
        layers: layers whose kernels are known.
        close: of them, those within 10 % of the kernel time or 1 us.
        close_share: the part of all kernel time that those hold.
        median_error_ms: median over the layers of the absolute difference.
        longest: how many layers are looked at for ``common``: 10, or all if there are fewer.
        common: layers among the longest by kernel time and by corrected time alike.
    """

    layers: int
    close: int
    close_share: float
    median_error_ms: float
    longest: int
    common: int


def profile_agreement(profile: Profile) -> KernelAgreement | None:
    """Returns how well a profile's layers agree with its kernels; None where either is missing."""
    reconciled = reconcile_profile(profile)
    if profile.kernels is None or reconciled is None or not reconciled.is_corrected:
        return None
    found = layer_kernels(profile.kernels, len(profile.layers))
    return agreement(reconciled.corrected_ms, found.kernel_ms)


def agreement(corrected_ms: ArrayLike, kernel_ms: ArrayLike) -> KernelAgreement | None:
    """Compares (L,) corrected times with (L,) kernel times in ms; NaN is a kernel not known.

    Returns:
        None if no kernel is known.
    """
    corrected, kernel = np.asarray(corrected_ms, np.float64), np.asarray(kernel_ms, np.float64)
    known = ~np.isnan(kernel)
    if not known.any():
        return None
    corrected, kernel = corrected[known], kernel[known]
    error = np.abs(corrected - kernel)
    close = error <= np.maximum(CLOSE_SHARE * kernel, CLOSE_MS)
    longest = [set(np.argsort(-times, kind="stable")[:LONGEST]) for times in (corrected, kernel)]
    return KernelAgreement(
        layers=kernel.size,
        close=int(close.sum()),
        close_share=float(kernel[close].sum() / kernel.sum()),
        median_error_ms=float(np.median(error)),
        longest=len(longest[0]),
        common=len(longest[0] & longest[1]),
    )
