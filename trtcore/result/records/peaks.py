"""How fast a device can compute and move data: what the work of a network is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class PeakSource(Enum):
    """Where peaks come from."""

    MEASURED = "measured"
    """By a matrix product for each type and a copy, with the runtime that ran the network."""
    GIVEN = "given"
    """By the user, such as those of a data sheet."""


@dataclass(frozen=True)
class ProductPeak:
    """The rate of a large matrix product.

    Attributes:
        dtype: of its operands: ``fp32``, ``tf32``, ``fp16``, ``bf16``, ``fp8`` or ``int8``.
        tflops: 10^12 operations a second, two for a multiply-add.
    """

    dtype: str
    tflops: float


@dataclass(frozen=True)
class Peaks:
    """The peaks of a device.

    Attributes:
        source: measured or given.
        products: by type; types that nobody needed are not there.
        bandwidth_gbs: 10^9 bytes a second that are read and written; NaN if it is not known.
        layer_ms: time of a layer that has next to nothing to do; NaN to take the resolution of the
            timer.
        device: that they were measured on; ``""`` for given ones.
        sm_mhz: clock of the run that they belong to; 0 if it is not known.
    """

    source: PeakSource
    products: tuple[ProductPeak, ...] = ()
    bandwidth_gbs: float = float("nan")
    layer_ms: float = float("nan")
    device: str = ""
    sm_mhz: int = 0

    def tflops(self, dtype: str) -> float:
        """The rate of products of a type; NaN if it is not known."""
        rates = (peak.tflops for peak in self.products if peak.dtype == dtype)
        return next(rates, float("nan"))
