"""What an iteration consists of, on the host: what events add to it, and what a profiled one does.

Needs a GPU and TensorRT 10.16 or later or TensorRT-RTX. Two questions. Could host and GPU times be
taken in the same iterations, with the first event before the clock is read? And what of a gated
profiled iteration could be done while the one before runs?
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import trtcore_fake
from gpu_rig import Rig, made_rig
from harness import Benchmark, Goal, Measured, interleave, main

from trtcore.engine.choice import choose_backend
from trtcore.measure import _core
from trtcore.measure.device.cuda import check

ENGINES = ("serial", "default")
EVENTS = {
    "latency without events": 0,
    "latency, one event at the end": 1,
    "latency, two events": 2,
}
PARTS = ("enqueue", "wait", "report")

# Five fresh processes lie 1 % apart: a definition that moves the latency by a fifth of that moves
# it by less than anybody can see.
MOST_ADDED = 1.002


def latencies(rig: Rig) -> dict[str, Callable[[], float]]:
    """Medians of host times, with events and without, in one context."""
    context = rig.context()

    def run(events: int) -> float:
        taken = trtcore_fake.time_bare(
            context, rig.bindings.layout, rig.stream, rig.iterations, events
        )
        return float(np.median(taken))

    return {name: partial(run, events) for name, events in EVENTS.items()}


def profiled_parts(rig: Rig) -> dict[str, float]:
    """Medians of what a profiled iteration takes the host, not gated, from Python."""
    from cuda.bindings import runtime

    context = rig.context()
    view = rig.view(context)
    view.enqueue_emits_profile = False
    _core.time_layers(view, None, _core.EventTimer(rig.stream), 16)  # a profiler that does nothing
    taken: dict[str, list[float]] = {part: [] for part in PARTS}
    for _ in range(rig.iterations):
        stamps = [time.perf_counter()]
        assert context.execute_async_v3(rig.stream)
        stamps.append(time.perf_counter())
        check(runtime.cudaStreamSynchronize(rig.stream), "synchronising")
        stamps.append(time.perf_counter())
        assert context.report_to_profiler()
        stamps.append(time.perf_counter())
        for part, before, after in zip(PARTS, stamps, stamps[1:], strict=False):
            taken[part].append(1e3 * (after - before))
    return {f"profiled, {part}": statistics.median(values) for part, values in taken.items()}


def measure(quick: bool) -> Measured:
    choice = choose_backend("auto")
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_parts needs a GPU: {choice.reason}")
    figures: dict[str, float] = {}
    for engine in ENGINES:
        with made_rig(choice.bindings, engine == "serial", 50 if quick else 200) as rig:
            times = interleave(latencies(rig), 3 if quick else 15) | profiled_parts(rig)
        figures |= {figure(engine, name): ms for name, ms in times.items()}
    return Measured(figures, (choice.bindings.label,))


def figure(engine: str, name: str) -> str:
    return f"{engine} engine, {name}, ms"


def goal(engine: str) -> Goal:
    without, with_one, _ = (figure(engine, name) for name in EVENTS)
    return Goal(f"{engine} engine: one event over none", MOST_ADDED, with_one, without)


if __name__ == "__main__":
    main(
        Benchmark(
            title="Parts of an iteration",
            method=(
                "GoogLeNet, FP16, batch 4: a serial engine and the default one (several streams). "
                "Median host times of un-profiled iterations with none, one and two events inside "
                "the clock, in turns; and of the calls of a profiled iteration."
            ),
            measure=measure,
            goals=tuple(goal(engine) for engine in ENGINES),
        )
    )
