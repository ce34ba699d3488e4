"""A million iterations on a GPU: streaming must need no more memory than for ten thousand."""

from __future__ import annotations

import sys
from functools import partial

from bench_scaling import chain_model
from harness import Benchmark, Goal, Measured, main
from memory import growth_mb

from trtcore.backends.choice import choose_backend
from trtcore.clocks import ClockMonitor
from trtcore.engine import build_engine
from trtcore.models import load_model
from trtcore.options import Options
from trtcore.session.engine_run import RunOptions, run_engine
from trtcore.session.run import Length

NODES = 2
SHORT, LONG = 10_000, 1_000_000
QUICK_LONG = 50_000


def measure(quick: bool) -> Measured:
    choice = choose_backend("auto")
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"bench_soak needs a GPU: {choice.reason}")
    bindings = choice.bindings
    model = load_model(chain_model(NODES))
    plan = build_engine(bindings, model, Options(precision="fp16", serial=True)).content
    layers = 0

    def run(iterations: int) -> None:
        nonlocal layers
        options = RunOptions(length=Length(iterations, stream=True))
        with ClockMonitor() as monitor:
            ran = run_engine(bindings, plan, "chain", options, monitor).run
        assert ran.counts.measured == iterations
        assert ran.samples.layer_histograms is not None
        assert ran.samples.layer_histograms.count == iterations
        layers = len(ran.layer_names)

    run(1_000)
    figures = {
        name(length): growth_mb(partial(run, length))
        for length in (SHORT, QUICK_LONG if quick else LONG)
    }
    return Measured(figures, (bindings.label, f"{layers} layers"))


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
                f"A chain of {NODES} small convolutions and activations, FP16, every pass of a "
                "run; growth of the resident peak after a first run of 1000 iterations."
            ),
            measure=measure,
            goals=GOALS,
            processes=1,
        )
    )
