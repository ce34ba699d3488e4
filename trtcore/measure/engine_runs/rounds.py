"""Measured runs: warm up until steady, then rounds of all passes until there is enough."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from trtcore.errors import RunError
from trtcore.measure import _core
from trtcore.measure.energy.meter import EnergyMeter, energy_between
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.engine_runs.store import STREAM_ABOVE_BYTES, FullStore, Store, StreamingStore
from trtcore.measure.length.live import LiveMedian
from trtcore.measure.length.stopping import Convergence, StopRule
from trtcore.measure.length.warming import Warming
from trtcore.measure.length.warmup import WarmUpRule
from trtcore.measure.loops.abi_check import raise_fault
from trtcore.measure.loops.failure import LoopFailure
from trtcore.measure.loops.native import Loops
from trtcore.measure.loops.times import Report, Times
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.counts import Counts, Stop
from trtcore.result.records.energy import Energy
from trtcore.result.records.failure import RunFailure
from trtcore.system.clocks import ClockMonitor
from trtcore.system.progress import Progress, is_live
from trtcore.system.quotations import quoting

# Passes are interleaved in rounds, so that clock drift or a busy host affects all of them. With
# ten, passes lie a tenth of the run apart; more rounds would spend more time on refreshing caches.
_ROUNDS = 10
# A round runs the engine with and without events, gated, as a graph, and profiled, which is slow
# and counts as two; in Python only with events, and profiled.
_LEAST_PASSES, _MOST_PASSES = 2, 6


@dataclass(frozen=True)
class RunLength:
    """How long to measure.

    Attributes:
        iterations: of each pass. Exact without a rule; with one the minimum, if its time allows.
        rule: go on until the medians are this precise, or until its time is up.
        stream: keep distributions instead of times; None to do so where the times need too much
            memory.
        only_layers: run the gated and the profiled pass only, as a calibration needs no other.
    """

    iterations: int
    rule: StopRule | None = None
    stream: bool | None = None
    only_layers: bool = False

    def most_iterations(self, iteration_ms: float) -> int:
        """The maximum number of iterations if each takes at least this long."""
        if self.rule is None:
            return self.iterations
        return max(self.iterations, _fitting(self.rule.at_most_s, _LEAST_PASSES, iteration_ms))


def _fitting(seconds: float, passes: int, iteration_ms: float) -> int:
    """Returns how many iterations of so many passes fit into a time."""
    # 1 us: a clock that reads 0 must not divide by zero, and no inference is shorter.
    return int(1000 * seconds / (passes * max(iteration_ms, 1e-3)))


@dataclass(frozen=True)
class Subject:
    """An engine to measure.

    Attributes:
        loops: over contexts with input shapes, addresses and inputs set.
        monitor: watches the clocks; each round of this engine is marked in it.
        label: the phase shown to the user while it is measured.
        warm_up: what has to hold before it is measured.
        watch: counts the time of each pass.
        meter: reads the energy before and after each enqueued pass; None for no energy.
    """

    loops: Loops
    monitor: ClockMonitor
    label: str = "measuring"
    warm_up: WarmUpRule = field(default_factory=WarmUpRule)
    watch: Stopwatch = field(default_factory=Stopwatch, compare=False, repr=False)
    meter: EnergyMeter | None = None


def measure(
    subjects: Sequence[Subject],
    length: RunLength,
    log_tail: Callable[[], str],
    progress: Progress | None = None,
) -> tuple[Run, ...]:
    """Measures un-profiled inference (enqueued, gated, as a CUDA graph) and the layers, in rounds.

    Several engines are interleaved round by round, so that clock drift affects all of them alike.

    Args:
        subjects: what to measure.
        length: how long each.
        log_tail: returns TensorRT's last log line, for error messages.
        progress: called with the phase, iterations done and iterations in all (0: not known).

    Returns:
        A run for each. Ctrl-C and a failure of TensorRT or CUDA end all of them: they are marked as
        interrupted, and hold what was measured by then, which can be nothing for the last ones.

    Raises:
        RunError: TensorRT or CUDA failed before anything was measured, or the layer sequence
            changed.
        KeyboardInterrupt: Ctrl-C before there was anything to keep.
    """
    is_alone = len(subjects) == 1
    all_passes = [_Passes(subject, length, progress, is_alone) for subject in subjects]
    with ExitStack() as attached, _explained(log_tail):
        for passes in all_passes:
            passes.loops.attach(passes.recorder)
            attached.callback(passes.loops.detach, passes.recorder)
        for passes in all_passes:
            passes.prepare()
        queue = deque((passes, passes.rounds()) for passes in all_passes)
        while queue:
            passes, rounds = queue.popleft()
            if next(rounds, False):
                queue.append((passes, rounds))
            if passes.interrupted:
                break
        failure = _failure_of(all_passes, log_tail)
        return tuple(passes.result(failure, is_cut=bool(queue)) for passes in all_passes)


def _failure_of(all_passes: Sequence[_Passes], log_tail: Callable[[], str]) -> RunFailure | None:
    """What ended the run; raised where no engine has a time to keep."""
    for passes in all_passes:
        if passes.failure is None:
            continue
        if not any(one.has_times for one in all_passes):
            raise passes.failure.error
        return passes.failure.record(passes.phase, log_tail(), passes.before)
    return None


@contextmanager
def _explained(log_tail: Callable[[], str]) -> Iterator[None]:
    """Turns exceptions of the native loops into a `RunError` with TensorRT's last log line."""
    try:
        yield
    except RuntimeError as error:
        raise quoting(RunError, f"{error}: ", log_tail()) from error
    except MemoryError:
        raise RunError("not enough host memory for the samples; ask for fewer iterations") from None


@dataclass
class _Passes:
    subject: Subject
    length: RunLength
    progress: Progress | None
    is_alone: bool
    recorder: _core.LayerRecorder = field(default_factory=_core.LayerRecorder)
    interrupted: bool = False
    spent_s: float = 0.0
    stopped: Stop | None = None
    energy: Energy | None = None
    failure: LoopFailure | None = None
    # Of the pass that runs: what it is, and how many iterations of it there were before this round.
    phase: Phase = Phase.WARM_UP
    before: int = 0

    def __post_init__(self) -> None:
        self.loops, self.monitor, self.live = self.subject.loops, self.subject.monitor, LiveMedian()
        self.watch, rule = self.subject.watch, self.subject.warm_up
        self.warming = Warming(self.loops, self.monitor, self.recorder, rule)

    def prepare(self) -> None:
        """Warms up, and makes the store for the times."""
        # The store needs the layers and the time of an iteration, which the warm-up finds.
        with self.watch.phase(Phase.WARM_UP):
            self.warming.prepare()
        self.store = self.make_store()

    @property
    def has_times(self) -> bool:
        """Whether any iteration was measured."""
        samples = self.store.samples()
        times = (samples.wall_ms, samples.gpu_ms, samples.gated_ms, samples.layer_ms)
        return any(map(len, times))

    def result(self, failure: RunFailure | None, *, is_cut: bool) -> Run:
        """The results so far.

        Args:
            failure: what ended them, here or in another engine; None if nothing failed.
            is_cut: whether they were ended early, here or in another engine.
        """
        samples = self.store.samples()
        streamed = samples.layer_histograms
        counts = Counts(
            asked=self.length.iterations,
            warmed_up=self.warming.iterations,
            measured=streamed.count if streamed else len(samples.layer_ms),
            interrupted=self.interrupted or is_cut,
            failure=failure,
            warm_up=self.warming.end,
            stopped=self.stopped,
        )
        names = tuple(self.recorder.names)
        return Run(names, samples, counts, self.loops.problems, self.energy)

    def make_store(self) -> Store:
        """Keeps every time, or distributions if requested or if the times need too much memory."""
        streams = self.length.stream
        if streams is None:
            layer_times = self.length.most_iterations(self.warming.iteration_ms) * len(
                self.recorder.names
            )
            streams = 4 * layer_times > STREAM_ABOVE_BYTES
        return StreamingStore(self.recorder) if streams else FullStore(self.recorder)

    def rounds(self) -> Iterator[bool]:
        """Runs a round of all passes at each step; ends when there is enough, or at Ctrl-C."""
        try:
            yield from self.rounds_until_enough()
        except KeyboardInterrupt:
            # A pass reports Ctrl-C by a flag; this one was pressed between two passes.
            self.interrupted = True

    def rounds_until_enough(self) -> Iterator[bool]:
        """Runs a round of all passes at each step."""
        done, convergence = 0, self.new_convergence()
        while not self.interrupted:
            start, known = time.perf_counter(), len(self.loops.problems)
            if self.is_enough(done, convergence):
                return
            size = self.round_size(done)
            self.run_round(self.store, size, done)
            done += size
            if len(self.loops.problems) > known and not self.interrupted:
                # A pass was dropped, so later rounds would be timed differently: start again.
                done, convergence, self.store = 0, self.new_convergence(), self.make_store()
                self.monitor.forget_rounds()
            elif convergence is not None:
                self.feed(convergence, self.store)
            self.spent_s += time.perf_counter() - start
            # A terminal is drawn on between rounds only; see `LiveProgress`.
            if is_live(self.progress):
                total = 0 if self.length.rule else self.length.iterations
                self.progress(self.subject.label, done, total)
                self.live.show(self.progress, self.store.newest("wall_ms"), self.monitor.sm_mhz)
            yield True

    def is_enough(self, done: int, convergence: Convergence | None) -> bool:
        """Whether to stop after so many iterations; records why, if a rule decides."""
        is_whole, rule = done >= self.length.iterations, self.length.rule
        if convergence is None or rule is None:
            return is_whole
        # The first round is always run, or a slow engine would end without any sample.
        if done == 0 or not (is_whole or self.spent_s >= rule.at_most_s):
            return False
        decision = convergence.decision(self.spent_s)
        if decision.is_over:
            self.stopped = decision.stop
        return decision.is_over

    def round_size(self, done: int) -> int:
        """The number of iterations of the next round, such that it fits the time that is left."""
        count, rule = self.length.iterations, self.length.rule
        size = min(-(-count // _ROUNDS), self.store.longest_round)
        if done < count:
            size = min(size, count - done)
        if rule is not None:
            left_s = rule.at_most_s - self.spent_s
            size = min(size, _fitting(left_s, _MOST_PASSES, self.warming.iteration_ms))
        return max(size, 1)

    def new_convergence(self) -> Convergence | None:
        """The stopping rule's state at the start; None if the iterations are fixed."""
        rule, names = self.length.rule, tuple(self.recorder.names)
        return None if rule is None else Convergence(rule, self.warming.iteration_ms, names)

    def run_round(self, store: Store, count: int, done: int) -> None:
        """Runs each pass for ``count`` iterations and keeps their times."""
        report = self.report(done)
        loops, self.before = self.loops, done
        # Another engine's round has just filled the caches with its own data.
        if not self.is_alone:
            with self.during(Phase.WARM_UP):
                self.note(self.warming.refresh())
        if self.interrupted:
            return
        with self.monitor.round(count):
            if not self.length.only_layers:
                with self.during(Phase.ENQUEUED):
                    times = self.time_enqueued(count, report)
                self.take(store, times, "wall_ms", "enqueue_ms", "gpu_ms")
            if not self.interrupted:
                with self.during(Phase.GATED):
                    gated = loops.time_gated(count, report)
                self.take(store, gated, "", "", "gated_ms")
            if not (self.interrupted or self.length.only_layers):
                with self.during(Phase.GRAPH):
                    graph = loops.time_graph(count, report)
                self.take(store, graph, "graph_wall_ms", "", "graph_ms")
            if not self.interrupted:
                with self.during(Phase.LAYERS):
                    self.run_layers(store, count, report)

    @contextmanager
    def during(self, phase: Phase) -> Iterator[None]:
        """Counts the time of a pass, and notes which one it is."""
        self.phase = phase
        with self.watch.phase(phase):
            yield

    def time_enqueued(self, count: int, report: Report) -> Times:
        """Runs the enqueued pass, and reads the energy before and after."""
        meter = self.subject.meter
        first = meter.mark() if meter else None
        times = self.loops.time_inference(count, report)
        if meter and first and not times.is_cut:
            energy = energy_between(first, meter.mark(), times.ran or times.wall_ms.size)
            if self.energy is None or energy.seconds > self.energy.seconds:
                self.energy = energy
        return times

    def run_layers(self, store: Store, count: int, report: Report) -> None:
        """Runs the profiled pass and keeps the times of its layers."""
        store.begin_layers(count)
        times = self.loops.time_layers(self.recorder, count, report)
        self.take(store, times, "profiled_wall_ms", "", "profiled_gpu_ms")
        raise_fault(self.recorder)
        store.end_layers()

    def take(self, store: Store, times: Times | None, wall: str, enqueue: str, gpu: str) -> None:
        """Keeps the times of a pass under the names that are not empty."""
        if times is None:
            return
        self.note(times)
        named = {wall: times.wall_ms, enqueue: times.enqueue_ms, gpu: times.gpu_ms}
        for name, values in named.items():
            if name:
                store.add(name, values)

    def note(self, times: Times) -> None:
        """Notes whether the pass ended early: no other follows then."""
        self.interrupted |= times.is_cut
        self.failure = self.failure or times.failure

    def feed(self, convergence: Convergence, store: Store) -> None:
        """Adds the last round to the stopping rule."""
        # Gated spans vary less than ungated ones, as they hold no launch overhead.
        gated_ms = store.newest("gated_ms")
        convergence.add_total(gated_ms if gated_ms.size else store.newest("gpu_ms"))
        layer_ms = store.newest("layer_ms")
        if layer_ms.size:
            convergence.add_layers(layer_ms)

    def report(self, done: int) -> Report:
        total = 0 if self.length.rule else self.length.iterations

        def report(count: int) -> None:
            if self.progress is not None and not is_live(self.progress):
                self.progress(self.subject.label, done + count, total)

        return report
