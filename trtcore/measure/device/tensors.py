"""The network's inputs and outputs in device memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trtcore.engine.io_formats import pack, storage_bytes, storage_shape, unpack
from trtcore.engine.tensorrt.runtime import Engine
from trtcore.errors import RunError
from trtcore.measure.device.cuda import DeviceBuffer
from trtcore.measure.device.host import HostBuffer
from trtcore.models.inputs import InputRole, Kind
from trtcore.result.io_formats import FORMATS
from trtcore.result.records.layers import IOTensor, TensorInfo
from trtcore.result.types.dtypes import host_type, inspector_name, numpy_name, to_bfloat16_values
from trtcore.result.types.fp8 import from_fp8, to_fp8

Array = NDArray[Any]


class _Storage(NamedTuple):
    """How a type that NumPy lacks lies in memory, and the way from and to float32."""

    dtype: type[np.unsignedinteger[Any]]
    encode: Callable[[Array], Array]
    decode: Callable[[Array], Array]


def _to_bfloat16(values: Array) -> Array:
    return (to_bfloat16_values(values).view(np.uint32) >> 16).astype(np.uint16)


def _from_bfloat16(stored: Array) -> Array:
    return (stored.astype(np.uint32) << 16).view(np.float32)


_STORED = {
    "bfloat16": _Storage(np.uint16, _to_bfloat16, _from_bfloat16),
    "fp8": _Storage(np.uint8, to_fp8, from_fp8),
}


@dataclass(frozen=True)
class BoundTensor:
    """One input or output of a context, with its device memory.

    Attributes:
        info: as reports show it.
        dtype: NumPy name of its type; ``bfloat16`` and ``fp8`` are float32 on the host.
        buffer: its memory, laid out in the tensor's format; of an input that decides shapes, and
            of an output that tells one, in the host.
    """

    info: IOTensor
    dtype: str
    buffer: DeviceBuffer | HostBuffer

    def upload(self, values: Array) -> None:
        """Copies host values of the tensor's shape to the device, in the tensor's format."""
        if self.dtype in _STORED:
            values = _STORED[self.dtype].encode(values.astype(np.float32))
        self.buffer.copy_from(pack(values, self.info.format))

    def download(self) -> Array:
        """Copies the tensor to the host, as an array of its shape."""
        storage = _STORED.get(self.dtype)
        shape, layout = self.info.shape, self.info.format
        stored = np.empty(storage_shape(shape, layout), storage.dtype if storage else self.dtype)
        self.buffer.copy_to(stored)
        values = unpack(stored, shape, layout)
        return storage.decode(values) if storage else values


def bind_tensors(
    engine: Engine, contexts: Sequence[Any], names: Iterable[str]
) -> tuple[BoundTensor, ...]:
    """Allocates memory for I/O tensors, and gives it to contexts whose input shapes are set.

    Args:
        engine: the engine.
        contexts: of the engine; the first tells the shapes.
        names: of the tensors; outputs after the inputs have their memory and their values.

    Raises:
        RunError: a shape, type or format that cannot be bound, or not enough device memory.
    """
    bound = []
    for name in names:
        info, dtype = _describe(engine, contexts[0], name)
        nbytes = storage_bytes(info.shape, dtype, info.format)
        if engine.is_on_host(name):
            bound.append(BoundTensor(info, dtype, HostBuffer(nbytes)))
        else:
            bound.append(BoundTensor(info, dtype, DeviceBuffer(nbytes, f"tensor '{name}'")))
    for context in contexts:
        set_addresses(context, bound)
    return tuple(bound)


def free(tensors: Iterable[BoundTensor]) -> None:
    """Gives the memory back now."""
    for tensor in tensors:
        tensor.buffer.free()


def shape_roles(engine: Engine) -> dict[str, InputRole]:
    """The inputs that decide shapes, with the values that the plan was built for."""
    return {
        name: InputRole(Kind.SHAPE, 0, engine.shape_values(name).optimum)
        for name in engine.shape_inputs
    }


def set_addresses(context: Any, tensors: Iterable[BoundTensor]) -> None:
    """Gives a context the tensors' memory.

    Raises:
        RunError: TensorRT refuses an address.
    """
    for tensor in tensors:
        if not context.set_tensor_address(tensor.info.name, tensor.buffer.address):
            raise RunError(f"TensorRT refuses the address of tensor '{tensor.info.name}'")


def input_specs(tensors: tuple[BoundTensor, ...]) -> list[TensorInfo]:
    """Names, shapes and NumPy types of the inputs, for `trtcore.models.inputs.make_inputs`."""
    return [
        TensorInfo(t.info.name, t.info.shape, t.dtype) for t in tensors if t.info.mode == "input"
    ]


def upload(tensors: tuple[BoundTensor, ...], values: Mapping[str, Array]) -> None:
    """Copies the named inputs to the device."""
    for tensor in tensors:
        if tensor.info.mode == "input":
            tensor.upload(values[tensor.info.name])


def download(tensors: tuple[BoundTensor, ...]) -> dict[str, Array]:
    """Copies every output to the host."""
    return {t.info.name: t.download() for t in tensors if t.info.mode == "output"}


def _describe(engine: Engine, context: Any, name: str) -> tuple[IOTensor, str]:
    shape = tuple(int(n) for n in context.get_tensor_shape(name))
    kind = engine.engine.get_tensor_dtype(name).name
    if not host_type(kind):
        word = inspector_name(kind)
        raise RunError(f"tensor '{name}' has type {word}, which trtcore cannot fill yet")
    if min(shape, default=0) < 0:
        raise RunError(
            f"tensor '{name}' has shape {shape}: its size depends on the data, "
            "which trtcore cannot profile yet"
        )
    # Checked here, before anything is allocated: an unknown layout would be filled with nonsense.
    layout = str(engine.engine.get_tensor_format(name).name).lower()
    if layout not in FORMATS:
        raise RunError(
            f"tensor '{name}' has format {layout}, which trtcore cannot fill; build the plan with "
            f"one of {', '.join(FORMATS)}"
        )
    mode = "input" if engine.is_input(name) else "output"
    return IOTensor(name, shape, inspector_name(kind), layout, mode), numpy_name(kind)
