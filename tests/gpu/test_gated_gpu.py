"""Gated iterations on a real GPU: they last as long as singly if they overlap with an enqueue."""

from __future__ import annotations

import os

import numpy as np
import pytest

from trtcore.api.options.values import Options
from trtcore.api.requests import build_as_requested
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.measure.device.tensors import download
from trtcore.measure.engine_runs import engines
from trtcore.measure.engine_runs.records import PlanToRun, RunOptions
from trtcore.measure.engine_runs.rounds import RunLength
from trtcore.measure.loops.native import NativeLoops
from trtcore.measure.loops.times import ignore
from trtcore.measure.memory.readings import MemoryLog
from trtcore.models.load import load_model
from trtcore.system.clocks import ClockMonitor

pytestmark = pytest.mark.gpu

COUNT = 100


def passes(loops: NativeLoops) -> tuple[list[float], list[float]]:
    """Median spans of passes that overlap and of passes that do not, in turns."""
    overlapping, singly = [], []
    for _ in range(7):
        for medians, times in (
            (overlapping, loops.time_gated(COUNT, ignore)),
            (singly, loops.time_gated_singly(COUNT)),
        ):
            assert times is not None
            assert times.whole().gpu_ms.shape == (COUNT,)
            assert np.all(times.gpu_ms > 0)
            medians.append(float(np.median(times.gpu_ms)))
    return overlapping, singly


@pytest.mark.parametrize("serial", [True, False], ids=["one stream", "auxiliary streams"])
def test_overlapping_leaves_the_span_as_it_is(bindings: Bindings, serial: bool) -> None:
    options = Options(precision="fp16", serial=serial)
    plan = build_as_requested(bindings, load_model("googlenet", batch=4), options)
    run = RunOptions(RunLength(COUNT))
    with ClockMonitor() as monitor:
        waiting = PlanToRun(plan.content, "plan", monitor)
        with engines._ready(bindings, waiting, run, MemoryLog.of_gpu(), None) as ready:
            assert serial or ready.engine.auxiliary_streams > 0
            loops = ready.loops
            assert isinstance(loops, NativeLoops)
            loops.warm_up(500)
            before = download(ready.tensors)
            overlapping, singly = passes(loops)
            after = download(ready.tensors)
    assert loops.problems == ()
    ratio = np.median(overlapping) / np.median(singly)
    spread = max(max(one) / min(one) for one in (overlapping, singly)) - 1
    print(f"overlapping over singly {ratio:.4f}; equal passes differ by up to {spread:.1%}")
    for name, values in before.items():  # not bit for bit: kernels may add in any order
        np.testing.assert_allclose(after[name], values, rtol=0.05, err_msg=name)
    if os.environ.get("TRTCORE_GPU_SHARED"):
        pytest.skip("others use the GPU meanwhile, which moves the spans by more than the bound")
    # A process repeats its own gated median within 0.1 %, and five of them lie 1 % apart.
    assert abs(ratio - 1) < 0.01 + spread
