"""A million iterations on a GPU: streaming must need no more memory than for ten thousand."""

from __future__ import annotations

import sys
from functools import partial

from bench_scaling import chain_model
from gpu_rig import Rig, made_rig
from harness import Benchmark, Goal, Measured, main
from memory import growth_mb

from trtcore.engine.choice import choose_backend
from trtcore.measure import _core
from trtcore.measure.engine_runs.store import StreamingStore
from trtcore.models.load import load_model

NODES = 6
LEARNING = 16
SHORT, LONG = 10_000, 1_000_000
QUICK_LONG = 50_000


def record(rig: Rig, iterations: int) -> int:
    """Streams so many profiled iterations; returns how many layers each has."""
    view, timer = rig.view(rig.context()), _core.EventTimer(rig.stream)
    view.enqueue_emits_profile = False
    recorder = _core.LayerRecorder()
    recorder.attach(view)
    _core.time_layers(view, recorder, timer, LEARNING)
    store = StreamingStore(recorder)
    for done in range(0, iterations, store.longest_round):
        count = min(store.longest_round, iterations - done)
        store.begin_layers(count)
        wall_ms, gpu_ms, _ = _core.time_layers(view, recorder, timer, count)
        store.add("profiled_wall_ms", wall_ms)
        store.add("profiled_gpu_ms", gpu_ms)
    recorder.detach()
    samples = store.samples()
    assert recorder.fault is None
    assert samples.layer_histograms is not None
    assert samples.layer_histograms.count == iterations
    return len(recorder.names)


def measure(quick: bool) -> Measured:
    choice = choose_backend("auto")
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_soak needs a GPU: {choice.reason}")
    with made_rig(choice.bindings, True, 1, load_model(chain_model(NODES))) as rig:
        layers = record(rig, 1_000)
        figures = {
            name(length): growth_mb(partial(record, rig, length))
            for length in (SHORT, QUICK_LONG if quick else LONG)
        }
    return Measured(figures, (choice.bindings.label, f"{layers} layers"))


def name(iterations: int) -> str:
    return f"memory of a streamed run, {iterations:,} iterations, MB"


GOALS = (
    Goal("1,000,000 iterations, MB", 8, name(LONG)),
    Goal("1,000,000 iterations over 10,000", 1.1, name(LONG), name(SHORT)),
)

if __name__ == "__main__":
    main(
        Benchmark(
            title="A million iterations on a GPU, streamed",
            method=(
                f"A chain of {NODES} small convolutions and activations, FP16: profiled iterations "
                "streamed; growth of the resident peak after a first run of 1000 iterations."
            ),
            measure=measure,
            goals=GOALS,
            processes=1,
        )
    )
