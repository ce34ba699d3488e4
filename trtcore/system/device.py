"""Whether there is a usable CUDA device, and what the driver reports about it.

Nothing is queried at import time: on a machine without a driver the first call of cuda-python
raises or returns an error status, and both become one line here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from trtcore.system.cuda_runtime import runtime_problem
from trtcore.system.forks import fork_problem, note_cuda

_NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE
# Room for more than CUDA writes: a bus id takes 13 bytes, a name at most 256.
_BUS_ID_BYTES = 32
_NAME_BYTES = 256


@dataclass(frozen=True)
class Device:
    """One CUDA device as the driver describes it; 0 or ``""`` where it reports nothing.

    Attributes:
        ordinal: its number among the devices this process sees.
        name: such as ``NVIDIA H200``.
        compute_capability: such as ``9.0``.
        memory_bytes: all of its memory.
        pci_bus_id: such as ``0000:18:00.0``; NVML knows the device by it.
    """

    ordinal: int
    name: str = ""
    compute_capability: str = ""
    memory_bytes: int = 0
    pci_bus_id: str = ""


def gpu_problem() -> str | None:
    """Returns None when a CUDA device can be used, else one line saying why not; never raises.

    The driver has to work, and the CUDA runtime that this process uses has to fit it.
    """
    return _device_problem() or runtime_problem()


def _device_problem() -> str | None:
    if problem := fork_problem():
        return problem
    try:
        from cuda.bindings import driver
    except ImportError as error:
        return f"cuda-python cannot be imported ({_first_line(error)}); pip install cuda-python"
    try:
        return _driver_problem(driver)
    except RuntimeError as error:
        return _library_problem(error)


def current_device() -> Device | None:
    """Returns the device of the current CUDA context, else device 0; None without a GPU."""
    if _device_problem() is not None:
        return None
    from cuda.bindings import driver

    ordinal = int(_value(driver.cuCtxGetDevice(), 0))
    status, handle = driver.cuDeviceGet(ordinal)
    return None if int(status) else _describe(driver, ordinal, handle)


def cuda_version() -> str:
    """Returns the newest CUDA version the driver supports, such as ``13.0``; ``""`` without one."""
    if _device_problem() is not None:
        return ""
    from cuda.bindings import driver

    version = int(_value(driver.cuDriverGetVersion(), 0))
    return f"{version // 1000}.{version % 1000 // 10}" if version else ""


def _driver_problem(driver: Any) -> str | None:
    status = int(driver.cuInit(0)[0])
    if status == 0:
        note_cuda()
    count = 0 if status else int(_value(driver.cuDeviceGetCount(), 0))
    if status not in {0, _NO_DEVICE}:
        return f"the NVIDIA driver cannot be used: {_error_text(driver, status)}"
    if count == 0:
        return f"the NVIDIA driver sees no GPU{_visibility()}"
    return None


def _visibility() -> str:
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "" if chosen is None else f" (CUDA_VISIBLE_DEVICES is {chosen!r})"


def _library_problem(error: RuntimeError) -> str:
    if type(error).__name__ == "DynamicLibNotFoundError":
        return "no NVIDIA driver: libcuda.so.1 was not found"
    return f"the NVIDIA driver library cannot be loaded ({_first_line(error)})"


def _describe(driver: Any, ordinal: int, handle: Any) -> Device:
    kind = driver.CUdevice_attribute
    major = _value(
        driver.cuDeviceGetAttribute(kind.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, handle), 0
    )
    minor = _value(
        driver.cuDeviceGetAttribute(kind.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, handle), 0
    )
    return Device(
        ordinal=ordinal,
        name=_text(_value(driver.cuDeviceGetName(_NAME_BYTES, handle), b"")),
        compute_capability=f"{major}.{minor}" if major else "",
        memory_bytes=int(_value(driver.cuDeviceTotalMem(handle), 0)),
        pci_bus_id=_text(_value(driver.cuDeviceGetPCIBusId(_BUS_ID_BYTES, handle), b"")),
    )


def _value(answer: tuple[Any, ...], default: Any) -> Any:
    """Returns the value of a driver call, or the default when its status is not success."""
    return default if int(answer[0]) else answer[1]


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode(errors="replace").strip()


def _error_text(driver: Any, status: int) -> str:
    try:
        text = _text(_value(driver.cuGetErrorString(driver.CUresult(status)), b""))
    except ValueError:
        text = ""
    return f"{text or 'unknown error'} (CUDA error {status})"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
