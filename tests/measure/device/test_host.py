"""Memory for inputs that TensorRT reads on the host."""

from __future__ import annotations

import ctypes

import numpy as np

from trtcore.measure.device.host import HostBuffer
from trtcore.measure.device.tensors import BoundTensor
from trtcore.result.records.layers import IOTensor


def test_what_goes_in_lies_at_the_address_and_comes_out() -> None:
    values = np.array([3, -1, 8], np.int64)
    tensor = BoundTensor(IOTensor("shape", (3,), "Int64", "linear"), "int64", HostBuffer(24))
    tensor.upload(values)
    raw = ctypes.string_at(tensor.buffer.address, 24)
    assert np.frombuffer(raw, np.int64).tolist() == [3, -1, 8]
    np.testing.assert_array_equal(tensor.download(), values)
    tensor.buffer.free()
    np.testing.assert_array_equal(tensor.download(), values)


def test_scalars_and_nothing() -> None:
    scalar, empty = HostBuffer(4), HostBuffer(0)
    scalar.copy_from(np.array(7, np.int32))
    found = np.empty((), np.int32)
    scalar.copy_to(found)
    assert found == 7
    empty.copy_from(np.zeros(0, np.int32))
    assert empty.address != 0
