"""Tensors that TensorRT reads and writes on the host, in memory that is really there."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trtcore.measure.device import tensors
from trtcore.measure.device.host import HostBuffer
from trtcore.measure.device.tensors import BoundTensor, bind_tensors, download
from trtcore.result.records.layers import IOTensor


class DeviceMemory:
    """Takes the place of a `DeviceBuffer`, which needs a GPU."""

    address = 1 << 20

    def __init__(self, nbytes: int, purpose: str) -> None:
        self.nbytes, self.purpose = nbytes, purpose


class Context:
    """Writes the shape of its input into the output ``shape``, as TensorRT does on the CPU."""

    def __init__(self) -> None:
        self.addresses: dict[str, int] = {}

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return (2,) if name == "shape" else (3, 5)

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def run(self) -> None:
        (ctypes.c_int64 * 2).from_address(self.addresses["shape"])[:] = [3, 5]


def engine(*names: str) -> Any:
    inner = SimpleNamespace(
        get_tensor_dtype=lambda name: SimpleNamespace(name="INT64" if name == "shape" else "FLOAT"),
        get_tensor_format=lambda _: SimpleNamespace(name="LINEAR"),
    )
    return SimpleNamespace(
        engine=inner,
        tensor_names=names,
        is_input=lambda name: name == "x",
        is_on_host=lambda name: name == "shape",
    )


def test_an_output_in_host_memory_is_read_where_it_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tensors, "DeviceBuffer", DeviceMemory)
    context = Context()
    bound = bind_tensors(engine("x", "y", "shape"), [context], ("x", "y", "shape"))
    assert [type(tensor.buffer) for tensor in bound] == [DeviceMemory, DeviceMemory, HostBuffer]
    assert bound[1].buffer.purpose == "tensor 'y'"
    context.run()
    (found,) = download(bound[2:]).values()
    assert (found.tolist(), found.dtype) == ([3, 5], np.int64)


@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_what_goes_in_comes_out(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    buffer = HostBuffer(values.nbytes)
    assert buffer.address
    # TensorRT asks for it of every address.
    assert buffer.address % 256 == 0
    buffer.copy_from(values)
    found = np.empty(shape, np.float32)
    buffer.copy_to(found)
    np.testing.assert_array_equal(found, values)
    buffer.free()


def test_an_input_that_decides_shapes_lies_at_its_address() -> None:
    values = np.array([3, -1, 8], np.int64)
    tensor = BoundTensor(IOTensor("shape", (3,), "Int64", "linear"), "int64", HostBuffer(24))
    tensor.upload(values)
    raw = ctypes.string_at(tensor.buffer.address, 24)
    assert np.frombuffer(raw, np.int64).tolist() == [3, -1, 8]
    np.testing.assert_array_equal(tensor.download(), values)
    tensor.buffer.free()
