"""Peaks that a user gives, such as those of a data sheet: ``fp16=989,fp32=67,bandwidth=4800``."""

from __future__ import annotations

from math import isfinite

from trtcore.errors import OptionError, argument
from trtcore.result.records.peaks import Peaks, PeakSource, ProductPeak

TYPES = ("fp32", "tf32", "fp16", "bf16", "fp8", "int8", "fp4", "int4")
NO_PEAKS = "none"
"""The word for no peaks at all."""
MEASURE = "measure"
"""The word for peaks that a run measures; a saved result has no device to measure."""
_BANDWIDTH = "bandwidth"


def parse_peaks(text: str) -> Peaks | None:
    """Reads peaks in TFLOP/s and GB/s, separated by commas; None for ``none``.

    Raises:
        OptionError: not of that form, a number that is no rate, or a name given twice.
    """
    if text == NO_PEAKS:
        return None
    if text == MEASURE:
        raise OptionError(
            f"{argument('peak', MEASURE)} times the GPU or CPU in a run, and a saved result has "
            "none: run profile with it, or give the peaks"
        )
    rates: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        if name not in (*TYPES, _BANDWIDTH):
            raise OptionError(
                f"{argument('peak')} is '{text}': '{part.strip()}' must be NAME=NUMBER with one of "
                f"{', '.join(TYPES)} (TFLOP/s) or {_BANDWIDTH} (GB/s), or all of it {NO_PEAKS}"
            )
        if name in rates:
            raise OptionError(f"{argument('peak')} is '{text}', which has {name} twice")
        rates[name] = _rate(text, name, number)
    bandwidth = rates.pop(_BANDWIDTH, float("nan"))
    products = tuple(ProductPeak(name, rate) for name, rate in rates.items())
    return Peaks(PeakSource.GIVEN, products, bandwidth)


def _rate(text: str, name: str, number: str) -> float:
    try:
        rate = float(number)
    except ValueError:
        rate = float("nan")
    if not (isfinite(rate) and rate > 0):
        raise OptionError(
            f"{argument('peak')} is '{text}': {name} is '{number}', must be a number above 0"
        )
    return rate
