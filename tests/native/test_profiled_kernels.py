"""Traced profiled iterations and gated spans, on scripted contexts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from kernel_bench import KERNELS, LAYERS, US, Bench

from trtcore.measure import _core
from trtcore.measure.kernels.cupti import open_trace
from trtcore.measure.kernels.profiled import trace_profiled
from trtcore.measure.kernels.trace import trace_kernels
from trtcore.measure.kernels.traced_loops import TracedLoops
from trtcore.measure.loops.native import NativeLoops
from trtcore.measure.loops.times import Times, ignore
from trtcore.result.records.kernel_pass import MappingObstacle, ObstacleKind, ProfiledKernels


def test_profiled_iterations_are_traced_with_it(bench: Bench) -> None:
    bench.loops.gated = _core.HostTimer()  # type: ignore[assignment]
    found, _ = trace_kernels(bench.loops, LAYERS, 10)
    assert found
    assert found.profiled.layer_ms.shape == found.profiled.kernel_ms.shape == (20, 3)
    assert found.profiled.layer_ms[7] == pytest.approx([0.023, 0.063, 0.033])
    assert found.profiled.kernel_ms[7] == pytest.approx([0.02, 0.06, 0.03])


def test_gated_spans_are_kept_with_cupti_and_without(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.loops.gated = _core.HostTimer()  # type: ignore[assignment]
    time_traced = TracedLoops._time

    def plainly(loops: NativeLoops, count: int) -> Times:
        times = loops.time_inference(count, ignore)
        return replace(times, gpu_ms=np.full(count, 0.13, np.float32))

    def traced(loops: TracedLoops, timer: Any, count: int) -> Times:
        times = time_traced(loops, timer, count)
        return replace(times, gpu_ms=np.full(count, 0.14, np.float32))

    monkeypatch.setattr(NativeLoops, "time_gated_singly", plainly)
    monkeypatch.setattr(TracedLoops, "_time", traced)
    found, _ = trace_kernels(bench.loops, LAYERS, 10)
    assert (found.gated_ms == np.full(10, 0.14, np.float32)).all()
    assert (found.plain_gated_ms == np.full(10, 0.13, np.float32)).all()


def test_several_streams_have_their_profiled_kernels_too(bench: Bench) -> None:
    bench.fake.calls.fake_cupti_reset(130001)
    bench.launch(KERNELS[0], ("left", 1 * US, 20 * US, 13), ("right", 1 * US, 30 * US, 7))
    found, _ = trace_kernels(bench.loops, LAYERS, 10)
    assert found
    assert found.streams == (0, 1, 0)
    assert found.profiled.kernel_ms[0] == pytest.approx([0.02, 0.02, 0.03])


def test_profiled_iterations_that_fail_cost_nothing_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("cuptiActivityFlushAll failed")

    monkeypatch.setattr(TracedLoops, "trace_layers", fail)
    found, interrupted = trace_kernels(bench.loops, LAYERS, 10)
    assert found
    assert not interrupted
    assert found.profiled is None
    assert found.layers == (0, 1, 2)
    assert found.kernel_ms.shape == (10, 3)


def test_other_kernels_than_un_profiled_are_an_obstacle(bench: Bench) -> None:
    traced = TracedLoops(bench.loops, open_trace())
    names = tuple(name for name, *_ in KERNELS)
    assert isinstance(trace_profiled(traced, names, len(LAYERS)), ProfiledKernels)
    other = MappingObstacle(ObstacleKind.OTHER_KERNELS)
    assert trace_profiled(traced, names[:2], len(LAYERS)) == other
    assert trace_profiled(traced, names, len(LAYERS) + 1) == other
