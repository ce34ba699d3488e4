"""What is installed here, which backends work and why others do not."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from trtcore.api.self_test import build_test, run_test
from trtcore.engine.tensorrt.bindings import load_bindings
from trtcore.engine.tensorrt.wheels import driver_problem
from trtcore.errors import BackendError
from trtcore.measure.kernels.cupti import check_cupti
from trtcore.result.backends import engine_backends, find_backend
from trtcore.system.cache import cache_dir
from trtcore.system.cuda_runtime import runtime_problem
from trtcore.system.device import cuda_version, current_device, gpu_problem
from trtcore.system.sensors import GpuSensors

# Packages by what they are for, each under every name that has it on PyPI.
_PACKAGES = {
    "trtcore": ("trtcore",),
    "numpy": ("numpy",),
    "onnx": ("onnx",),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu"),
    "TensorRT": ("tensorrt", "tensorrt-cu13", "tensorrt-cu12"),
    "TensorRT-RTX": ("tensorrt-rtx", "tensorrt-rtx-cu13", "tensorrt-rtx-cu12"),
    "cuda-python": ("cuda-python",),
    "CUPTI": ("nvidia-cuda-cupti", "nvidia-cuda-cupti-cu12"),
    "torch": ("torch",),
    "plotly": ("plotly",),
    "dask": ("dask",),
}


@dataclass(frozen=True)
class Package:
    """A package that trtcore uses or can use.

    Attributes:
        name: what it is.
        version: ``""`` where it is not installed.
    """

    name: str
    version: str


@dataclass(frozen=True)
class BackendState:
    """A backend on this machine.

    Attributes:
        name: as ``backend`` has it.
        label: as reports call it.
        times: whether a network can be timed with it.
        builds: whether an engine can be built with it; false for ``onnxruntime``.
        problem: why it cannot time, with the way out, in one line; ``""`` if it can.
        seconds: of its self-test; 0 where none was made.
    """

    name: str
    label: str
    times: bool
    builds: bool
    problem: str
    seconds: float


@dataclass(frozen=True)
class Diagnosis:
    """The state of this machine.

    Attributes:
        python: its version.
        packages: those that trtcore uses, installed or not.
        gpu: such as ``NVIDIA H200``; ``""`` without a usable one.
        gpu_problem: why there is none; ``""`` if there is.
        driver: its version; ``""`` where it is not known.
        cuda: the newest version of CUDA that the driver supports; ``""`` without a driver.
        mismatches: packages that do not fit the driver, each with the command that helps.
        backends: in order of preference.
        kernels_problem: why kernels cannot be traced; ``""`` if they can.
        cache: its folder; ``""`` where none can be written.
        cache_files: files in it.
        cache_bytes: their size.
    """

    python: str
    packages: tuple[Package, ...]
    gpu: str
    gpu_problem: str
    driver: str
    cuda: str
    mismatches: tuple[str, ...]
    backends: tuple[BackendState, ...]
    kernels_problem: str
    cache: str
    cache_files: int
    cache_bytes: int

    @property
    def works(self) -> bool:
        """Whether some backend can time a network here."""
        return any(backend.times for backend in self.backends)


def diagnose() -> Diagnosis:
    """Looks at this machine, and tries every backend with a small network; takes seconds."""
    device, problem = current_device(), gpu_problem() or ""
    folder = cache_dir()
    files, size = _contents(folder)
    return Diagnosis(
        python=platform.python_version(),
        packages=tuple(Package(name, _version(names)) for name, names in _PACKAGES.items()),
        gpu=device.name if device else "",
        gpu_problem=problem,
        driver=GpuSensors(device.pci_bus_id if device else "").driver_version(),
        cuda=cuda_version(),
        mismatches=tuple(_mismatches()),
        backends=(*(_engine_state(name, problem) for name in engine_backends()), _cpu_state()),
        kernels_problem=_kernels_problem(problem),
        cache=str(folder or ""),
        cache_files=files,
        cache_bytes=size,
    )


def _version(names: tuple[str, ...]) -> str:
    """The version of the first of these packages that is installed, else nothing."""
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return ""


def _mismatches() -> Iterator[str]:
    """What is installed for another CUDA than the driver's."""
    found = (runtime_problem() or "", *(driver_problem(name) for name in engine_backends()))
    yield from filter(None, found)


def _engine_state(name: str, gpu: str) -> BackendState:
    """A TensorRT: imported, then tried. Only TensorRT-RTX builds without a GPU."""
    label = find_backend(name).label
    try:
        label = load_bindings(name).label
    except BackendError as error:
        return BackendState(name, label, times=False, builds=False, problem=str(error), seconds=0)
    if gpu and name != "tensorrt_rtx":
        return BackendState(name, label, times=False, builds=False, problem=gpu, seconds=0)
    problem, seconds = build_test(name)
    builds = not problem
    if builds and not gpu:
        problem, more = run_test(name)
        seconds += more
    problem = problem or gpu
    return BackendState(name, label, not problem, builds, problem, round(seconds, 2))


def _cpu_state() -> BackendState:
    problem, seconds = run_test("onnxruntime")
    label = find_backend("onnxruntime").label
    return BackendState(
        "onnxruntime", label, not problem, builds=False, problem=problem, seconds=round(seconds, 2)
    )


def _kernels_problem(gpu: str) -> str:
    """Why CUPTI cannot be used. A driver that refuses counters is seen in a run only."""
    try:
        check_cupti()
    except BackendError as error:
        return str(error)
    return gpu


def _contents(folder: Path | None) -> tuple[int, int]:
    """How many files a folder has, and their bytes; files that vanish meanwhile do not count."""
    sizes = []
    for path in folder.rglob("*") if folder else ():
        try:
            if path.is_file():
                sizes.append(path.stat().st_size)
        except OSError:
            continue
    return len(sizes), sum(sizes)
