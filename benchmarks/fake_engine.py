"""A scripted execution context, with nvinfer1's own vtables, for benchmarks without a GPU."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from trtcore.measure import _core

try:
    import trtcore_fake
except ImportError:
    sys.exit("built without TRTCORE_TESTS=ON, which `make bench` sets")


def layer_names(count: int) -> list[str]:
    """Names as TensorRT makes them: about 50 characters, many with a common beginning."""
    return [
        f"inception_{i // 12}a/3x3_reduce_and_relu_{i % 12}x{i}_U{i}_myl0_{i}" for i in range(count)
    ]


@dataclass
class FakeEngine:
    """A context that reports its layers and does nothing else."""

    context: Any
    view: _core.Context
    timer: _core.IterationTimer

    @classmethod
    def of(cls, layers: int, busy_us: float = 0.0) -> FakeEngine:
        """Returns one with so many layers, busy for so long in each iteration."""
        context = trtcore_fake.Context(11)
        # 1 us to 1 ms, a different time for each layer.
        times = (0.001 * 1000 ** (i / layers) for i in range(layers))
        context.layers = list(zip(layer_names(layers), times, strict=True))
        context.enqueue_emits_profile = False
        context.busy_us = busy_us
        return cls(context, _core.Context(context, 11), _core.HostTimer())

    def run(self, recorder: _core.LayerRecorder | None, iterations: int) -> None:
        """Runs the native profiled loop."""
        _core.time_layers(self.view, recorder, self.timer, iterations)

    def recorder(self) -> _core.LayerRecorder:
        """Returns a recorder that is attached and knows the layers."""
        recorder = _core.LayerRecorder()
        recorder.attach(self.view)
        self.run(recorder, 2)
        return recorder
