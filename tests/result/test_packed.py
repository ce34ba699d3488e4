"""Arrays in JSON: the same bits come back, in the new form and in that of older files."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from trtcore.result.packed import pack_array, unpack_array

TYPES = ("float32", "float64", "uint32")


@st.composite
def any_array(draw: st.DrawFn) -> np.ndarray:
    """An array of any of the types, with NaN, infinities and empty shapes, in either order."""
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5))
    values = draw(arrays.arrays(draw(st.sampled_from(TYPES)), shape))
    return np.asfortranarray(values) if draw(st.booleans()) else values


@given(any_array())
def test_every_bit_comes_back_in_c_order(values: np.ndarray) -> None:
    tree = json.loads(json.dumps(pack_array(values, values.dtype)))
    again = unpack_array(values.dtype, tree, "here")
    assert again.dtype == values.dtype
    assert again.shape == values.shape
    assert again.tobytes() == values.tobytes()  # both in C order
    assert again.flags.c_contiguous
    assert not again.flags.writeable


@given(any_array())
def test_arrays_of_older_files(values: np.ndarray) -> None:
    raw = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    old = {
        "dtype": values.dtype.name,
        "shape": list(values.shape),
        "zlib_base64": base64.b64encode(zlib.compress(raw.tobytes())).decode(),
    }
    assert unpack_array(values.dtype, old, "here").tobytes() == values.tobytes()


def test_the_documented_way_to_read_one() -> None:
    values = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    a = pack_array(values, values.dtype)
    planes = np.frombuffer(zlib.decompress(base64.b64decode(a["planes_zlib_base64"])), "u1")
    read = planes.reshape(np.dtype(a["dtype"]).itemsize, -1).T.copy().view(a["dtype"])
    np.testing.assert_array_equal(read.reshape(a["shape"], order="F"), values)


def test_noisy_times_take_less_than_their_bytes() -> None:
    """Base64 alone adds a third: 10,000 iterations of 206 layers would be 11 MB."""
    random = np.random.default_rng(0)
    layers = np.exp(random.normal(-4.5, 1, 206))
    values = (layers * random.normal(1, 0.01, (1000, 206))).astype(np.float32)
    assert len(json.dumps(pack_array(values, values.dtype))) < 0.9 * values.nbytes


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [2**40, 2]},
        {"shape": [2, -2]},
        {"shape": [3, 2]},
        {"dtype": "float64"},
        {"planes_zlib_base64": "!"},
        {"planes_zlib_base64": base64.b64encode(zlib.compress(bytes(1 << 20))).decode()},
    ],
)
def test_damaged_arrays_are_named(change: dict[str, Any]) -> None:
    packed = pack_array(np.ones((2, 2)), np.dtype("float32"))
    with pytest.raises(ValueError, match="here is not a packed float32 array"):
        unpack_array(np.dtype("float32"), {**packed, **change}, "here")
    with pytest.raises(ValueError, match="here is not a packed float32 array"):
        unpack_array(np.dtype("float32"), {"dtype": "float32", "shape": [1]}, "here")
