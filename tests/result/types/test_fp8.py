"""FP8 beside the library that ONNX uses for it."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from trtcore.result.types.fp8 import from_fp8, to_fp8, to_fp8_values

CODES = np.arange(256, dtype=np.uint8)


def test_every_code_stands_for_what_the_library_says() -> None:
    found = from_fp8(CODES)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, CODES.view(ml_dtypes.float8_e4m3fn).astype(np.float32))


def test_every_value_has_its_code() -> None:
    codes = np.delete(CODES, 0xFF)  # the NaNs have one code, and one with the sign
    np.testing.assert_array_equal(to_fp8(from_fp8(codes)), codes)
    assert to_fp8(np.float32(np.nan)) & 0x7F == 0x7F


@pytest.mark.parametrize("scale", [1e-4, 1e-2, 1.0, 50.0])
def test_numbers_are_rounded_as_the_library_does(scale: float) -> None:
    values = np.random.default_rng(0).standard_normal((500, 40)).astype(np.float32) * scale
    expected = values.astype(ml_dtypes.float8_e4m3fn)
    np.testing.assert_array_equal(to_fp8(values), expected.view(np.uint8))
    np.testing.assert_array_equal(to_fp8_values(values), expected.astype(np.float32))


def test_ties_go_to_even() -> None:
    magnitudes = np.arange(126, dtype=np.uint8)
    middles = (from_fp8(magnitudes) + from_fp8(magnitudes + 1)) / 2
    assert (to_fp8(middles) % 2 == 0).all()
    assert (to_fp8(-middles) % 2 == 0).all()


def test_what_is_too_large_becomes_the_largest() -> None:
    values = np.array([449, 1e9, np.inf, -1e9, -np.inf])
    assert to_fp8_values(values).tolist() == [448, 448, 448, -448, -448]


def test_float32_and_float64_become_the_same_bytes() -> None:
    """The table of float32 against the search that holds for any number."""
    random = np.random.default_rng(0)
    bits = random.integers(0, 1 << 32, 100_000, dtype=np.uint32)
    middles = (
        (np.arange(1 << 16, dtype=np.uint32) << 16)[:, None] + np.array([0, 1, 0xFFFF])
    ).ravel()
    for patterns in (bits, middles.astype(np.uint32)):
        values = patterns.view(np.float32)
        with np.errstate(invalid="ignore"):  # signalling NaN
            np.testing.assert_array_equal(to_fp8(values), to_fp8(values.astype(np.float64)))
    column = np.float32([[0.3], [-2.0]])
    assert to_fp8(column).shape == (2, 1)
    assert to_fp8(np.float32(1.0)).shape == ()
