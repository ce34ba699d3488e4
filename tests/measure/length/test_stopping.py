"""When a run stops: exact small cases, and the truth of its claims on synthetic streams."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from trtcore.errors import OptionError
from trtcore.measure.length.stopping import Convergence, Estimate, StopRule, batch_size_for, decide
from trtcore.report.content.facts.run_ends import stop_text
from trtcore.stats.batches import MOST_BATCHES, BatchMedians, batch_medians, batch_size
from trtcore.stats.series import estimate_columns

SAMPLES = 20000
ITERATION_MS = 0.5
# A quick look, and what one wrong claim in twenty needs to be seen.
trials = pytest.mark.parametrize("trials", [5, pytest.param(40, marks=pytest.mark.slow)])
Random = np.random.Generator
Stream = Callable[[Random], np.ndarray]


def white(random: Random, sd: float = 0.005) -> np.ndarray:
    return 1 + random.normal(0, sd, SAMPLES)


def autoregressive(random: Random, rho: float) -> np.ndarray:
    noise = random.normal(0, 0.01 * (1 - rho * rho) ** 0.5, SAMPLES).tolist()
    for i in range(1, SAMPLES):
        noise[i] += rho * noise[i - 1]
    return 1 + np.array(noise)


def spikes(random: Random) -> np.ndarray:
    return white(random) * np.where(random.random(SAMPLES) < 0.01, 3.0, 1.0)


def ramp(random: Random, length: int) -> np.ndarray:
    return white(random) * (1 + 0.13 * np.clip(1 - np.arange(SAMPLES) / length, 0, 1))


def settling(random: Random, length: int, share: float = 0.13) -> np.ndarray:
    return white(random) * (1 + share * np.exp(-np.arange(SAMPLES) / length))


def swinging(random: Random, length: int, share: float) -> np.ndarray:
    place = np.arange(SAMPLES) / length + random.random()
    return white(random) * (1 + share * np.sin(2 * np.pi * place))


def two_modes(random: Random, dwell: float, gap: float = 0.02) -> np.ndarray:
    jumps = np.cumsum(random.random(SAMPLES) < 1 / dwell) if dwell > 2 else None
    state = random.integers(0, 2, SAMPLES) if jumps is None else (jumps + random.integers(2)) % 2
    return white(random, 0.002) + np.where(state, gap / 2, -gap / 2)


def modes_and_spikes(gap: float, dwell: float, share: float, factor: float) -> Stream:
    def make(random: Random) -> np.ndarray:
        times = two_modes(random, dwell, gap)
        return times * np.where(random.random(SAMPLES) < share, factor, 1.0)

    return make


STREAMS: dict[str, tuple[Stream, float]] = {
    "iid": (white, 1.0),
    "autocorrelated 0.9": (lambda random: autoregressive(random, 0.9), 1.0),
    "autocorrelated 0.98": (lambda random: autoregressive(random, 0.98), 1.0),
    "spikes": (spikes, 1.0),
    "clock ramp, short": (lambda random: ramp(random, 350), 1.0),
    "clock ramp, long": (lambda random: ramp(random, 6000), 1.0),
    "clock settles": (lambda random: settling(random, 1000), 1.0),
    "clock settles slowly": (lambda random: settling(random, 3000), 1.0),
    "clock ramp, all the time": (lambda random: ramp(random, 20000), 1.0),
    "clock settles all the time": (lambda random: settling(random, 20000), 1.0),
    "settles by 5 %": (lambda random: settling(random, 10000, 0.05), 1.0),
    "heats up by 5 %": (lambda random: settling(random, 5000, -0.05), 1.0),
    "swings by 3 %": (lambda random: swinging(random, 3000, 0.03), 1.0),
    "bimodal": (lambda random: two_modes(random, 2), 1.0),
    "bimodal, in runs of 100": (lambda random: two_modes(random, 100), 1.0),
}
SPIKY_MODES: dict[str, Stream] = {
    f"modes {gap:.0%} apart, {order}, {share:.1%} x{factor}": modes_and_spikes(
        gap, dwell, share, factor
    )
    for gap in (0.3, 0.02)
    for order, dwell in (("at random", 2), ("in runs of 20", 20), ("in runs of 100", 100))
    for share, factor in ((0.001, 40), (0.01, 3))
}
MUST_CLAIM = {"iid", "autocorrelated 0.9", "autocorrelated 0.98", "spikes", "clock ramp, short"}


def first_claim(stream: np.ndarray) -> Estimate | None:
    """Runs the rule in rounds of four batches; looking more often changes no claim's truth."""
    run = Convergence()
    for start in range(0, len(stream), 128):
        run.add_total(stream[start : start + 128] * ITERATION_MS)
        verdict = run.decision((start + 128) * ITERATION_MS / 1000)
        if verdict.is_over:
            return verdict.total if verdict.is_converged else None
    return None


@trials
@pytest.mark.parametrize("name", STREAMS)
def test_claims_are_true(name: str, trials: int) -> None:
    make, truth = STREAMS[name]
    made = true_claims([make(np.random.default_rng(seed)) for seed in range(trials)], truth)
    if name in MUST_CLAIM:
        assert len(made) == trials, "a stream that can be known is known in time"


@trials
@pytest.mark.parametrize("name", SPIKY_MODES)
def test_spikes_do_not_hide_modes(name: str, trials: int) -> None:
    # What such a stream may be taken for, it is taken for soon.
    true_claims([SPIKY_MODES[name](np.random.default_rng(seed))[:4096] for seed in range(trials)])


def true_claims(streams: list[np.ndarray], truth: float = 1.0) -> list[Estimate]:
    """Returns what was claimed of them, and says that not more than one in twenty was wrong."""
    claims = [first_claim(stream) for stream in streams]
    made = [claim for claim in claims if claim is not None]
    wrong = [c for c in made if abs(c.median_ms - truth * ITERATION_MS) > 2 * c.half_width_ms]
    assert len(wrong) <= 0.05 * len(made)
    assert all(claim.share <= 0.005 for claim in made)
    return made


def test_steady_stream_stops_at_the_least() -> None:
    random = np.random.default_rng(5)
    totals = 0.5 * (1 + random.normal(0, 0.001, 32))
    layers = np.array([0.3, 0.15, 0.05]) * (1 + random.normal(0, 0.001, (32, 3)))
    verdict = decide(totals, layers, 0.5)
    assert verdict.is_over
    assert verdict.is_converged
    assert verdict.total.median_ms == pytest.approx(0.5, rel=1e-3)
    assert stop_text(verdict.stop) == "stable after 0.5 s: iteration time within 0.06%"
    assert stop_text(decide(totals, layers, 0.49).stop) == "not stable after 0.5 s: 0.5 s required"
    early = decide(totals[:31], layers, 1.0)
    assert not early.is_over
    assert stop_text(early.stop) == "not stable after 1.0 s: 31 batches of iterations, 32 required"
    assert stop_text(decide(totals, layers[:31], 1.0).stop) == stop_text(early.stop)


def test_unsteady_layer_holds_the_run_and_is_named() -> None:
    random = np.random.default_rng(6)
    totals = np.full(64, 0.5)
    layers = np.array([0.3, 0.15, 0.05]) * (1 + random.normal(0, 0.001, (64, 3)))
    layers[:, 1] *= 1 + random.normal(0, 0.1, 64)
    verdict = decide(totals, layers, 1.0)
    assert not verdict.is_over
    assert verdict.worst is not None
    assert verdict.worst.layer == 1
    assert stop_text(verdict.stop).startswith("not stable after 1.0 s: layer 1 within ")
    assert stop_text(verdict.stop).endswith("%, target 1.00%")
    named = decide(totals, layers, 1.0, names=("signal", "conv1", "pool1"))
    assert stop_text(named.stop) == stop_text(verdict.stop).replace("layer 1", "layer conv1")
    twice = decide(totals, layers, 1.0, names=("conv1", "conv1", "pool1"))
    assert stop_text(twice.stop) == stop_text(verdict.stop).replace(
        "layer 1", "layer conv1 (no. 2 of this name)"
    )
    run = Convergence(iteration_ms=0.5, names=("signal", "conv1", "pool1"))
    run.add_total(totals.repeat(32))
    run.add_layers(layers.repeat(32, axis=0))
    assert stop_text(run.decision(1.0).stop) == stop_text(named.stop)
    late = decide(totals, layers, 15.0)
    assert late.is_over
    assert not late.is_converged


def test_short_layers_do_not_hold_the_run() -> None:
    random = np.random.default_rng(7)
    totals = np.full(64, 0.5)
    layers = np.array([0.46, 0.03, 0.01]) * np.ones((64, 3))
    layers[:, 2] *= 1 + random.normal(0, 0.3, 64)
    assert decide(totals, layers, 1.0).is_converged, "outside the top 90 % of time"
    tiny = np.full((64, 1), 0.002) + random.normal(0, 0.0002, (64, 1))
    assert decide(totals, tiny, 1.0).is_converged, "5 % of 2 us is within 0.25 us"


def test_jumping_total_is_not_stable_however_narrow() -> None:
    run = Convergence()
    run.add_total(np.where(np.arange(3200) % 8 < 7, 0.500, 0.520))
    verdict = run.decision(1.0)
    assert verdict.total.half_width_ms == 0
    assert not verdict.is_over
    assert (
        stop_text(verdict.stop)
        == "not stable after 1.0 s: iteration time is bimodal (0.5 and 0.52 ms)"
    )


def test_batches_that_went_elsewhere_hold_the_run() -> None:
    random = np.random.default_rng(11)
    totals = 0.5 * (1 + random.normal(0, 0.001, 64))
    totals[:10] *= 1.02
    assert decide(totals, [], 1.0).is_converged, "a slow start is no matter"
    totals[40:43] *= 1.02
    assert decide(totals, [], 1.0).is_converged, "three of 64 do not move the median"
    totals[50] *= 0.98
    assert stop_text(decide(totals, [], 1.0).stop) == (
        "not stable after 1.0 s: 4 of 64 batches of iteration time are outliers"
    )
    totals[10:] = 0.5
    totals[40:44] = 0.5024
    assert decide(totals, [], 1.0).is_converged, "they are within the target"


def test_total_that_drifts_is_not_stable() -> None:
    random = np.random.default_rng(16)
    noise = 1 + random.normal(0, 0.001, 64)
    drifting = 0.5 * noise * np.linspace(1, 1.004, 64)
    words = stop_text(decide(drifting, [], 1.0).stop)
    assert words.startswith("not stable after 1.0 s: iteration time drifts (+0.")
    assert "drifts (-0." in stop_text(decide(drifting[::-1], [], 1.0).stop)
    assert decide(0.5 * noise * np.linspace(1, 1.002, 64), [], 1.0).is_converged, "half the target"
    started = 0.5 * noise
    started[:14] *= np.linspace(1.13, 1, 14)
    assert decide(started, [], 1.0).is_converged, "a slow start is no drift"
    wide = 0.5 * (1 + random.normal(0, 0.02, 64))
    assert "drifts" not in stop_text(decide(wide, [], 1.0, StopRule(target=0.02)).stop), (
        "chance is no drift"
    )


def test_run_is_judged_on_total_and_layers_together() -> None:
    random = np.random.default_rng(10)
    run = Convergence(iteration_ms=0.5)
    assert not run.decision(0.0).is_over
    run.add_total(0.5 * white(random)[:1100])
    assert run.decision(0.6).is_converged
    run.add_layers(np.array([[0.3, 0.2]]) * white(random)[:1000, None])
    assert stop_text(run.decision(0.6).stop).endswith("31 batches of iterations, 32 required")
    run.add_layers(np.array([[0.3, 0.2]]) * white(random)[:100, None])
    assert run.decision(0.6).is_converged


def test_wide_total_is_not_stable() -> None:
    totals = 0.5 * (1 + np.random.default_rng(8).normal(0, 0.1, 64))
    verdict = decide(totals, [], 15.0)
    assert verdict.is_over
    assert stop_text(verdict.stop).startswith("not stable after 15.0 s: iteration time within ")
    assert decide(totals, [], 15.0, StopRule(target=0.05)).is_converged


def test_times_that_are_not_numbers_never_converge() -> None:
    totals = np.full(64, 0.5)
    totals[3] = np.nan
    verdict = decide(totals, [], 1.0)
    assert not verdict.is_converged
    assert stop_text(verdict.stop).endswith(": iteration time has a time that is NaN or infinite")
    assert not decide([], [], 20.0).is_converged


def test_layer_times_that_are_not_numbers_never_converge() -> None:
    layers = np.tile([0.25, 0.125, 0.0625], (64, 1))
    assert decide(np.full(64, 0.5), layers, 1.0).is_converged
    layers[5, 2] = np.nan
    verdict = decide(np.full(64, 0.5), layers, 1.0, names=("a", "b", "c"))
    assert not verdict.is_converged
    assert stop_text(verdict.stop).endswith(": layer c has a time that is NaN or infinite")


@pytest.mark.parametrize(("ms", "text"), [(0.0, "0"), (-0.5, "-0.5")])
def test_times_that_no_work_takes_never_converge(ms: float, text: str) -> None:
    verdict = decide(np.full(64, ms), [], 1.0)
    assert not verdict.is_converged
    assert stop_text(verdict.stop).endswith(f": iteration time is not positive ({text} ms)")


@pytest.mark.parametrize(
    ("half_width_ms", "floor_ms", "words"),
    [
        (0.0051, 0.0, "iteration time within 0.51%, target 0.50%"),
        (0.00500001, 0.0, "iteration time within 0.500001%, target 0.500000%"),
        (0.03, 0.02, "iteration time within 3.00%, target 2.00%"),
        (0.005, 0.0, ""),
    ],
)
def test_words_tell_found_from_wanted(half_width_ms: float, floor_ms: float, words: str) -> None:
    found = Estimate(-1, 1.0, half_width_ms).obstacle(0.005, floor_ms)
    assert (found is None) == (not words)
    assert found is None or stop_text(found).endswith(words)


def test_batches_are_the_same_in_whatever_pieces_samples_come() -> None:
    samples = np.random.default_rng(9).random((1000, 3))
    whole, pieces = BatchMedians(), BatchMedians()
    whole.add(samples)
    for start in range(0, 1000, 7):
        pieces.add(samples[start : start + 7])
    expected = np.median(samples[:992].reshape(31, 32, 3), axis=1)
    assert np.array_equal(whole.medians, expected)
    assert np.array_equal(pieces.medians, expected)


def test_more_batches_make_way_for_the_median_of_three() -> None:
    batches = BatchMedians(1)
    batches.add(np.arange(MOST_BATCHES + 2.0))
    assert np.array_equal(batches.medians, 1 + 3.0 * np.arange(MOST_BATCHES / 3))
    batches.add([1000.0])
    assert batches.medians[-1] == MOST_BATCHES + 1, "the median of 192, 193 and 1000"
    batches.add(np.arange(3.0 * MOST_BATCHES))
    assert len(batches.medians) == (4 * MOST_BATCHES + 3) // 9, "and again"
    whole, pieces = BatchMedians(2), BatchMedians(2)
    samples = np.random.default_rng(12).random((20000, 2))
    whole.add(samples)
    for start in range(0, 20000, 37):
        pieces.add(samples[start : start + 37])
    assert np.array_equal(whole.medians, pieces.medians)


@pytest.mark.parametrize("draw", ["normal", "exponential", "lognormal"])
def test_intervals_are_true_after_many_merges(draw: str) -> None:
    batches = BatchMedians()
    batches.add(getattr(np.random.default_rng(13), draw)(size=(150_000, 60)))
    truth = np.median(getattr(np.random.default_rng(14), draw)(size=(20_000, 32)), axis=1)
    expected, half_widths = estimate_columns(batches.medians)
    misses = np.abs(expected - np.median(truth)) > half_widths
    assert len(batches.medians) <= MOST_BATCHES
    assert misses.mean() <= 0.12, "of 60 intervals that hold the truth in 95 % of cases"


def test_batch_with_a_time_that_is_no_number_has_no_median() -> None:
    samples = np.ones((64, 9))
    samples[40, 3] = np.nan
    assert np.argwhere(np.isnan(batch_medians(samples, 32))).tolist() == [[1, 3]]


def test_memory_and_cost_of_a_verdict_do_not_grow() -> None:
    layer_ms = 0.01 * white(np.random.default_rng(15))[:1000, None] * np.ones(206, np.float32)
    layer_ms = layer_ms.astype(np.float32)
    run = Convergence()

    def add(count: int) -> tuple[float, int]:
        tracemalloc.start()
        for _ in range(count):
            run.add_total(layer_ms.sum(axis=1))
            run.add_layers(layer_ms)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        times = []
        for _ in range(9):
            start = time.process_time()
            run.decision(1.0)
            times.append(time.process_time() - start)
        return 1000 * min(times), peak

    (_, early_bytes), (late_ms, late_bytes) = add(20), add(300)
    assert late_bytes < 1.5e6
    assert late_bytes < 1.3 * early_bytes
    assert late_ms < 6, "1.3 ms on an idle machine"


def test_no_full_batch_no_medians() -> None:
    batches = BatchMedians()
    assert batches.medians.size == 0
    batches.add(np.ones(31))
    assert batches.medians.size == 0
    batches.add([3.0])
    assert batches.medians.tolist() == [1.0]


def test_batches_shrink_for_slow_models() -> None:
    assert batch_size_for(0.5) == 32
    assert batch_size_for(0.0) == 32
    assert batch_size_for(15.0) == 10
    assert batch_size_for(1000.0) == 1
    assert batch_size_for(15.0, StopRule(at_most_s=60)) == 32
    assert [batch_size(count, 16) for count in (0, 15, 100, 512, 9999)] == [1, 1, 6, 32, 32]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StopRule(target=0), "precision_target is 0, expected a fraction between 0 and 1"),
        (lambda: StopRule(target=1.5), "precision_target is 1.5"),
        (lambda: StopRule(target=float("nan")), "precision_target is nan"),
        (lambda: StopRule(at_most_s=0), "max_seconds is 0, expected a finite time above 0"),
        (
            lambda: StopRule(at_most_s=float("inf")),
            "max_seconds is inf, expected a finite time above 0",
        ),
        (lambda: BatchMedians(0), "batch size is 0, expected at least 1"),
    ],
)
def test_bad_options_are_one_line(make, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        make()
    assert message in str(caught.value)
