"""From samples to figures: summaries, compiled kernels beside NumPy, memory by length of run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import stats_reference
from harness import Benchmark, Goal, Measured, interleave, main, milliseconds
from memory import growth_mb
from sample_profiles import chain_profile, layer_times, streamed

from trtcore.result.analysis.summary import summarise_layers
from trtcore.result.records.samples import Samples
from trtcore.stats import _stats
from trtcore.stats.bootstrap import draw_medians

LAYERS = 206
LENGTHS = (1_000, 10_000, 100_000, 1_000_000)

MEMORY = """
import sys
sys.path.insert(0, sys.argv[1])
from bench_aggregation import peak_of_a_run
print(peak_of_a_run(sys.argv[2] == "stream", int(sys.argv[3])))
"""


def naive_summary(layer_ms: np.ndarray) -> object:
    return (
        layer_ms.mean(axis=0, dtype=np.float64),
        layer_ms.min(axis=0),
        np.percentile(layer_ms, (50, 95), axis=0),
    )


def summaries(iterations: int, rounds: int) -> dict[str, float]:
    layer_ms = layer_times(iterations, LAYERS)
    whole = chain_profile(Samples(layer_ms, np.empty(0, np.float32)))
    short = streamed(whole)
    arms: dict[str, Callable[[], float]] = {
        "NumPy along axis 0": lambda: milliseconds(lambda: naive_summary(layer_ms)),
        "summarise_layers, every time": lambda: milliseconds(lambda: summarise_layers(whole)),
        "summarise_layers, streamed": lambda: milliseconds(lambda: summarise_layers(short)),
    }
    times = interleave(arms, rounds, warm_up=iterations <= 100_000)
    return {f"{name}, {iterations:,} x {LAYERS}, ms": ms for name, ms in times.items()}


def gather_and_median(samples: np.ndarray, draws: int) -> np.ndarray:
    """The bootstrap as NumPy users write it, layer by layer so that it stays in the cache."""
    count = len(samples)
    places = np.random.default_rng(0).integers(0, count, (draws, count))
    return np.array([np.median(column[places], axis=1) for column in samples.T])


def sorted_weights(samples: np.ndarray, draws: int) -> np.ndarray:
    """The same by weights of sorted samples, which is what the kernel does, in NumPy."""
    count = len(samples)
    places = np.random.default_rng(0).integers(0, count, (draws, count))
    weights = np.array([np.bincount(row, minlength=count) for row in places])
    order = np.argsort(samples, axis=0)
    medians = []
    for column, sorted_at in zip(samples.T, order.T, strict=True):
        up_to = np.cumsum(weights[:, sorted_at], axis=1)
        medians.append(column[sorted_at][(2 * up_to >= count).argmax(axis=1)])
    return np.array(medians)


def bootstrap(rounds: int, series: int) -> dict[str, float]:
    samples = layer_times(1000, series)
    work: dict[str, Callable[[], object]] = {
        "draw_medians": lambda: draw_medians(samples),
        "draw_medians, 1 thread": lambda: draw_medians(samples, threads=1),
        "NumPy, gather and median": lambda: gather_and_median(samples, 1000),
        "NumPy, sorted weights": lambda: sorted_weights(samples, 1000),
    }
    arms = {name: partial(milliseconds, each) for name, each in work.items()}
    times = interleave(arms, rounds, warm_up=False)
    return {f"bootstrap: {name}, ms": ms for name, ms in times.items()}


def kernels(rounds: int) -> dict[str, float]:
    samples = layer_times(10_000, LAYERS)
    batches = samples[:9984].reshape(312, 32, LAYERS).astype(np.float64)
    buckets = _stats.fold(samples)[-1]
    ranks = np.tile(np.array([2500, 5000, 9000, 9900], np.int64), (LAYERS, 1))
    work: dict[str, Callable[[], object]] = {
        "fold: kernel": lambda: _stats.fold(samples),
        "fold: NumPy": lambda: stats_reference.fold(samples),
        "quantiles: kernel": lambda: _stats.locate(buckets, ranks),
        "quantiles: NumPy": lambda: stats_reference.locate(buckets, ranks),
        "batch medians: kernel": lambda: _stats.batch_medians(batches),
        "batch medians: NumPy": lambda: stats_reference.batch_medians(batches),
    }
    arms = {name: partial(milliseconds, each) for name, each in work.items()}
    times = interleave(arms, rounds)
    return {f"{name}, 10,000 x {LAYERS}, ms": ms for name, ms in times.items()}


def peak_of_a_run(stream: bool, iterations: int) -> float:
    """Returns by how many MB the process grew while it measured on the scripted context."""
    from fake_engine import FakeEngine

    from trtcore.measure.engine_runs.rounds import RunLength, Subject, measure
    from trtcore.measure.loops.native import NativeLoops
    from trtcore.system.clocks import ClockMonitor

    plain, profiled = FakeEngine.of(LAYERS, busy_us=5), FakeEngine.of(LAYERS)
    loops = NativeLoops(plain.view, profiled.view, profiled.timer)

    def run(count: int) -> None:
        with ClockMonitor() as monitor:
            (ran,) = measure([Subject(loops, monitor)], RunLength(count, stream=stream), str)
        assert ran.counts.measured == count

    run(16)
    return growth_mb(lambda: run(iterations))


def memory(lengths: tuple[int, ...]) -> dict[str, float]:
    figures = {}
    for mode in ("every time", "stream"):
        for iterations in lengths:
            command = [sys.executable, "-c", MEMORY, str(Path(__file__).parent), mode]
            ran = subprocess.run(
                [*command, str(iterations)], capture_output=True, text=True, check=True
            )
            figures[memory_name(mode, iterations)] = float(ran.stdout)
    return figures


def memory_name(mode: str, iterations: int) -> str:
    return f"memory: {mode}, {iterations:,} iterations, MB"


def measure(quick: bool) -> Measured:
    figures = summaries(10_000, 3 if quick else 11)
    if not quick:
        figures |= summaries(1_000_000, 1)
    draw_medians(layer_times(100, 2))
    figures |= bootstrap(1, 20 if quick else LAYERS)
    figures |= kernels(3 if quick else 11)
    figures |= memory(LENGTHS[:2] if quick else LENGTHS)
    return Measured(figures)


NUMPY_BOOTSTRAPS = ("NumPy, gather and median", "NumPy, sorted weights")
GOALS = (
    *(
        Goal(
            f"bootstrap, {name} over draw_medians",
            5,
            f"bootstrap: {name}, ms",
            "bootstrap: draw_medians, ms",
            at_least=True,
        )
        for name in NUMPY_BOOTSTRAPS
    ),
    *(
        Goal(
            f"{name}, NumPy over kernel",
            1,
            f"{name}: NumPy, 10,000 x {LAYERS}, ms",
            f"{name}: kernel, 10,000 x {LAYERS}, ms",
            at_least=True,
        )
        for name in ("fold", "quantiles", "batch medians")
    ),
    Goal("stream, MB for 1,000,000 iterations", 8, memory_name("stream", 1_000_000)),
    Goal(
        "stream, memory for 1,000,000 iterations over that for 10,000",
        1.1,
        memory_name("stream", 1_000_000),
        memory_name("stream", 10_000),
    ),
)

if __name__ == "__main__":
    main(
        Benchmark(
            title="From samples to figures",
            method=(
                "Random layer times with noise and outliers. The bootstrap resamples 206 layers x "
                "1000 samples 1000 times, drawing the weights included. Memory is the growth of "
                "the resident peak over a whole run on a scripted context, latency passes included."
            ),
            measure=measure,
            goals=GOALS,
        )
    )
