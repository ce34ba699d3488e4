"""What a run leaves: samples, what each layer is, and where and how they were measured.

Everything here is a frozen dataclass that needs NumPy at most, so a saved `Profile` can be looked
at on any machine. Units are in the names; N is profiled iterations, M is un-profiled ones, L is
layers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def _no_samples() -> FloatArray:
    return np.empty(0, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Samples:
    """The raw times of one run.

    Attributes:
        layer_ms: (N, L) float32, C order: time of each layer in each profiled iteration.
        wall_ms: (M,) float32: host time of an un-profiled iteration, from enqueue to synchronised.
        enqueue_ms: (M,) float32: host time of the enqueue call alone; empty on a CPU.
        gpu_ms: (M,) float32: time between the CUDA events around an iteration; empty on a CPU.
        profiled_wall_ms: (N,) float32: host time of the profiled iterations.
    """

    layer_ms: FloatArray
    wall_ms: FloatArray
    enqueue_ms: FloatArray = field(default_factory=_no_samples)
    gpu_ms: FloatArray = field(default_factory=_no_samples)
    profiled_wall_ms: FloatArray = field(default_factory=_no_samples)


@dataclass(frozen=True)
class TensorInfo:
    """A tensor as the engine (or the model) sees it: ``Half``, ``linear`` and so on."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    format: str = "linear"


@dataclass(frozen=True)
class IOTensor(TensorInfo):
    """An input or output of the network; ``mode`` is ``input`` or ``output``."""

    mode: str = "input"


@dataclass(frozen=True)
class ModelNode:
    """A node of the user's model: the thing every row of a report leads back to."""

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class ModelRecord:
    """The model that was profiled. ``nodes`` is empty for a plan whose model is not known."""

    name: str
    source: str
    weights: str = ""
    nodes: tuple[ModelNode, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    """One timed row in execution order: an engine layer, or a node of the un-fused model.

    Attributes:
        name: as the profiler reports it; names can repeat, the position is the key.
        kind: engine layer type (``kgen``, ``correlation``, ``signal``) or ONNX op.
        nodes: names of the model nodes it came from, in the engine's order; empty if unknown.
        tactic: kernel or tactic name; empty if the plan does not tell.
        stream: index of the CUDA stream inside the engine; -1 if the plan does not tell.
        inputs: the tensors it reads.
        outputs: the tensors it writes.
    """

    name: str
    kind: str = ""
    nodes: tuple[str, ...] = ()
    tactic: str = ""
    stream: int = -1
    inputs: tuple[TensorInfo, ...] = ()
    outputs: tuple[TensorInfo, ...] = ()


@dataclass(frozen=True)
class Counts:
    """Iterations asked for, spent on warming up, and measured: three separate numbers."""

    asked: int
    warmed_up: int
    measured: int
    interrupted: bool = False


@dataclass(frozen=True)
class Build:
    """How the engine was built; None in a `Profile` that has no engine.

    Attributes:
        backend: the library that built it, with its version.
        seconds: wall time of the build; 0 for a plan that was loaded.
        plan_bytes: size of the serialized engine.
        layers: number of layers in it.
        auxiliary_streams: CUDA streams it may use beside the main one.
        verbosity: profiling verbosity of the plan: ``DETAILED``, ``LAYER_NAMES_ONLY``, ``NONE``.
        cache: what a timing or runtime cache did for it, in words.
    """

    backend: str
    seconds: float
    plan_bytes: int
    layers: int = 0
    auxiliary_streams: int = 0
    verbosity: str = "DETAILED"
    cache: str = ""


@dataclass(frozen=True)
class Clocks:
    """What NVML said before and after the timed passes; 0 where it could not tell."""

    sm_mhz_before: int = 0
    sm_mhz_after: int = 0
    memory_mhz: int = 0
    temperature_c: int = 0
    throttle_reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Environment:
    """Where the run took place. Empty strings where a thing is not there."""

    date: str
    trtcore: str
    python: str
    system: str
    cpu: str
    device: str
    driver: str = ""
    compute_capability: str = ""
    runtime: str = ""
    clocks: Clocks = Clocks()


@dataclass(frozen=True, eq=False)
class Profile:
    """A profiled run, complete enough for every report and comparison.

    Attributes:
        model: the user's model.
        backend: ``tensorrt``, ``tensorrt_rtx`` or ``onnxruntime``: what was timed.
        precision: what was asked for, such as ``fp16``; ``""`` if the plan does not tell.
        batch: leading dimension of the first input.
        method: how it was timed, in words, for the foot of a report.
        io: the network's inputs and outputs.
        layers: (L,) what each column of ``samples.layer_ms`` is.
        samples: the raw times.
        counts: iterations asked, warmed up, measured.
        environment: where it was measured.
        build: the engine, if one was built or loaded.
        warnings: what a reader of the figures has to know.
    """

    model: ModelRecord
    backend: str
    precision: str
    batch: int
    method: str
    io: tuple[IOTensor, ...]
    layers: tuple[Layer, ...]
    samples: Samples
    counts: Counts
    environment: Environment
    build: Build | None = None
    warnings: tuple[str, ...] = ()
