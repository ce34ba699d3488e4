"""One measured run: warm up until steady, then rounds of all passes until there is enough."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from trtcore import _core
from trtcore.clocks import ClockMonitor
from trtcore.errors import RunError
from trtcore.result import Counts, Samples
from trtcore.session.loops import FloatArray, Loops, Report, Times, ignore
from trtcore.session.native import raise_fault
from trtcore.stopping import Convergence, StopRule
from trtcore.warmup import WarmUp

Progress = Callable[[str, int, int], None]

_CHUNK = 16
_SETTLE_ATTEMPTS = 5
# Rounds put the passes side by side in time, so that a drifting clock or a busy host hits all.
_ROUNDS = 10


@dataclass(frozen=True)
class Length:
    """How long to measure.

    Attributes:
        iterations: of each pass. Exact without a rule, the least with one.
        rule: go on until the medians are this precise, or until its time is up.
    """

    iterations: int
    rule: StopRule | None = None


@dataclass(frozen=True)
class Run:
    """What a run gave: (L,) layer names, samples, counts, and why passes were left out."""

    layer_names: tuple[str, ...]
    samples: Samples
    counts: Counts
    problems: tuple[str, ...]


def measure(
    loops: Loops,
    length: Length,
    monitor: ClockMonitor,
    log_tail: Callable[[], str],
    progress: Progress | None = None,
) -> Run:
    """Measures un-profiled inference (enqueued, gated, as a CUDA graph) and the layers, in rounds.

    Args:
        loops: over contexts with input shapes, addresses and inputs set.
        length: how long.
        monitor: watches the clocks; each round is marked in it.
        log_tail: gives TensorRT's last words for error messages.
        progress: called with the phase, iterations done and iterations in all (0: not known).

    Returns:
        The samples; fewer than asked for, and marked so, when Ctrl-C ended it.

    Raises:
        RunError: TensorRT or CUDA failed, or the layer sequence changed.
        KeyboardInterrupt: Ctrl-C before there was anything to keep.
    """
    passes = _Passes(loops, length, monitor, progress)
    loops.attach(passes.recorder)
    try:
        with _explained(log_tail):
            return passes.measure()
    finally:
        loops.detach(passes.recorder)


@contextmanager
def _explained(log_tail: Callable[[], str]) -> Iterator[None]:
    """Turns what the native loops raise into a `RunError` with TensorRT's own words."""
    try:
        yield
    except RuntimeError as error:
        raise RunError(f"{error}: {log_tail()}") from error
    except MemoryError:
        raise RunError("not enough host memory for the samples; ask for fewer iterations") from None


@dataclass
class _Passes:
    loops: Loops
    length: Length
    monitor: ClockMonitor
    progress: Progress | None
    recorder: _core.LayerRecorder = field(default_factory=_core.LayerRecorder)
    interrupted: bool = False
    warmed_up: int = 0
    series: defaultdict[str, list[FloatArray]] = field(default_factory=lambda: defaultdict(list))

    def measure(self) -> Run:
        self.settle_layers()
        warm_up = self.warm_up()
        if self.interrupted:
            raise KeyboardInterrupt
        stopped = self.run_rounds()
        layer_ms = self.joined("layer_ms", (0, len(self.recorder.names)))
        times = {name: self.joined(name) for name in self.series if name != "layer_ms"}
        counts = Counts(
            asked=self.length.iterations,
            warmed_up=self.warmed_up,
            measured=len(layer_ms),
            interrupted=self.interrupted,
            warm_up=warm_up,
            stopped=stopped,
        )
        samples = Samples(layer_ms=layer_ms, **times)
        return Run(tuple(self.recorder.names), samples, counts, self.loops.problems)

    def settle_layers(self) -> None:
        """Runs the profiled context until its sequence of layers stays the same."""
        for _ in range(_SETTLE_ATTEMPTS):
            self.recorder.learn()
            self.note(self.loops.time_layers(self.recorder, _CHUNK, ignore))
            self.warmed_up += _CHUNK
            if self.interrupted or self.recorder.fault is None:
                break
        raise_fault(self.recorder)

    def warm_up(self) -> str:
        """Runs the plain context until it is steady; returns the outcome in words."""
        warm_up = WarmUp()
        state = warm_up.state()
        while not (state.is_over or self.interrupted):
            times = self.loops.time_inference(_CHUNK, ignore)
            self.note(times)
            state = warm_up.add(times.wall_ms, self.monitor.sm_mhz)
        self.warmed_up += state.iterations
        return state.words

    def run_rounds(self) -> str:
        """Runs rounds of all passes; returns why it ended, in words."""
        share, done, start = -(-self.length.iterations // _ROUNDS), 0, time.perf_counter()
        while done < self.length.iterations and not self.interrupted:
            done += self.run_round(min(share, self.length.iterations - done), done)
        if self.length.rule is None:
            return ""
        convergence = Convergence(self.length.rule, float(np.median(self.joined("gpu_ms"))))
        fed = 0
        while not self.interrupted:
            fed = self.feed(convergence, fed)
            verdict = convergence.verdict(time.perf_counter() - start)
            if verdict.is_over:
                return verdict.words
            done += self.run_round(share, done)
        return ""

    def run_round(self, count: int, done: int) -> int:
        """Runs each pass for ``count`` iterations and keeps their times."""
        report = self.report(done)
        loops = self.loops
        with self.monitor.round():
            self.take(loops.time_inference(count, report), "wall_ms", "enqueue_ms", "gpu_ms")
            if not self.interrupted:
                self.take(loops.time_gated(count, report), "", "", "gated_ms")
            if not self.interrupted:
                self.take(loops.time_graph(count, report), "graph_wall_ms", "", "graph_ms")
            if not self.interrupted:
                self.recorder.reserve(count)
                times = loops.time_layers(self.recorder, count, report)
                self.take(times, "profiled_wall_ms", "", "profiled_gpu_ms")
                raise_fault(self.recorder)
                self.series["layer_ms"].append(self.recorder.samples())
        return count

    def take(self, times: Times | None, wall: str, enqueue: str, gpu: str) -> None:
        """Keeps the times of a pass under the names that are not empty."""
        if times is None:
            return
        self.note(times)
        named = {wall: times.wall_ms, enqueue: times.enqueue_ms, gpu: times.gpu_ms}
        for name, values in named.items():
            if name:
                self.series[name].append(values)

    def note(self, times: Times) -> None:
        self.interrupted |= times.interrupted

    def feed(self, convergence: Convergence, fed: int) -> int:
        """Gives the stopping rule the rounds it has not seen; returns how many it has."""
        spans = self.series["gated_ms" if self.series.get("gated_ms") else "gpu_ms"]
        for span_ms, layer_ms in zip(spans[fed:], self.series["layer_ms"][fed:], strict=False):
            convergence.add_total(span_ms)
            convergence.add_layers(layer_ms)
        return len(spans)

    def joined(self, name: str, empty: tuple[int, ...] = (0,)) -> FloatArray:
        """The rounds of a series as one array; a single round is not copied."""
        parts = self.series.get(name, [])
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(empty, np.float32)

    def report(self, done: int) -> Report:
        total = 0 if self.length.rule else self.length.iterations

        def report(count: int) -> None:
            if self.progress is not None:
                self.progress("measuring", done + count, total)

        return report
