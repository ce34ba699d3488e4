"""The GPUs that this process sees, by UUID: a name that every process on the host has for them."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from trtcore.system.device import gpu_problem


class Gpu(NamedTuple):
    """A GPU.

    Attributes:
        uuid: such as ``GPU-8a3e...``; ``CUDA_VISIBLE_DEVICES`` accepts it.
        name: such as ``NVIDIA H200``.
    """

    uuid: str
    name: str


def visible_gpus() -> tuple[Gpu, ...]:
    """Returns the GPUs that CUDA shows this process, in its order; none without a driver."""
    if gpu_problem() is not None:
        return ()
    from cuda.bindings import driver

    _, count = driver.cuDeviceGetCount()
    return tuple(_gpu(driver, driver.cuDeviceGet(ordinal)[1]) for ordinal in range(count))


def _gpu(driver: Any, handle: Any) -> Gpu:
    # The second version: of a part of a GPU (MIG) the first tells the UUID of the whole.
    ask = getattr(driver, "cuDeviceGetUuid_v2", None) or driver.cuDeviceGetUuid
    _, raw = ask(handle)
    _, name = driver.cuDeviceGetName(256, handle)
    own = uuid.UUID(bytes=bytes(raw.bytes)[:16])
    kind = "MIG" if b" MIG " in name else "GPU"
    return Gpu(f"{kind}-{own}", name.split(b"\0", 1)[0].decode(errors="replace").strip())
