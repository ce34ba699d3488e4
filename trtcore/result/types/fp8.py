"""FP8 (E4M3) values and their bytes, without a library for it.

Sign, four bits of exponent with bias 7, three of mantissa; no infinity, NaN with all bits set, and
448 as the largest. Source: P. Micikevicius et al., FP8 Formats for Deep Learning, 2022, table 1.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NAN = 0x7F
_SIGN = 0x80
_MANTISSA_BITS, _BIAS = 3, 7


def to_fp8(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Rounds numbers to the nearest FP8 value, ties to even; what is too large becomes 448.

    Returns:
        The bytes, of the same shape.
    """
    given = np.asarray(values)
    if given.dtype == np.float32:
        return _codes()[_upper_halves(given)]
    return _nearest(given)


def _upper_halves(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The upper 16 bits of each value, the last one set if anything was cut off.

    Of their seven bits of mantissa FP8 keeps three, so that a value and its upper half lie on the
    same side of every middle between two codes, or both on it.
    """
    bits = np.ascontiguousarray(values).view(np.uint32).reshape(values.shape)
    halves: NDArray[np.uint16] = ((bits >> 16) | ((bits & 0xFFFF) != 0)).astype(np.uint16)
    return halves


@functools.cache
def _codes() -> NDArray[np.uint8]:
    """(65536,) the bytes by the upper half of a float32."""
    halves = (np.arange(1 << 16, dtype=np.uint32) << 16).view(np.float32)
    with np.errstate(invalid="ignore"):  # some are signalling NaN, which no cast takes quietly
        return _nearest(halves)


def _nearest(values: NDArray[Any]) -> NDArray[np.uint8]:
    exact = np.asarray(values, np.float64)
    finite = np.where(np.isnan(exact), 0.0, np.abs(exact))
    between = _between()
    low = np.searchsorted(between, finite, "left")
    high = np.searchsorted(between, finite, "right")
    codes = np.where(low % 2 == 0, low, high)
    codes = np.where(np.isnan(exact), _NAN, codes)
    signs = np.where(np.signbit(exact), _SIGN, 0)
    return (codes | signs).astype(np.uint8)


def from_fp8(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns the values that bytes stand for, of the same shape."""
    return _values()[codes]


@functools.cache
def _values() -> NDArray[np.float32]:
    """(256,) what each byte stands for."""
    magnitudes = np.append(_magnitudes(), np.nan).astype(np.float32)
    return np.concatenate([magnitudes, -magnitudes])


def to_fp8_values(values: NDArray[Any]) -> NDArray[np.float32]:
    """Rounds numbers to FP8 and gives them back as float32."""
    return from_fp8(to_fp8(values))


@functools.cache
def _magnitudes() -> NDArray[np.float64]:
    """(127,) what the codes 0 to 126 stand for, ascending."""
    codes = np.arange(_NAN)
    exponents, mantissas = codes >> _MANTISSA_BITS, codes & ((1 << _MANTISSA_BITS) - 1)
    fractions = mantissas / (1 << _MANTISSA_BITS)
    normal = np.ldexp(1 + fractions, exponents - _BIAS)
    return np.where(exponents == 0, np.ldexp(fractions, 1 - _BIAS), normal)


@functools.cache
def _between() -> NDArray[np.float64]:
    """(126,) the middle between each code and the next."""
    magnitudes = _magnitudes()
    return (magnitudes[:-1] + magnitudes[1:]) / 2
