"""Whole iterations on a GPU: the native loops beside what users would write instead.

Needs a GPU, TensorRT 10.16 or later or TensorRT-RTX, and for one of the arms Polygraphy
(``pip install polygraphy``).
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
import trtcore_fake
from gpu_rig import Rig, made_rig
from harness import Benchmark, Goal, Measured, interleave, main

from trtcore.engine.choice import choose_backend
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.measure import _core
from trtcore.measure.device.cuda import check

KEPT = 1024
WARM_UP_SECONDS = 1.0

Arms = dict[str, Callable[[], float]]


def enqueue_loop(context: Any, stream: int, iterations: int) -> None:
    """What a user of the Python bindings writes."""
    from cuda.bindings import runtime

    for _ in range(iterations):
        assert context.execute_async_v3(stream)
        check(runtime.cudaStreamSynchronize(stream), "synchronising")


def unprofiled_arms(rig: Rig) -> Arms:
    context = rig.context()
    view, bare = rig.view(context), _core.StreamTimer(rig.stream)
    timer = _core.EventTimer(rig.stream)
    layout, count = rig.bindings.layout, rig.iterations
    runs: dict[str, Callable[[], object]] = {
        "ours": partial(_core.time_inference, view, bare, count),
        "ours, with events": partial(_core.time_inference, view, timer, count),
        "bare": partial(trtcore_fake.run_bare, context, layout, rig.stream, count),
        "Python execute_async_v3": partial(enqueue_loop, context, rig.stream, count),
    }
    return {f"un-profiled, {name}": partial(rig.per_iteration, run) for name, run in runs.items()}


def polygraphy_arms(rig: Rig, stack: ExitStack) -> Arms:
    """The arms of Polygraphy's runner: host arrays in and out, and device memory only."""
    polygraphy, cuda = import_polygraphy(rig.bindings)
    from polygraphy.datatype import DataType

    runner = stack.enter_context(polygraphy.TrtRunner(rig.context()))
    on_device = {
        tensor.info.name: cuda.DeviceView(
            tensor.buffer.address, tensor.info.shape, DataType.from_dtype(np.dtype(tensor.dtype))
        )
        for tensor in rig.tensors
        if tensor.info.mode == "input"
    }

    def infer(feed: dict[str, Any], **options: Any) -> None:
        for _ in range(rig.iterations):
            runner.infer(feed, **options)

    runs = {
        "TrtRunner.infer": partial(infer, rig.inputs),
        "TrtRunner.infer, device memory": partial(
            infer, on_device, copy_outputs_to_host=False, check_inputs=False
        ),
    }
    for run in runs.values():
        run()
    return {f"un-profiled, {name}": partial(rig.per_iteration, run) for name, run in runs.items()}


def import_polygraphy(bindings: Bindings) -> tuple[Any, Any]:
    """Imports Polygraphy over the TensorRT at hand.

    Newer releases know TensorRT-RTX; for older ones it has to go by the name of TensorRT.
    """
    if bindings.name == "tensorrt_rtx":
        os.environ["POLYGRAPHY_USE_TENSORRT_RTX"] = "1"
        sys.modules.setdefault("tensorrt", bindings.module)
    return importlib.import_module("polygraphy.backend.trt"), importlib.import_module(
        "polygraphy.cuda"
    )


def profiled_arms(rig: Rig) -> Arms:
    view, timer = rig.view(rig.context()), _core.EventTimer(rig.stream)
    view.enqueue_emits_profile = False
    count = rig.iterations

    def recorded(mode: str, recorder: _core.LayerRecorder) -> float:
        recorder.attach(view)
        if mode == "matrix":
            recorder.reserve(count)
        ms = rig.per_iteration(lambda: _core.time_layers(view, recorder, timer, count))
        assert recorder.fault is None
        recorder.detach()
        return ms

    arms: Arms = {
        "no-op native profiler": lambda: rig.per_iteration(
            lambda: _core.time_layers(view, None, timer, count)
        )
    }
    for mode in ("matrix", "stream"):
        recorder = _core.LayerRecorder()
        recorder.attach(view)
        _core.time_layers(view, recorder, timer, 16)
        if mode == "stream":
            recorder.stream(KEPT)
        recorder.detach()
        arms[f"ours, {mode}"] = partial(recorded, mode, recorder)
    arms["Python IProfiler"] = python_profiler_arm(rig)
    return {f"profiled, {name}": arm for name, arm in arms.items()}


def python_profiler_arm(rig: Rig) -> Callable[[], float]:
    class Profiler(rig.bindings.module.IProfiler):
        def __init__(self) -> None:
            rig.bindings.module.IProfiler.__init__(self)
            self.times: list[tuple[str, float]] = []

        def report_layer_time(self, name: str, ms: float) -> None:
            self.times.append((name, ms))

    context = rig.context()
    profiler = Profiler()
    context.profiler = profiler

    def run() -> float:
        profiler.times.clear()
        return rig.per_iteration(lambda: enqueue_loop(context, rig.stream, rig.iterations))

    return run


def measure(quick: bool) -> Measured:
    choice = choose_backend("auto")
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_loop needs a GPU: {choice.reason}")
    figures: dict[str, float] = {}
    notes = [choice.bindings.label]
    for engine in ("default", "serial"):
        with ExitStack() as stack:
            running = stack.enter_context(
                made_rig(choice.bindings, engine == "serial", 50 if quick else 100)
            )
            arms = unprofiled_arms(running)
            try:
                arms |= polygraphy_arms(running, stack)
            except Exception as problem:
                reason = " ".join(str(problem).split())
                notes.append(f"{engine} engine: Polygraphy was left out: {reason}")
            arms |= profiled_arms(running)
            warm_up(arms["un-profiled, bare"])
            times = interleave(arms, 3 if quick else 7)
        figures |= {f"{engine} engine, {name}, ms": ms for name, ms in times.items()}
    return Measured(figures, tuple(notes))


def warm_up(arm: Callable[[], float]) -> None:
    """Keeps the GPU busy until its clock is up."""
    start = time.perf_counter()
    while time.perf_counter() - start < WARM_UP_SECONDS:
        arm()


def figure(name: str, engine: str) -> str:
    return f"{engine} engine, {name}, ms"


def goals(engine: str) -> tuple[Goal, ...]:
    ours, matrix = figure("un-profiled, ours", engine), figure("profiled, ours, matrix", engine)

    def goal(label: str, limit: float, mine: str, other: str) -> Goal:
        return Goal(f"{engine} engine: {label}", limit, mine, figure(other, engine))

    return (
        goal("un-profiled over bare", 1.01, ours, "un-profiled, bare"),
        goal("un-profiled over TrtRunner.infer", 0.8, ours, "un-profiled, TrtRunner.infer"),
        goal(
            "un-profiled over TrtRunner.infer, device memory",
            1.0,
            ours,
            "un-profiled, TrtRunner.infer, device memory",
        ),
        goal(
            "un-profiled over Python execute_async_v3",
            1.0,
            ours,
            "un-profiled, Python execute_async_v3",
        ),
        goal(
            "profiled over a no-op native profiler", 1.02, matrix, "profiled, no-op native profiler"
        ),
        goal("profiled over a Python IProfiler", 0.8, matrix, "profiled, Python IProfiler"),
        goal(
            "streaming over matrix",
            1.01,
            figure("profiled, ours, stream", engine),
            "profiled, ours, matrix",
        ),
    )


if __name__ == "__main__":
    main(
        Benchmark(
            title="Whole iterations on a GPU",
            method=(
                "GoogLeNet, FP16, batch 4: the default engine (several streams) and a serial one. "
                "Wall time of whole passes over their iterations, each way in its own context "
                "where it profiles, passes interleaved, none gated."
            ),
            measure=measure,
            goals=(*goals("default"), *goals("serial")),
        )
    )
