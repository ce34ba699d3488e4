"""Each warning at its threshold, and silence below it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from words import diagnosis

from trtcore.result.phases import Phase
from trtcore.result.records.build import Build
from trtcore.result.records.counts import Counts, Stop, StopReason, WarmUpEnd, WarmUpReason
from trtcore.result.records.failure import RunFailure
from trtcore.result.records.layers import Layer, ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples, StreamedSeries
from trtcore.stats.histogram import fold
from trtcore.system.records import Clocks, Environment


def series(value: float, spread: float = 0.0) -> np.ndarray:
    times = value * (1 + spread * np.linspace(-1, 1, 200))
    return np.random.default_rng(0).permutation(times).astype(np.float32)


def make_profile(*, gpu=1.0, enqueue=0.1, layer=0.5, spread=0.0, gated=(), **changes) -> Profile:
    profile = Profile(
        model=ModelRecord("net", "net.onnx"),
        backend="tensorrt",
        precision="fp16",
        batch=1,
        method=Method(note="by hand"),
        io=(),
        layers=(Layer("a", "kgen", stream=0), Layer("b", "gemm", stream=0)),
        samples=Samples(
            layer_ms=np.full((200, 2), layer, np.float32),
            wall_ms=series(gpu + 0.1),
            enqueue_ms=series(enqueue),
            gpu_ms=series(gpu, spread),
            gated_ms=np.array(gated, np.float32),
        ),
        counts=Counts(200, 10, 200),
        environment=Environment("", "", "", "", "", "H200", clocks=Clocks(1980, 1980)),
        build=Build("TensorRT 10.16", 1.0, 10, 2),
    )
    return replace(profile, **changes)


def with_clocks(*args, **kwargs) -> Environment:
    return Environment("", "", "", "", "", "H200", clocks=Clocks(*args, **kwargs))


def test_nothing_to_say():
    assert diagnosis(make_profile()) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"enqueue": 0.81},
            "enqueue-bound: the enqueue call takes 0.8100 ms of 1.0000 ms GPU time",
        ),
        ({"spread": 0.06}, "the un-profiled GPU time is unsteady: CoV 3.5%, steady is below 2.5%"),
        (
            {"spread": 0.11},
            "CoV 6.4%, steady is below 2.5%; IQR/median 11.0%, steady is below 10%",
        ),
        (
            {"environment": with_clocks(1980, 1930)},
            "unstable clock: the SM clock went from 1930 to 1980 MHz",
        ),
        (
            {"environment": with_clocks(1980, 1980, throttle_reasons=("SW power cap",))},
            "unstable clock: throttled: SW power cap",
        ),
        (
            {"environment": with_clocks(1980, 1980, throttled_rounds=(2, 5))},
            "slowed the GPU in 2 of the rounds of passes (2, 5, counted from 0); the samples",
        ),
        (
            {"gated": np.linspace(1.0, 1.1, 200, dtype=np.float32)},
            "un-profiled gated GPU time drifts",
        ),
        ({"layers": (Layer("a", stream=0), Layer("b", stream=2))}, "layers run on 2 streams"),
        ({"build": Build("TensorRT", 1.0, 10, 2, auxiliary_streams=3)}, "layers run on 4 streams"),
        (
            {"build": Build("TensorRT", 0.0, 10, 2, verbosity="LAYER_NAMES_ONLY")},
            "engine built without DETAILED profiling verbosity (LAYER_NAMES_ONLY): no model nodes,",
        ),
        (
            {"counts": Counts(1000, 10, 200, interrupted=True)},
            "the run was interrupted: 200 of 1000 profiled iterations were measured",
        ),
        (
            {"counts": Counts(200, 10, 200, interrupted=True)},
            "interrupted after all 200 iterations; later passes (kernel trace, accuracy) are "
            "incomplete",
        ),
        (
            {"counts": Counts(0, 2, 200, interrupted=True)},
            "the run was interrupted: 200 profiled iterations were measured",
        ),
        (
            {
                "counts": Counts(
                    1000, 10, 200, True, failure=RunFailure(Phase.GATED, "cuX failed: y", 7, 700)
                )
            },
            "the run failed in iteration 7 of the gated pass: cuX failed: y (CUDA error 700); 200 "
            "of 1000 profiled iterations were measured before it",
        ),
        ({"layer": 0.53}, "the layer times add up to 1.06x the un-profiled GPU time: the profiler"),
        (
            {"layer": 0.47},
            "the layer times add up to 0.94x the un-profiled GPU time: there is time",
        ),
    ],
)
def test_one_warning(changes, words):
    (line,) = diagnosis(make_profile(**changes))
    assert words in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "changes",
    [
        {"enqueue": 0.79},
        {"spread": 0.04},
        {"environment": with_clocks(1980, 1945)},
        {"environment": with_clocks(0, 0)},
        {"environment": with_clocks(345, 1980, sm_mhz_min=1965, sm_mhz_max=1980)},
        {"layer": 0.52},
        {"layers": (Layer("a", "kgen", stream=0), Layer("b", "wait", stream=2))},
        {"build": None},
    ],
)
def test_below_the_threshold(changes):
    assert diagnosis(make_profile(**changes)) == ()


def test_negative_times():
    samples = make_profile().samples
    times = samples.layer_ms.copy()
    times[0, 0] = -0.1
    profile = make_profile(samples=replace(samples, layer_ms=times))
    assert diagnosis(profile) == (
        "negative times (1 layer time): CUDA event times are unreliable on this device",
    )


def test_negative_times_of_passes_are_no_enqueue_bound():
    samples = make_profile(gated=[-0.4] * 200).samples
    profile = make_profile(samples=replace(samples, gpu_ms=-samples.gpu_ms))
    assert diagnosis(profile) == (
        "negative times (un-profiled GPU time of 200 iterations, un-profiled gated GPU time of 200 "
        "iterations): CUDA event times are unreliable on this device",
        "layer times are not reconciled with the latency: the gated GPU time is -0.4000 ms",
    )


def test_times_that_are_not_numbers():
    samples = make_profile().samples
    times, gpu = samples.layer_ms.copy(), samples.gpu_ms.copy()
    times[:2, 0] = np.nan
    gpu[7] = np.nan
    profile = make_profile(samples=replace(samples, layer_ms=times, gpu_ms=gpu))
    assert (
        "NaN or infinite times (2 layer times, un-profiled GPU time of 1 iteration): figures "
        "derived from them are unreliable"
    ) in diagnosis(profile)


def test_times_of_a_streamed_run_that_are_not_numbers():
    samples = make_profile().samples
    times, gpu = samples.layer_ms.copy(), samples.gpu_ms.copy()
    times[:2, 0] = np.nan
    gpu[7] = np.inf
    streamed = (StreamedSeries("gpu_ms", fold(gpu[:, None])),)
    odd = replace(samples, layer_histograms=fold(times), streamed=streamed)
    assert (
        "NaN or infinite times (1 layer, un-profiled GPU time): figures derived from them are "
        "unreliable"
    ) in diagnosis(make_profile(samples=odd))


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (
            {
                "warm_up": WarmUpEnd(WarmUpReason.STEADY),
                "stopped": Stop(StopReason.CONVERGED, 0.5, figures=(0.001,)),
            },
            (),
        ),
        (
            {
                "warm_up": WarmUpEnd(WarmUpReason.CLOCK_CHANGES, 5.0, change=0.031),
                "stopped": Stop(StopReason.STRAYS, 15.0, figures=(3, 40)),
            },
            (
                "the warm-up ended not steady: SM clock still changing by 3.1%",
                "the run ended not stable after 15.0 s: 3 of 40 batches of iteration time are "
                "outliers",
            ),
        ),
        (
            {
                "warm_up": WarmUpEnd(WarmUpReason.OTHER, note="early"),
                "stopped": Stop(StopReason.OTHER, note="late"),
            },
            (),
        ),
    ],
)
def test_runs_that_never_settled_are_warned_of(counts, words):
    assert diagnosis(make_profile(counts=Counts(200, 10, 200, **counts))) == words


def test_streams_and_plans_do_not_matter_on_the_cpu():
    build = Build("TensorRT-RTX", 1.0, 10, 2, auxiliary_streams=3, verbosity="NONE")
    profile = make_profile(backend="onnxruntime", build=build, samples=Samples(
        layer_ms=np.full((200, 2), 0.5, np.float32), wall_ms=series(1.0)
    ))  # fmt: skip
    assert diagnosis(profile) == ()


def test_nothing_measured():
    empty = Samples(np.empty((0, 2), np.float32), np.empty(0, np.float32))
    assert diagnosis(make_profile(samples=empty)) == ()


def test_without_gpu_times_it_is_the_latency_that_is_spoken_of():
    samples = Samples(np.full((200, 2), 0.6, np.float32), series(1.0, 0.06))
    assert diagnosis(make_profile(backend="onnxruntime", samples=samples)) == (
        "the un-profiled latency is unsteady: CoV 3.5%, steady is below 2.5%",
        "the layer times add up to 1.20x the un-profiled latency: profiling costs time of its own; "
        "compare layers with each other, not with the latency",
    )


def test_an_unsteady_gpu_time_beside_a_steady_latency_is_not_called_latency():
    profile = make_profile(spread=0.06)
    steady = replace(profile, samples=replace(profile.samples, wall_ms=series(1.1)))
    assert diagnosis(steady) == (
        "the un-profiled GPU time is unsteady: CoV 3.5%, steady is below 2.5%",
    )
