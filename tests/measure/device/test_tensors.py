"""What an I/O tensor looks like in device memory, with host memory in the place of the device's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trtcore.engine.io_formats import storage_bytes
from trtcore.measure.device.tensors import BoundTensor
from trtcore.result.records.layers import IOTensor
from trtcore.result.types.dtypes import to_bfloat16_values
from trtcore.result.types.fp8 import to_fp8_values


class HostMemory:
    """Takes and gives exactly as many bytes as a `DeviceBuffer` of this size would."""

    def __init__(self, nbytes: int) -> None:
        self.raw = np.full(nbytes, 0xFF, np.uint8)

    def copy_from(self, array: np.ndarray) -> None:
        self.raw[:] = np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)

    def copy_to(self, array: np.ndarray) -> None:
        assert array.flags.c_contiguous
        array[...] = self.raw.view(array.dtype).reshape(array.shape)


def bound(shape: tuple[int, ...], dtype: str, layout: str) -> Any:
    info = IOTensor("x", shape, "", layout)
    return BoundTensor(info, dtype, HostMemory(storage_bytes(shape, dtype, layout)))  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", ["linear", "chw2", "hwc8", "chw4", "chw16", "chw32"])
@pytest.mark.parametrize("shape", [(1, 3, 2, 5), (2, 33, 1, 2), (4, 8, 3, 3), (3, 2, 2)])
def test_what_goes_up_comes_down(layout: str, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).standard_normal(shape).astype(np.float16)
    tensor = bound(shape, "float16", layout)
    tensor.upload(values)
    found = tensor.download()
    assert (found.dtype, found.shape) == (np.float16, shape)
    np.testing.assert_array_equal(found, values)


def test_half2_pairs_channels_and_pads_an_odd_one_with_zero() -> None:
    values = np.arange(6, dtype=np.float16).reshape(1, 3, 1, 2)  # channels 01, 23, 45
    tensor = bound((1, 3, 1, 2), "float16", "chw2")
    tensor.upload(values)
    assert tensor.buffer.raw.view(np.float16).tolist() == [0, 2, 1, 3, 4, 0, 5, 0]


def test_bfloat16_is_float32_on_the_host() -> None:
    values = np.random.default_rng(0).standard_normal((2, 3, 4, 4)).astype(np.float32)
    tensor = bound((2, 3, 4, 4), "bfloat16", "hwc8")
    tensor.upload(values)
    found = tensor.download()
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, to_bfloat16_values(values))


@pytest.mark.parametrize("dtype", ["int64", "bool", "float32"])
def test_scalars(dtype: str) -> None:
    tensor = bound((), dtype, "linear")
    tensor.upload(np.array(1, dtype))
    assert tensor.download() == 1


@pytest.mark.parametrize("layout", ["linear", "chw16", "chw32"])
def test_fp8_is_one_byte_on_the_device_and_float32_on_the_host(layout: str) -> None:
    values = np.random.default_rng(0).standard_normal((2, 20, 3, 4)).astype(np.float32)
    tensor = bound((2, 20, 3, 4), "fp8", layout)
    tensor.upload(values)
    found = tensor.download()
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, to_fp8_values(values))
    assert tensor.buffer.raw.size == 2 * {"linear": 20, "chw16": 32, "chw32": 32}[layout] * 12


@pytest.mark.parametrize("layout", ["linear", "chw4", "chw32"])
def test_int8_goes_up_and_comes_down(layout: str) -> None:
    values = np.random.default_rng(0).integers(-128, 128, (2, 5, 3, 4)).astype(np.int8)
    tensor = bound((2, 5, 3, 4), "int8", layout)
    tensor.upload(values)
    np.testing.assert_array_equal(tensor.download(), values)
