"""What the profiler callback costs, beside what others do in it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import trtcore_fake
from fake_engine import FakeEngine
from harness import Benchmark, Goal, Measured, child_environment, interleave, main

LAYERS = (50, 206, 1000, 5000)
QUICK_LAYERS = (50, 206)
KEPT = 1024
# Iterations that a streaming recorder folds at once.
BLOCK = 256

# Callbacks in each measurement of an arm.
CALLBACKS = 1_000_000
SLOW_CALLBACKS = 100_000

COUNT_ALLOCATIONS = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
from bench_recorder import KEPT, RECORDERS, BASELINES, baseline_engine
from fake_engine import FakeEngine

count = ctypes.CDLL(None).trtcore_malloc_count
arm, iterations = sys.argv[2], 10_000
recorder = None
if arm in RECORDERS:
    engine = FakeEngine.of(206)
    recorder = engine.recorder()
    recorder.stream(KEPT) if arm == "stream" else recorder.reserve(3 * iterations)
else:
    engine = baseline_engine(arm, 206)

def allocations(iterations):
    before = count()
    engine.run(recorder, iterations)
    return count() - before

allocations(iterations)
few, many = allocations(iterations // 10), allocations(iterations)
print((many - few) / (0.9 * iterations))
"""

RECORDERS = ("matrix", "stream")
BASELINES = {"empty": "empty virtual call", "cursor": "trtexec's cursor", "find_if": "find_if"}
NAMES = {"matrix": "recorder, matrix", "stream": "recorder, stream", **BASELINES}


def baseline_engine(name: str, layers: int) -> FakeEngine:
    engine = FakeEngine.of(layers)
    engine.run(None, 1)
    engine.context.report_to_baseline(name)
    return engine


def recorded(mode: str, layers: int) -> float:
    engine = FakeEngine.of(layers)
    recorder = engine.recorder()
    iterations = whole_blocks(layers)
    if mode == "stream":
        recorder.stream(KEPT)
    else:
        recorder.reserve(iterations)
    ns = per_callback(lambda: engine.run(recorder, iterations), iterations * layers)
    assert recorder.fault is None
    return ns


def baseline(name: str, layers: int) -> float:
    engine = baseline_engine(name, layers)
    iterations = max(SLOW_CALLBACKS // layers, 2) if name == "find_if" else whole_blocks(layers)
    return per_callback(lambda: engine.run(None, iterations), iterations * layers)


def whole_blocks(layers: int) -> int:
    """Returns how many iterations to run: whole blocks, so that all of them are folded."""
    return BLOCK * max(CALLBACKS // layers // BLOCK, 2)


def python_profiler(layers: int) -> float:
    import tensorrt_rtx

    class Profiler(tensorrt_rtx.IProfiler):
        def __init__(self) -> None:
            tensorrt_rtx.IProfiler.__init__(self)
            self.times: list[tuple[str, float]] = []

        def report_layer_time(self, name: str, ms: float) -> None:
            self.times.append((name, ms))

    engine = FakeEngine.of(layers)
    engine.run(None, 1)
    engine.context.report_to(Profiler())
    iterations = max(SLOW_CALLBACKS // layers, 2)
    return per_callback(lambda: engine.run(None, iterations), iterations * layers)


def per_callback(run: Callable[[], None], callbacks: int) -> float:
    start = time.perf_counter()
    run()
    return 1e9 * (time.perf_counter() - start) / callbacks


def allocations(arm: str) -> float:
    folder = Path(trtcore_fake.__file__).parent
    preload = next(path for path in folder.glob("trtcore_malloc_count*") if path.suffix == ".so")
    command = [sys.executable, "-c", COUNT_ALLOCATIONS, str(Path(__file__).parent), arm]
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env=child_environment(LD_PRELOAD=str(preload)),
    )
    return float(ran.stdout)


def has_tensorrt_rtx() -> bool:
    try:
        import tensorrt_rtx  # noqa: F401
    except ImportError:
        return False
    return True


def measure(quick: bool) -> Measured:
    figures: dict[str, float] = {}
    python = has_tensorrt_rtx()
    for layers in QUICK_LAYERS if quick else LAYERS:
        arms = {NAMES[mode]: partial(recorded, mode, layers) for mode in RECORDERS}
        arms |= {NAMES[name]: partial(baseline, name, layers) for name in BASELINES}
        if python:
            arms["Python IProfiler"] = partial(python_profiler, layers)
        times = interleave(arms, 3 if quick else 9)
        figures |= {f"{name}, {layers} layers, ns": ns for name, ns in times.items()}
    for arm in (*RECORDERS, "cursor"):
        figures[f"{NAMES[arm]}, allocations an iteration"] = allocations(arm)
    notes = () if python else ("no Python IProfiler: tensorrt_rtx is not installed",)
    return Measured(figures, notes)


def at_206(name: str) -> str:
    return f"{name}, 206 layers, ns"


GOALS = (
    Goal("matrix over trtexec's cursor", 1.0, at_206(NAMES["matrix"]), at_206(NAMES["cursor"])),
    Goal("matrix, ns a layer with its name check", 10, at_206(NAMES["matrix"])),
    Goal("stream over matrix", 1.5, at_206(NAMES["stream"]), at_206(NAMES["matrix"])),
    Goal("find_if over matrix", 50, at_206("find_if"), at_206(NAMES["matrix"]), at_least=True),
    Goal(
        "Python IProfiler over matrix",
        130,
        at_206("Python IProfiler"),
        at_206(NAMES["matrix"]),
        at_least=True,
    ),
    Goal("allocations an iteration, matrix", 0, "recorder, matrix, allocations an iteration"),
    Goal("allocations an iteration, stream", 0, "recorder, stream, allocations an iteration"),
)

if __name__ == "__main__":
    main(
        Benchmark(
            title="The profiler callback, per layer",
            method=(
                "One native loop runs a scripted context that reports its layers through "
                "nvinfer1's vtable, with the names at a new address from one iteration to the "
                "next; the wall time of the whole loop is divided by the number of callbacks, so "
                "that delivering a call (see the empty one) is in every figure. Host time, no GPU."
            ),
            measure=measure,
            goals=GOALS,
        )
    )
