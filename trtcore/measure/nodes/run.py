"""The result of running the un-fused model node by node, in any runtime."""

from __future__ import annotations

from dataclasses import dataclass, field

from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import Layer
from trtcore.result.records.memory import RunMemory
from trtcore.result.records.method import Method
from trtcore.result.records.samples import Samples
from trtcore.result.records.warnings import RunWarning
from trtcore.system.records import Clocks


@dataclass(frozen=True, eq=False)
class NodeRun:
    """The times of every node, and of the model without a profiler.

    Attributes:
        backend: ``onnxruntime`` or ``torch``.
        runtime: its name and version for reports, such as ``ONNX Runtime 1.31.1``.
        layers: (L,) the nodes in order of execution.
        samples: ``layer_ms`` (N, L) with ``profiled_wall_ms`` (N,), and ``wall_ms`` (M,) of passes
            without a profiler; on a GPU also ``profiled_gpu_ms`` (N,), ``gpu_ms`` (M,) and
            ``enqueue_ms`` (M,). M is N, or less if the run was interrupted.
        counts: iterations; ``asked`` is 0 for as many as fit the time.
        method: how it was timed.
        on_gpu: whether it ran on the GPU.
        clocks: what the GPU's sensors reported meanwhile.
        warnings: what limits the figures.
        memory: what the run needed of the host; None if it was not recorded.
    """

    backend: str
    runtime: str
    layers: tuple[Layer, ...]
    samples: Samples
    counts: Counts
    method: Method
    on_gpu: bool = False
    clocks: Clocks = field(default_factory=Clocks)
    warnings: tuple[RunWarning, ...] = ()
    memory: RunMemory | None = None
