"""Costs beside each other in one process: never how long, only how many times as long.

The bounds are several times what `benchmarks/` measures, so that a busy machine does not fail them
and a lost optimisation does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from trtcore.measure import _core
from trtcore.result.analysis.fusion.groups import map_fusion
from trtcore.result.analysis.summary import summarise_layers
from trtcore.result.readers.inspector.inspector import match_layers, parse_engine_information
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import Layer, ModelNode, ModelRecord
from trtcore.result.records.method import Method
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.stats import _stats
from trtcore.stats.bootstrap import draw_medians
from trtcore.system.records import Environment

pytestmark = pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer has costs of its own"
)

LAYERS = [(f"inception_{i // 12}a/3x3_reduce_and_relu_U{i}_myl0_{i}", 0.01) for i in range(206)]
ROUNDS = 7


def least_times(works: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Returns the least processor time of each work, in this thread; the works take turns."""
    times = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            start = time.thread_time()
            work()
            times[name] = min(times[name], time.thread_time() - start)
    return times


@pytest.fixture
def engine(rig: Any) -> Any:
    rig.context.layers = LAYERS
    return rig


def recorder_of(engine: Any, iterations: int) -> _core.LayerRecorder:
    recorder = _core.LayerRecorder()
    recorder.attach(engine.view)
    engine.record(recorder, 2)
    recorder.reserve(iterations)
    return recorder


@pytest.mark.parametrize("rig", [11], indirect=True)
def test_the_callback_beside_others(engine: Any) -> None:
    others = {}
    for name in ("empty", "cursor", "find_if"):
        others[name] = type(engine)(11, LAYERS)
        others[name].record(None, 1)
        others[name].context.report_to_baseline(name)
    streaming = type(engine)(11, LAYERS)
    matrix, stream = recorder_of(engine, 10_000), recorder_of(streaming, 1)
    stream.stream(256)
    times = least_times(
        {
            "matrix": lambda: engine.record(matrix, 1024),
            "stream": lambda: streaming.record(stream, 1024),
            "empty": lambda: others["empty"].record(None, 1024),
            "cursor": lambda: others["cursor"].record(None, 1024),
            "find_if x 16": lambda: others["find_if"].record(None, 64),
        }
    )
    assert times["matrix"] < 2.5 * times["cursor"]
    assert times["matrix"] < 12 * times["empty"]
    assert times["stream"] < 3 * times["matrix"]
    assert 16 * times["find_if x 16"] > 15 * times["matrix"]


@pytest.mark.parametrize("rig", [11], indirect=True)
def test_a_callback_in_python_costs_many_times_as_much(engine: Any) -> None:
    trt = pytest.importorskip("tensorrt_rtx", reason="needs a real IProfiler to derive from")

    class Profiler(trt.IProfiler):
        def __init__(self) -> None:
            trt.IProfiler.__init__(self)
            self.times: list[tuple[str, float]] = []

        def report_layer_time(self, name: str, ms: float) -> None:
            self.times.append((name, ms))

    other, profiler = type(engine)(11, LAYERS), Profiler()
    other.record(None, 1)
    other.context.report_to(profiler)
    matrix = recorder_of(engine, 10_000)
    times = least_times(
        {
            "matrix": lambda: engine.record(matrix, 1024),
            "Python x 32": lambda: other.record(None, 32),
        }
    )
    assert len(profiler.times) == ROUNDS * 32 * 206
    assert 32 * times["Python x 32"] > 20 * times["matrix"]


def test_the_bootstrap_beats_numpy() -> None:
    samples = np.random.default_rng(0).lognormal(0, 0.1, (1000, 20)).astype(np.float32)
    places = np.random.default_rng(1).integers(0, 1000, (200, 1000))

    def in_numpy() -> object:
        return [np.median(column[places], axis=1) for column in samples.T]

    times = least_times(
        {"ours": lambda: draw_medians(samples, draws=200, threads=1), "NumPy": in_numpy}, 5
    )
    assert times["NumPy"] > 3 * times["ours"]


def test_batch_medians_beat_numpy() -> None:
    batches = np.random.default_rng(0).random((100, 32, 206))
    times = least_times(
        {"ours": lambda: _stats.batch_medians(batches), "NumPy": lambda: np.median(batches, axis=1)}
    )
    assert times["NumPy"] > 1.2 * times["ours"]


def chain(nodes: int) -> Profile:
    model = tuple(
        ModelNode(f"node{i}", ("Conv", "Relu")[i % 2], (f"t{i - 1}",), (f"t{i}",))
        for i in range(nodes)
    )
    layers = tuple(
        Layer(f"l{i}", "kgen", (model[2 * i].name, model[2 * i + 1].name))
        for i in range(nodes // 2)
    )
    return Profile(
        model=ModelRecord("chain", "chain.onnx", nodes=model),
        backend="tensorrt_rtx",
        precision="fp16",
        batch=1,
        method=Method(note="made up"),
        io=(),
        layers=layers,
        samples=Samples(np.ones((50, nodes // 2), np.float32), np.ones(50, np.float32)),
        counts=Counts(50, 0, 50),
        environment=Environment("", "", "", "", "", ""),
    )


def bookkeeping(nodes: int) -> object:
    names = [f"layer{i}" for i in range(nodes)]
    tree = {"Layers": [{"Name": name, "Metadata": f"[ONNX Layer: {name}]"} for name in names]}
    return match_layers(parse_engine_information(tree).layers, names)


@pytest.mark.parametrize(
    "work",
    [
        map_fusion,
        summarise_layers,
        lambda profile: bookkeeping(len(profile.model.nodes)),
    ],
    ids=["fusion map", "summaries", "build bookkeeping"],
)
def test_four_times_the_model_takes_no_more_than_nine_times_as_long(
    work: Callable[[Profile], object],
) -> None:
    small, large = chain(400), chain(1600)
    times = least_times({"small": lambda: work(small), "large": lambda: work(large)}, 5)
    assert times["large"] < 9 * times["small"]
