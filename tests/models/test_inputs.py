"""Input data: seeded, of the right type, and read from files with checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trtcore.errors import OptionError
from trtcore.models.inputs import make_inputs
from trtcore.result.records.layers import TensorInfo
from trtcore.result.types.dtypes import to_bfloat16_values
from trtcore.result.types.fp8 import to_fp8_values

DATA = TensorInfo("data", (2, 3), "float32")
MASK = TensorInfo("mask", (4,), "bool")
IDS = TensorInfo("ids", (50,), "Int64")


def test_random_is_seeded_and_of_the_asked_types() -> None:
    first = make_inputs([DATA, MASK, IDS], seed=3)
    again = make_inputs([DATA, MASK, IDS], seed=3)
    other = make_inputs([DATA, MASK, IDS], seed=4)
    assert list(first) == ["data", "mask", "ids"]
    assert [a.dtype.name for a in first.values()] == ["float32", "bool", "int64"]
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["data"], other["data"])
    assert first["ids"].min() >= 0
    assert first["ids"].max() <= 7


def test_random_is_standard_normal() -> None:
    values = make_inputs([TensorInfo("x", (100, 100), "float32")])["x"]
    assert abs(values.mean()) < 0.05
    assert abs(values.std() - 1) < 0.05


def test_half_input_is_the_rounded_float_input() -> None:
    wide = make_inputs([DATA])["data"]
    half = make_inputs([TensorInfo("data", (2, 3), "Half")])["data"]
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, wide.astype(np.float16))


def test_bfloat16_values_round_to_nearest_even() -> None:
    values = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, -3.3e38, np.inf, np.nan], np.float32)
    rounded = to_bfloat16_values(values)
    np.testing.assert_array_equal(
        rounded, np.array([1.0, 1.0, 1 + 2**-6, -248 * 2.0**120, np.inf, np.nan], np.float32)
    )
    made = make_inputs([TensorInfo("x", (64,), "bfloat16")])["x"]
    np.testing.assert_array_equal(made.view(np.uint32) & 0xFFFF, 0)


def test_scalars_stay_scalars(tmp_path: Path) -> None:
    spec = TensorInfo("s", (), "float16")
    path = tmp_path / "s.npz"
    np.savez(path, s=np.float32(2.5))
    arrays = [make_inputs([spec], source)["s"] for source in ("random", "zeros", path)]
    arrays += [make_inputs([TensorInfo("s", (), "bfloat16")])["s"]]
    assert [(type(array), array.shape) for array in arrays] == [(np.ndarray, ())] * 4
    assert arrays[2] == 2.5


def test_zeros() -> None:
    arrays = make_inputs([DATA, MASK], "zeros")
    np.testing.assert_array_equal(arrays["data"], np.zeros((2, 3), np.float32))
    assert arrays["mask"].dtype == np.bool_


def test_file_is_read_and_narrowed(tmp_path: Path) -> None:
    path = tmp_path / "in.npz"
    values = np.arange(6, dtype=np.float64).reshape(2, 3)
    np.savez(path, data=values)
    for dtype in ("float32", "float16"):
        array = make_inputs([TensorInfo("data", (2, 3), dtype)], path)["data"]
        assert array.dtype.name == dtype
        np.testing.assert_array_equal(array, values)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((2, 3))}, "no array for input 'data'; it has 'x'"),
        (
            {"data": np.zeros((2, 3)), "y": np.zeros(1)},
            "'y' is not an input; the inputs are 'data'",
        ),
        ({"data": np.zeros((3, 2))}, "'data' is 3x2, the model expects 2x3"),
        ({"data": np.zeros((2, 3), np.int64)}, "'data' is int64, the model expects float16"),
        ({"data": np.full((2, 3), 7e4)}, "'data' holds 70000, too large for float16"),
    ],
)
def test_file_that_does_not_fit(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    path = tmp_path / "in.npz"
    np.savez(path, **arrays)
    with pytest.raises(OptionError) as error:
        make_inputs([TensorInfo("data", (2, 3), "float16")], path)
    assert str(error.value) == f"{path}: {message}"


def test_unreadable_files(tmp_path: Path) -> None:
    noise, single = tmp_path / "noise.npz", tmp_path / "single.npy"
    noise.write_bytes(b"PK not a zip")
    np.save(single, np.zeros(3))
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, data=np.array([{"a": 1}], dtype=object))
    for path in (noise, single, pickled):
        with pytest.raises(OptionError, match=r"not an \.npz file of plain arrays"):
            make_inputs([DATA], path)
    with pytest.raises(OptionError, match="cannot be read"):
        make_inputs([DATA], tmp_path / "missing.npz")
    with pytest.raises(OptionError, match="is a directory"):
        make_inputs([DATA], tmp_path)


def test_type_without_values() -> None:
    with pytest.raises(OptionError, match=r"input 'x' is FP4, .*give an \.npz"):
        make_inputs([TensorInfo("x", (1,), "FP4")])


def test_fp8_is_made_of_float32_that_it_holds(tmp_path: Path) -> None:
    spec = TensorInfo("x", (40, 50), "FP8")
    made = make_inputs([spec])["x"]
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, to_fp8_values(made))
    np.savez(tmp_path / "x.npz", x=np.full((40, 50), 0.3))
    read = make_inputs([spec], tmp_path / "x.npz")["x"]
    assert np.unique(read).tolist() == [0.3125]


@given(st.integers(0, 2**32 - 1))
@example(0xFFFFFFFF)
@example(0x7F7FFFFF)
@example(0x3F808000)
def test_bfloat16_is_the_nearest_and_even_on_ties(bits: int) -> None:
    value = np.array(bits, np.uint32).view(np.float32)
    rounded = to_bfloat16_values(value)
    if np.isnan(value):
        assert np.isnan(rounded)
        return
    low = bits & 0xFFFF0000
    distances = bits - low, low + 0x10000 - bits  # equally spaced, so bits measure distance
    up = distances[1] < distances[0] or (distances[0] == distances[1] and low & 0x10000)
    expected = low + (0x10000 if up else 0)
    assert int(rounded.view(np.uint32)) == expected
