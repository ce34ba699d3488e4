"""One iteration of a PyTorch graph, timed by CUDA events on a GPU, by the host clock elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan
from time import perf_counter
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from trtcore.measure.nodes.torch.graph import TorchGraph, Values


@dataclass(frozen=True)
class Iteration:
    """Times in ms: (L,) of the nodes, if they were timed, and of the whole; NaN on the CPU."""

    wall_ms: float
    enqueue_ms: float = nan
    gpu_ms: float = nan
    layer_ms: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))


class Timer(Protocol):
    """Runs one iteration, with or without timing every node."""

    def with_layers(self) -> Iteration:
        """Times every node and the whole."""

    def without_layers(self) -> Iteration:
        """Times the whole alone."""


def timer_for(graph: TorchGraph, device: str) -> Timer:
    """The timer for a device, ``cuda`` or ``cpu``."""
    return _GpuTimer(graph) if device == "cuda" else _CpuTimer(graph)


class _CpuTimer:
    def __init__(self, graph: TorchGraph) -> None:
        self._graph = graph

    def with_layers(self) -> Iteration:
        values, ends = dict(self._graph.given), [perf_counter()]
        for step in self._graph.steps:
            step.run(values)
            ends.append(perf_counter())
        layer_ms = (np.diff(ends) * 1000).astype(np.float32)
        return Iteration((ends[-1] - ends[0]) * 1000, layer_ms=layer_ms)

    def without_layers(self) -> Iteration:
        values, start = dict(self._graph.given), perf_counter()
        for step in self._graph.steps:
            step.run(values)
        return Iteration((perf_counter() - start) * 1000)


class _GpuTimer:
    """Events are created once and recorded again in every iteration."""

    def __init__(self, graph: TorchGraph) -> None:
        self._graph = graph
        self._whole = _pair()
        self._pairs = [_pair() for _ in graph.steps]

    def with_layers(self) -> Iteration:
        values = self._begin()
        start = perf_counter()
        self._whole[0].record()
        for step, (before, after) in zip(self._graph.steps, self._pairs, strict=True):
            before.record()
            step.run(values)
            after.record()
        whole = self._end(start)
        times = [before.elapsed_time(after) for before, after in self._pairs]
        return Iteration(*whole, np.array(times, np.float32))

    def without_layers(self) -> Iteration:
        values = self._begin()
        start = perf_counter()
        self._whole[0].record()
        for step in self._graph.steps:
            step.run(values)
        return Iteration(*self._end(start))

    def _begin(self) -> Values:
        # An idle GPU at the start: else the first node would wait for the iteration before.
        torch.cuda.synchronize()
        return dict(self._graph.given)

    def _end(self, start: float) -> tuple[float, float, float]:
        """Waits for the GPU; returns wall, enqueue and GPU time."""
        self._whole[1].record()
        enqueued = perf_counter()
        torch.cuda.synchronize()
        wall = perf_counter() - start
        gpu_ms = self._whole[0].elapsed_time(self._whole[1])
        return wall * 1000, (enqueued - start) * 1000, gpu_ms


def _pair() -> tuple[torch.cuda.Event, torch.cuda.Event]:
    return torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
