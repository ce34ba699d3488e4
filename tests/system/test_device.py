"""Whether there is a GPU: every answer of the driver, given by a scripted driver."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from trtcore.system import device
from trtcore.system.device import Device, current_device, gpu_problem


class DynamicLibNotFoundError(RuntimeError):
    """Named as cuda.pathfinder's."""


def driver(init: int = 0, count: int = 1, **functions) -> SimpleNamespace:
    attributes = SimpleNamespace(
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR=75,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR=76,
    )
    calls = {
        "cuInit": lambda flags: (init,),
        "cuDeviceGetCount": lambda: (0, count),
        "cuCtxGetDevice": lambda: (201, None),
        "cuDeviceGet": lambda ordinal: (0, ordinal),
        "cuDeviceGetName": lambda size, _: (0, b"NVIDIA H200".ljust(size, b"\0")),
        "cuDeviceGetPCIBusId": lambda size, _: (0, b"0000:18:00.0".ljust(size, b"\0")),
        "cuDeviceGetAttribute": lambda attribute, _: (0, {75: 9, 76: 0}[attribute]),
        "cuDeviceTotalMem": lambda _: (0, 139 << 30),
        "cuDriverGetVersion": lambda: (0, 13000),
        "cuGetErrorString": lambda status: (0, b"system has unsupported display driver\0\0"),
        "CUresult": int,
        "CUdevice_attribute": attributes,
    }
    return SimpleNamespace(**{**calls, **functions})


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch):
    def put(fake: SimpleNamespace | None) -> None:
        # A runtime that fits every driver: which one does is told by test_cuda_runtime.py.
        runtime = SimpleNamespace(
            cudaRuntimeGetVersion=lambda: (0, 12000), cudaDriverGetVersion=lambda: (0, 13000)
        )
        bindings = SimpleNamespace(runtime=runtime)
        if fake is not None:
            bindings.driver = fake
        monkeypatch.setitem(sys.modules, "cuda", SimpleNamespace(bindings=bindings))
        monkeypatch.setitem(sys.modules, "cuda.bindings", bindings)

    return put


def failing(error: Exception):
    def call(*_):
        raise error

    return call


def test_usable_device_has_no_problem(install) -> None:
    install(driver())
    assert gpu_problem() is None
    assert device.cuda_version() == "13.0"
    assert current_device() == Device(0, "NVIDIA H200", "9.0", 139 << 30, "0000:18:00.0")


def test_device_of_the_current_context_is_taken(install) -> None:
    install(driver(cuCtxGetDevice=lambda: (0, 1)))
    found = current_device()
    assert found is not None
    assert found.ordinal == 1


def test_silent_driver_leaves_facts_unknown(install) -> None:
    install(
        driver(
            cuDeviceGetName=lambda *_: (101, None),
            cuDeviceGetPCIBusId=lambda *_: (101, None),
            cuDeviceGetAttribute=lambda *_: (101, None),
            cuDeviceTotalMem=lambda *_: (101, None),
            cuDriverGetVersion=lambda: (1, None),
        )
    )
    assert current_device() == Device(0)
    assert device.cuda_version() == ""


@pytest.mark.parametrize(
    ("fake", "line"),
    [
        (
            driver(cuInit=failing(DynamicLibNotFoundError('"cuda" is a driver library\nhelp'))),
            "no NVIDIA driver: libcuda.so.1 was not found",
        ),
        (
            driver(cuInit=failing(RuntimeError("Function cuInit not found\nmore"))),
            "the NVIDIA driver library cannot be loaded (Function cuInit not found)",
        ),
        (driver(init=100), "the NVIDIA driver sees no GPU (CUDA_VISIBLE_DEVICES is '7')"),
        (driver(count=0), "the NVIDIA driver sees no GPU (CUDA_VISIBLE_DEVICES is '7')"),
        (
            driver(init=35),
            "the NVIDIA driver cannot be used: system has unsupported display driver "
            "(CUDA error 35)",
        ),
        (
            driver(init=999, cuGetErrorString=lambda _: (1, None)),
            "the NVIDIA driver cannot be used: unknown error (CUDA error 999)",
        ),
    ],
)
def test_each_problem_is_one_line(install, monkeypatch, fake, line: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    install(fake)
    assert gpu_problem() == line
    assert current_device() is None
    assert device.cuda_version() == ""


def test_missing_bindings_are_one_line(install) -> None:
    install(None)
    problem = gpu_problem()
    assert problem is not None
    assert problem.startswith("cuda-python cannot be imported (cannot import name 'driver'")
    assert problem.endswith("pip install cuda-python")


def test_no_gpu_hint_without_a_choice(install, monkeypatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    install(driver(count=0))
    assert gpu_problem() == "the NVIDIA driver sees no GPU"


def test_real_bindings_never_raise() -> None:
    problem = gpu_problem()
    assert problem is None or "\n" not in problem
    assert (current_device() is None) == (problem is not None)


def test_importing_asks_nothing() -> None:
    code = (
        "import sys, trtcore.system.environment, trtcore.system.clocks\n"
        "sys.exit('cuda' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
