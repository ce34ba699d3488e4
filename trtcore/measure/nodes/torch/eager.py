"""The un-fused model in PyTorch eager: one function call and one time for each of its nodes.

That is what a network costs before TensorRT, on the same GPU; without a GPU it runs on the CPU.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trtcore.measure.nodes.run import NodeRun
from trtcore.measure.nodes.torch.graph import TorchGraph
from trtcore.measure.nodes.torch.timing import Iteration, timer_for
from trtcore.measure.nodes.torch.tracer import prepare
from trtcore.measure.nodes.turns import MOST_ITERATIONS, WARM_UP, NodeRunLength, Pass, interleave
from trtcore.models.model import Model
from trtcore.result.records.counts import Counts
from trtcore.result.records.method import Method, Timer
from trtcore.result.records.samples import Samples
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.clocks import ClockMonitor
from trtcore.system.progress import Progress
from trtcore.system.records import Clocks

Inputs = Mapping[str, NDArray[Any]]


def runtime_label() -> str:
    """Name and versions for reports, such as ``PyTorch 2.13.0, CUDA 13.0, cuDNN 91300``."""
    parts = [f"PyTorch {torch.__version__}"]
    if torch.version.cuda:
        parts += [f"CUDA {torch.version.cuda}", f"cuDNN {torch.backends.cudnn.version()}"]
    return ", ".join(parts)


def sees_gpu() -> bool:
    """Whether this PyTorch can use a GPU."""
    return bool(torch.cuda.is_available())


def run_model(model: Model, inputs: Inputs, *, device: str | None = None) -> dict[str, Any]:
    """Runs a model once, node by node, and returns its outputs by name; bfloat16 as float32.

    Args:
        model: the model.
        inputs: an array per input.
        device: ``cuda`` or ``cpu``; the GPU if PyTorch sees one, if left out.

    Raises:
        ModelError: operators or weights that PyTorch does not run here, or a node that failed.
        RunError: the device's memory does not hold it.
    """
    with torch.inference_mode():
        return prepare(model, inputs, device or _device()).run()


def profile_nodes(
    model: Model,
    inputs: Inputs,
    *,
    iterations: int | None,
    max_seconds: float = 10.0,
    min_iterations: int = 10,
    device: str | None = None,
    progress: Progress | None = None,
) -> NodeRun:
    """Times every node, interleaved with the model without events between its nodes.

    Ctrl-C ends the run and keeps what was measured, if anything was.

    Args:
        model: the model.
        inputs: an array per input.
        iterations: of each of the two passes; None for as many as fit ``max_seconds``, up to 1000.
        max_seconds: time for both passes if iterations is None.
        min_iterations: fewest of a pass, however long they take, if iterations is None.
        device: ``cuda`` or ``cpu``; the GPU if PyTorch sees one, if left out.
        progress: called with (phase, done, total) after every iteration.

    Raises:
        ModelError: operators or weights that PyTorch does not run here, or a node that failed.
        RunError: the device's memory does not hold it.
    """
    where = device or _device()
    length = NodeRunLength(iterations, max_seconds, min_iterations, progress)
    try:
        with torch.inference_mode():
            return _profile(prepare(model, inputs, where), length, where)
    finally:
        # PyTorch's allocator would keep the memory, which a TensorRT engine may need next.
        if where == "cuda":
            torch.cuda.empty_cache()


def _profile(graph: TorchGraph, length: NodeRunLength, device: str) -> NodeRun:
    timer = timer_for(graph, device)
    passes = (
        Pass("timing layers", timer.with_layers),
        Pass("timing inference", timer.without_layers),
    )
    with ClockMonitor() as monitor:
        (profiled, plain), interrupted = interleave(passes, length)
    on_gpu = device == "cuda"
    return NodeRun(
        backend="torch",
        runtime=runtime_label(),
        layers=tuple(step.layer for step in graph.steps),
        samples=_samples(profiled, plain, on_gpu),
        counts=Counts(length.iterations or 0, 2 * WARM_UP, len(profiled), interrupted),
        method=_method(length, on_gpu),
        on_gpu=on_gpu,
        clocks=monitor.clocks() if on_gpu else Clocks(),
        warnings=_warnings(graph),
    )


def _samples(profiled: list[Iteration], plain: list[Iteration], on_gpu: bool) -> Samples:
    samples = Samples(
        layer_ms=np.stack([iteration.layer_ms for iteration in profiled]),
        wall_ms=_floats([iteration.wall_ms for iteration in plain]),
        profiled_wall_ms=_floats([iteration.wall_ms for iteration in profiled]),
    )
    if not on_gpu:
        return samples
    return replace(
        samples,
        enqueue_ms=_floats([iteration.enqueue_ms for iteration in plain]),
        gpu_ms=_floats([iteration.gpu_ms for iteration in plain]),
        profiled_gpu_ms=_floats([iteration.gpu_ms for iteration in profiled]),
    )


def _floats(values: list[float]) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def _method(length: NodeRunLength, on_gpu: bool) -> Method:
    method = Method(
        Timer.TORCH_EVENTS if on_gpu else Timer.TORCH_HOST,
        threads=0 if on_gpu else torch.get_num_threads(),
    )
    if length.iterations is None:
        method = replace(method, fit_s=length.seconds, most=MOST_ITERATIONS)
    return _with_tf32(method) if on_gpu else method


def _with_tf32(method: Method) -> Method:
    """Whether FP32 convolutions and matrix products run in TF32 with PyTorch's current settings."""
    try:
        convolutions = bool(torch.backends.cudnn.allow_tf32)
        products = bool(torch.backends.cuda.matmul.allow_tf32)
    except RuntimeError:  # PyTorch refuses to read the old flags once the new ones were set
        convolutions = torch.backends.cudnn.conv.fp32_precision == "tf32"
        products = torch.backends.cuda.matmul.fp32_precision == "tf32"
    return replace(method, tf32_convolutions=convolutions, tf32_products=products)


def _warnings(graph: TorchGraph) -> tuple[RunWarning, ...]:
    kinds = Counter(node.op_type for node in graph.known)
    if not kinds:
        return ()
    numbers = (len(graph.known), len(graph.known) + len(graph.steps), *kinds.values())
    return (RunWarning(WarningKind.NODES_CONSTANT, numbers, tuple(kinds)),)


def _device() -> str:
    return "cuda" if sees_gpu() else "cpu"
