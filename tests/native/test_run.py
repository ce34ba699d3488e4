"""A whole run on the scripted context: rounds, what is kept of them, and when it is streamed."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from trtcore.errors import RunError
from trtcore.measure import _core
from trtcore.measure.engine_runs import store
from trtcore.measure.engine_runs.rounds import RunLength, Subject, measure
from trtcore.measure.engine_runs.run import Run
from trtcore.measure.length.stopping import StopDecision, StopRule, decide
from trtcore.measure.length.warmup import WarmUp, WarmUpRule
from trtcore.measure.loops.native import NativeLoops
from trtcore.measure.loops.times import Times
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.stats.histogram import quantiles
from trtcore.system.clocks import ClockMonitor
from trtcore.system.progress import RoundReport

pytestmark = pytest.mark.usefixtures("brief_warm_up")

LAYERS = [("conv1", 0.5), ("relu1", 0.25), ("conv1", 1.5)]


@pytest.fixture
def loops(rig: Any) -> NativeLoops:
    """Two contexts on the host's clock; an iteration takes at least 20 us."""
    plain = type(rig)(rig.layout)
    for context in (rig.context, plain.context):
        context.busy_us = 20
    return NativeLoops(plain.view, rig.view, _core.HostTimer())


def run(loops: NativeLoops, length: RunLength, **more: Any) -> Run:
    with ClockMonitor() as monitor:
        return measure([Subject(loops, monitor)], length, lambda: "nothing was logged", **more)[0]


@pytest.mark.parametrize("iterations", [7, 100, 2500])
def test_every_time_is_kept(loops: NativeLoops, iterations: int) -> None:
    ran = run(loops, RunLength(iterations))
    samples = ran.samples
    assert ran.layer_names == ("conv1", "relu1", "conv1")
    assert np.array_equal(samples.layer_ms, np.tile(np.float32([0.5, 0.25, 1.5]), (iterations, 1)))
    assert samples.layer_histograms is None
    assert samples.streamed == ()
    for times in (samples.wall_ms, samples.enqueue_ms, samples.gpu_ms, samples.profiled_wall_ms):
        assert times.shape == (iterations,)
        assert np.all(times >= 0.0199)
    assert (ran.counts.asked, ran.counts.measured) == (iterations, iterations)


@pytest.mark.parametrize("iterations", [7, 1024, 2500])
def test_a_streamed_run_keeps_distributions_and_its_end(
    loops: NativeLoops, iterations: int
) -> None:
    ran = run(loops, RunLength(iterations, stream=True))
    samples, kept = ran.samples, min(iterations, store.KEPT_ITERATIONS)
    assert samples.layer_ms.shape == (kept, 3)
    assert samples.layer_histograms is not None
    assert samples.layer_histograms.count == iterations
    assert samples.layer_histograms.mean_ms.tolist() == [0.5, 0.25, 1.5]
    assert (ran.counts.asked, ran.counts.measured) == (iterations, iterations)
    for name in ("wall_ms", "enqueue_ms", "gpu_ms", "profiled_wall_ms"):
        times = samples.histogram_of(name)
        assert times is not None
        assert times.count == iterations
        assert times.min_ms[0] >= np.float32(0.0199)
        assert getattr(samples, name).shape == (kept,)
        assert getattr(samples, name).min() >= times.min_ms[0]
    assert samples.histogram_of("gated_ms") is None
    assert samples.gated_ms.size == 0


def test_quantiles_of_a_streamed_run_of_real_times(
    loops: NativeLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "KEPT_ITERATIONS", 3000)
    samples = run(loops, RunLength(3000, stream=True)).samples
    assert samples.wall_ms.shape == (3000,)
    times = samples.histogram_of("wall_ms")
    assert times is not None
    shares = (0.05, 0.5, 0.9, 0.99)
    exact = np.quantile(samples.wall_ms.astype(np.float64), shares)
    np.testing.assert_allclose(quantiles(times, shares)[0], exact, rtol=0.004)
    assert times.mean_ms[0] == pytest.approx(samples.wall_ms.mean(dtype=np.float64), rel=1e-12)


@pytest.mark.parametrize(("limit", "is_streamed"), [(3 * 4 * 500, False), (3 * 4 * 500 - 1, True)])
def test_it_is_streamed_where_the_times_would_be_too_many(
    loops: NativeLoops, monkeypatch: pytest.MonkeyPatch, limit: int, is_streamed: bool
) -> None:
    monkeypatch.setattr("trtcore.measure.engine_runs.rounds.STREAM_ABOVE_BYTES", limit)
    samples = run(loops, RunLength(500)).samples
    assert (samples.layer_histograms is not None) is is_streamed
    assert run(loops, RunLength(500, stream=False)).samples.layer_histograms is None


def test_a_time_limit_counts_with_the_iterations_that_fit() -> None:
    rule = StopRule(at_most_s=10)
    assert RunLength(100).most_iterations(0.5) == 100
    assert RunLength(100, rule).most_iterations(0.5) == 10_000, "in two passes at the least"
    assert RunLength(100, rule).most_iterations(5_000) == 100


@pytest.mark.parametrize("stream", [False, True])
def test_a_stopping_rule_sees_every_round(
    loops: NativeLoops, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is shown the same time for every batch: those of a busy host may never settle."""

    def judge_steady(total: Any, layers: Any, elapsed_s: float, rule: StopRule, *_: Any) -> Any:
        return decide(np.ones_like(total), np.ones_like(layers), elapsed_s, rule)

    monkeypatch.setattr("trtcore.measure.length.stopping.decide", judge_steady)
    rule = StopRule(target=0.5, least_s=0.05, at_most_s=60)
    ran = run(loops, RunLength(100, rule, stream))
    assert ran.counts.stopped.is_converged
    assert ran.counts.measured >= 32 * 32
    assert ran.counts.measured % 10 == 0


def test_a_stopping_rule_knows_the_layers_by_name(
    loops: NativeLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = []

    def judge_by(total: Any, layers: Any, *more: Any) -> StopDecision:
        judged.append((np.shape(layers), more[-1]))
        return decide(total, layers, *more)

    monkeypatch.setattr("trtcore.measure.length.stopping.decide", judge_by)
    run(loops, RunLength(100, StopRule(target=0.5, least_s=0.05, at_most_s=3)))
    assert judged[-1][0][1] == 3
    assert judged[-1][1] == ("conv1", "relu1", "conv1")


@pytest.mark.parametrize("stream", [False, True])
def test_ctrl_c_keeps_what_was_measured(loops: NativeLoops, stream: bool) -> None:
    def press(phase: str, done: int, total: int) -> None:
        assert (phase, total) == ("measuring", 5000)
        if done > 1200:
            raise KeyboardInterrupt

    ran = run(loops, RunLength(5000, stream=stream), progress=press)
    assert ran.counts.interrupted
    assert 0 < ran.counts.measured <= 1200
    total = ran.samples.histogram_of("wall_ms")
    assert (total.count if total else len(ran.samples.wall_ms)) > 1200


@pytest.mark.parametrize("stream", [False, True])
def test_a_changed_sequence_is_an_error_that_names_the_iteration(
    rig: Any, loops: NativeLoops, stream: bool
) -> None:
    length = RunLength(300, stream=stream)
    warm = dataclasses.replace(length, iterations=1)
    run(loops, warm)
    rig.context.change_layers(at=rig.context.runs + 16 + 50, layers=[("gelu1", 1.0)])
    with pytest.raises(RunError, match=r"changed in iteration \d+: expected 'conv1' at position 0"):
        run(loops, length)


def test_a_sequence_that_changes_while_warming_up_starts_the_warm_up_again(
    rig: Any, loops: NativeLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarts: list[int] = []
    restart = WarmUp.restart

    def note(warm_up: WarmUp) -> None:
        restarts.append(warm_up.state().iterations)
        restart(warm_up)

    monkeypatch.setattr(WarmUp, "restart", note)
    # A whole one: it has to be going on when the layers change.
    monkeypatch.setattr("trtcore.measure.length.warming.WarmUp", WarmUp)
    rig.context.change_layers(at=rig.context.runs + 16 + 8, layers=[("gelu1", 1.0)])
    ran = run(loops, RunLength(100))
    assert ran.layer_names == ("gelu1",)
    assert np.array_equal(ran.samples.layer_ms, np.full((100, 1), 1, np.float32))
    assert len(restarts) == 1
    # How many fit into its least time differs, but a whole one has two windows to compare.
    assert ran.counts.warmed_up >= restarts[0] + 2 * WarmUpRule().window


class LosingTheGate(NativeLoops):
    """Loops whose gate is given up in the third round, in a pass that then ends early."""

    rounds = 0

    def time_gated(self, iterations: int, report: Any) -> Times | None:
        if self.problems:
            return None
        self.rounds += 1
        if self.rounds == 3:
            self.drop_gate("made up")
            iterations = 1
        return self.time_inference(iterations, report)


@pytest.mark.parametrize("stream", [False, True])
def test_a_gate_lost_on_the_way_starts_the_measurement_again(
    loops: NativeLoops, stream: bool
) -> None:
    losing = LosingTheGate(loops.plain, loops.profiled, loops.timer)
    ran = run(losing, RunLength(100, stream=stream))
    assert losing.rounds == 3
    assert ran.problems == (RunWarning(WarningKind.NOT_GATED, note="made up"),)
    assert ran.counts.measured == 100
    assert ran.samples.gated_ms.size == 0
    for times in (ran.samples.layer_ms, ran.samples.wall_ms, ran.samples.profiled_wall_ms):
        assert len(times) == 100
    if ran.samples.layer_histograms is not None:
        assert ran.samples.layer_histograms.count == 100


class Watching:
    """A live view that notes what it is told, and refuses to be called while a pass runs."""

    def __init__(self) -> None:
        self.is_timing = False
        self.told: list[tuple[int, float] | tuple[str, int, int]] = []

    def __call__(self, phase: str, done: int, total: int, /) -> None:
        assert not self.is_timing
        self.told.append((phase, done, total))

    def round_done(self, report: RoundReport) -> None:
        assert not self.is_timing
        self.told.append((report.rounds, report.median_ms))


def test_a_live_view_is_called_between_rounds_only(
    loops: NativeLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = Watching()
    for name in ("time_inference", "time_gated", "time_graph", "time_layers"):
        timed = getattr(loops, name)

        def watched(*given: Any, timed: Any = timed) -> Any:
            watching.is_timing = True
            try:
                return timed(*given)
            finally:
                watching.is_timing = False

        monkeypatch.setattr(loops, name, watched)
    ran = run(loops, RunLength(2000), progress=watching)
    rounds = [told for told in watching.told if len(told) == 2]
    steps = [told for told in watching.told if len(told) == 3]
    assert [told[0] for told in rounds] == list(range(1, 11))
    assert steps == [("measuring", done, 2000) for done in range(200, 2001, 200)]
    medians = [float(np.median(part)) for part in np.split(ran.samples.wall_ms, 10)]
    assert rounds[-1][1] == pytest.approx(float(np.median(medians)), rel=1e-5)
