"""How a profile was timed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Timer(Enum):
    """What timed the layers."""

    TENSORRT = "tensorrt"
    """TensorRT's IProfiler, in a context of its own."""
    ONNXRUNTIME = "onnxruntime"
    """ONNX Runtime's profile of its nodes."""
    TORCH_EVENTS = "torch events"
    """A pair of CUDA events around each node in PyTorch eager."""
    TORCH_HOST = "torch host"
    """The host clock around each node in PyTorch eager."""
    CAFFE_TIME = "caffe time"
    TRTEXEC = "trtexec"
    TENSORRT_SAMPLE = "tensorrt sample"
    ONNXRUNTIME_PROFILE = "onnxruntime profile"
    """A file that ONNX Runtime's own profiler wrote, for a program that is not trtcore."""
    TORCH_PROFILE = "torch profile"
    """A trace of PyTorch's profiler."""
    NSIGHT_SYSTEMS = "nsight systems"
    TRTEXEC_TIMES = "trtexec times"
    """trtexec, whole inferences only."""
    RTX_PROVIDER = "tensorrt-rtx provider"
    """TensorRT's profiler within ONNX Runtime's TensorRT-RTX provider."""
    OTHER = "other"
    """Described in `Method.note` only."""


class Statistic(Enum):
    """Which statistic another tool printed for each layer."""

    MEDIAN = "median"
    MEAN = "mean"


@dataclass(frozen=True)
class Method:
    """How a profile was timed.

    Attributes:
        timer: what timed the layers.
        sync: ``enqueue`` for ``enqueueV3`` and synchronise, ``execute`` for ``executeV2``.
        in_python: the callbacks of the profiler ran in Python.
        inputs: ``random``, the path of an ``.npz``, a generator, or one for each input by name.
        threads: of the CPU, within an operator; 0 on a GPU.
        fit_s: as many iterations as fit this time; 0 where their number was given.
        fewest: the least number of iterations, whatever time they take; 0 for none.
        most: the largest number of iterations, even if more would fit.
        tf32_convolutions: whether PyTorch computed FP32 convolutions in TF32; None off a GPU.
        tf32_products: the same of matrix products.
        statistic: of another tool's figures.
        iterations: of another tool's figures; 0 if unreported.
        device: what another tool reports that it ran on.
        note: the text of an older file that does not parse.
    """

    timer: Timer = Timer.OTHER
    sync: str = ""
    in_python: bool = False
    inputs: str = ""
    threads: int = 0
    fit_s: float = 0.0
    fewest: int = 0
    most: int = 0
    tf32_convolutions: bool | None = None
    tf32_products: bool | None = None
    statistic: Statistic = Statistic.MEAN
    iterations: int = 0
    device: str = ""
    note: str = ""
