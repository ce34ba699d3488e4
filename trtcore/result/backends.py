"""What can time layers: one row for each runtime, and for each tool whose files are read.

A saved profile holds the name alone; its ``timed_by`` finds the row.
Imports nothing heavy, because ``--help`` lists it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from trtcore.stats.resolution import CPU_RESOLUTION_MS, EVENT_RESOLUTION_MS


class Backend(NamedTuple):
    """What times layers.

    Attributes:
        name: as options and saved profiles have it.
        label: as reports call it.
        is_unfused: it runs the model's own nodes one by one, with nothing fused.
        on_cpu: its layers run on the CPU.
        clock_step_ms: smallest difference of two layer times that its clock can show, in ms.
        is_foreign: another tool, whose file was read; trtcore did not run it.
        without_gpu: the same backend where it ran on the CPU, having no GPU; None if it always
            runs on the same device.
    """

    name: str
    label: str
    is_unfused: bool = False
    on_cpu: bool = False
    clock_step_ms: float = EVENT_RESOLUTION_MS
    is_foreign: bool = False
    without_gpu: Backend | None = None


# A name of its own, because its row holds a second one: PyTorch is timed by CUDA events on a GPU,
# and by the host clock without one.
_TORCH = Backend("torch", "PyTorch", is_unfused=True)
_ROWS = (
    Backend("tensorrt", "TensorRT"),
    Backend("tensorrt_rtx", "TensorRT-RTX"),
    Backend(
        "onnxruntime",
        "ONNX Runtime",
        is_unfused=True,
        on_cpu=True,
        clock_step_ms=CPU_RESOLUTION_MS,
    ),
    _TORCH._replace(
        without_gpu=_TORCH._replace(on_cpu=True, clock_step_ms=CPU_RESOLUTION_MS),
    ),
    # A log does not always say whether it is of the CPU, where the times have whole microseconds
    # (src/caffe/util/benchmark.cpp), so the coarser clock counts.
    Backend(
        "caffe",
        "caffe time",
        is_unfused=True,
        clock_step_ms=CPU_RESOLUTION_MS,
        is_foreign=True,
    ),
    Backend("trtexec", "trtexec", is_foreign=True),
    Backend(
        "onnxruntime-profile",
        "ONNX Runtime's profiler",
        clock_step_ms=CPU_RESOLUTION_MS,
        is_foreign=True,
    ),
    Backend(
        "torch-profile",
        "PyTorch's profiler",
        is_unfused=True,
        clock_step_ms=CPU_RESOLUTION_MS,
        is_foreign=True,
    ),
    Backend(
        "tensorrt-rtx-provider",
        "ONNX Runtime's TensorRT-RTX provider",
        clock_step_ms=CPU_RESOLUTION_MS,  # its trace has whole microseconds
        is_foreign=True,
    ),
    Backend("nsys", "Nsight Systems", is_foreign=True),
    Backend("tensorrt-sample", "TensorRT's old sample", is_foreign=True),
)
BACKENDS: Mapping[str, Backend] = {row.name: row for row in _ROWS}
"""Every backend by its name, in the order in which ``--help`` lists them."""


def find_backend(name: str, *, has_gpu: bool = True) -> Backend:
    """The row of a name; an unknown one is a tool like trtexec, which times with CUDA events.

    Args:
        name: as a profile has it.
        has_gpu: whether the layers ran on a GPU, for a backend that runs on either device.
    """
    row = BACKENDS.get(name)
    # No error: readers can be added, and files saved, by code whose backend this table lacks.
    if row is None:
        return Backend(name, name, is_foreign=True)
    return row if has_gpu or row.without_gpu is None else row.without_gpu


def engine_backends() -> tuple[str, ...]:
    """Names of the backends that build and run engines."""
    own = (row for row in BACKENDS.values() if not row.is_foreign)
    return tuple(row.name for row in own if not row.is_unfused)


def node_backends() -> tuple[str, ...]:
    """Names of the backends that trtcore runs node by node."""
    own = (row for row in BACKENDS.values() if not row.is_foreign)
    return tuple(row.name for row in own if row.is_unfused)


def selectable() -> tuple[str, ...]:
    """What ``--backend`` takes: ``onnxruntime`` alone can stand in for an engine."""
    return ("auto", *engine_backends(), "onnxruntime")
