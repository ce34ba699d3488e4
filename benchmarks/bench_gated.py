"""Do gated iterations that overlap have the span of those that are run one at a time?

Needs a GPU and TensorRT 10.16 or later or TensorRT-RTX. Overlapping is what `trtcore` does: while
the device runs an iteration, the next one is enqueued behind the gate. One at a time, the device
waits until it is enqueued. Both run in turns in one process, on the same context.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import numpy as np
from gpu_rig import Rig, made_rig
from harness import Benchmark, Goal, Measured, interleave, main

from trtcore.engine.choice import choose_backend
from trtcore.measure import _core

ENGINES = ("serial", "default")
OVERLAPPING, SINGLY = "overlapping", "one at a time"
SPAN, AGAIN, WALL = "gated span", "gated span, as often once more", "wall time of an iteration"

# A process repeats its own gated median within 0.1 %; five fresh processes lie 1 % apart. A change
# of the way to measure should stay below what tells two processes apart.
MOST_CHANGE = 0.005


def spans(rig: Rig, way: str, view: _core.Context, gate: _core.GatedTimer) -> float:
    """The median gated span of a pass, in ms."""
    if way == OVERLAPPING:
        taken, _ = _core.time_gated(view, gate, rig.iterations)
    else:
        *_, taken, _ = _core.time_inference(view, gate, rig.iterations)
    if gate.invalidated:
        sys.exit("the stream was blocked for 100 ms: nothing can be compared here")
    return float(np.median(taken))


def arms(rig: Rig) -> dict[str, Callable[[], float]]:
    """Each way twice, which shows what a difference is without one; and their wall times."""
    view, gate = rig.view(rig.context()), _core.GatedTimer(rig.stream)
    _core.time_inference(view, _core.EventTimer(rig.stream), rig.iterations)
    runs = {way: partial(spans, rig, way, view, gate) for way in (OVERLAPPING, SINGLY)}
    return {
        **{f"{SPAN}, {way}": run for way, run in runs.items()},
        **{f"{AGAIN}, {way}": run for way, run in runs.items()},
        **{f"{WALL}, {way}": partial(rig.per_iteration, run) for way, run in runs.items()},
    }


def measure(quick: bool) -> Measured:
    choice = choose_backend("auto")
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_gated needs a GPU: {choice.reason}")
    figures: dict[str, float] = {}
    for engine in ENGINES:
        with made_rig(choice.bindings, engine == "serial", 50 if quick else 200) as rig:
            times = interleave(arms(rig), 3 if quick else 15)
        figures |= {figure(engine, name): ms for name, ms in times.items()}
        for name in (SPAN, AGAIN):
            ratio = figures[figure(engine, f"{name}, {OVERLAPPING}")]
            ratio /= figures[figure(engine, f"{name}, {SINGLY}")]
            figures[change(engine, name)] = abs(ratio - 1)
    return Measured(figures, (choice.bindings.label,))


def figure(engine: str, name: str) -> str:
    return f"{engine} engine, {name}, ms"


def change(engine: str, name: str) -> str:
    return f"{engine} engine, {name}, relative change by overlapping"


def goals(engine: str) -> tuple[Goal, ...]:
    walls = [figure(engine, f"{WALL}, {way}") for way in (OVERLAPPING, SINGLY)]
    return (
        Goal(f"{engine} engine: change of the gated span", MOST_CHANGE, change(engine, SPAN)),
        Goal(f"{engine} engine: wall time of a pass, over one at a time", 0.8, *walls),
    )


if __name__ == "__main__":
    main(
        Benchmark(
            title="Gated iterations that overlap",
            method=(
                "GoogLeNet, FP16, batch 4: a serial engine and the default one (several streams). "
                "Medians of gated spans, each pass in one of two ways: an iteration is enqueued "
                "while the one before runs, or on an idle device. Passes in turns, in random order."
            ),
            measure=measure,
            goals=(*goals("serial"), *goals("default")),
        )
    )
