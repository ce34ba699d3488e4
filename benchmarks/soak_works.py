"""What a soak runs over and over: on a scripted context, or on a GPU with real ones."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from bench_scaling import chain_model
from fake_engine import FakeEngine
from gpu_rig import Rig, made_rig
from sample_profiles import chain_profile

import trtcore
from trtcore.engine.choice import choose_backend
from trtcore.measure import _core
from trtcore.measure.device.cuda import free_memory_bytes
from trtcore.measure.engine_runs.store import KEPT_ITERATIONS, StreamingStore
from trtcore.models.load import load_model
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import Samples
from trtcore.result.saved import dump_profile, parse_profile

LAYERS = 206
"""Those of a GoogLeNet without fusion, as in the other benchmarks."""

ROUND = 1000
"""Iterations of a pass: some milliseconds, so that all kinds of work take turns many times."""

NODES = 6
MODEL_EVERY = 20
"""Rounds from one build, whose timing cache is there, to the next: a build takes seconds."""


class Works(Protocol):
    """One kind of place to run."""

    label: str
    done: Counter[str]

    def round(self) -> None:
        """Runs every kind of work once."""

    def device_free_bytes(self) -> int | None:
        """Free device memory; None without a device."""


class Streamed:
    """A profiled run that never ends: one recorder that streams, and the series beside it."""

    def __init__(self, view: _core.Context, timer: _core.IterationTimer) -> None:
        self._view, self._timer = view, timer
        self._recorder = _core.LayerRecorder()
        self._recorder.attach(view)
        _core.time_layers(view, self._recorder, timer, 2)
        self._store = StreamingStore(self._recorder)

    def run(self, iterations: int) -> None:
        """Adds iterations, and reads what a report of the run so far would be made of."""
        before = self._recorder.iterations
        self._store.begin_layers(iterations)
        wall_ms, gpu_ms, _ = _core.time_layers(self._view, self._recorder, self._timer, iterations)
        self._store.end_layers()
        self._store.add("profiled_wall_ms", wall_ms)
        self._store.add("profiled_gpu_ms", gpu_ms)
        samples = self._store.samples()
        assert self._recorder.fault is None
        assert self._recorder.iterations == before + iterations
        assert samples.layer_histograms is not None
        assert samples.layer_histograms.count >= iterations


@dataclass
class FakeWorks:
    """Scripted contexts: the native half and the results, without a GPU."""

    label: str = f"scripted contexts of {LAYERS} layers"
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._plain, profiled = FakeEngine.of(LAYERS), FakeEngine.of(LAYERS)
        self._streamed = Streamed(profiled.view, profiled.timer)

    def round(self) -> None:
        """Streams, times without a profiler, attaches to a new context, saves and loads."""
        self._streamed.run(ROUND)
        _core.time_inference(self._plain.view, self._plain.timer, ROUND)
        self._attach(FakeEngine.of(LAYERS))
        self._save_and_load()
        self.done.update(profiled=ROUND, unprofiled=ROUND, attaches=1, results=1)

    def device_free_bytes(self) -> int | None:
        """There is no device."""
        return None

    @staticmethod
    def _attach(engine: FakeEngine) -> None:
        recorder = _core.LayerRecorder(_core.IterationBoundary.INFERRED, 10, LAYERS)
        recorder.attach(engine.view)
        engine.context.enqueue_emits_profile = True
        for _ in range(20):
            assert engine.context.execute_async_v3(0)
        recorder.detach()
        recorder.settle()
        assert recorder.samples().shape == (10, LAYERS)
        assert (recorder.dropped, recorder.fault) == (10, None)

    @staticmethod
    def _save_and_load() -> None:
        engine = FakeEngine.of(12)
        recorder = engine.recorder()
        recorder.reserve(KEPT_ITERATIONS)
        engine.run(recorder, KEPT_ITERATIONS)
        recorder.detach()
        profile = chain_profile(Samples(recorder.samples(), recorder.samples()[:, 0]))
        assert len(parse_profile(dump_profile(profile)).samples.layer_ms) == KEPT_ITERATIONS


@dataclass
class GpuWorks:
    """Real contexts of one engine, and whole profiles of its plan."""

    rig: Rig
    label: str
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._timer = _core.EventTimer(self.rig.stream)
        self._plain = self.rig.view(self.rig.context())
        profiled = self.rig.view(self.rig.context())
        profiled.enqueue_emits_profile = False
        self._streamed = Streamed(profiled, self._timer)

    def round(self) -> None:
        """Streams, times without a profiler, attaches to a new context, profiles the plan."""
        self._streamed.run(ROUND)
        _core.time_inference(self._plain, self._timer, ROUND)
        self._attach()
        self._profile(trtcore.profile_plan(self.rig.plan, iterations=50, peak="none"))
        if self.done["attaches"] % MODEL_EVERY == 0:
            model = chain_model(NODES)
            self._profile(
                trtcore.profile_model(model, precision="fp16", iterations=50, peak="none")
            )
        self.done.update(profiled=ROUND, unprofiled=ROUND, attaches=1)

    def device_free_bytes(self) -> int | None:
        """As the driver tells it, for the whole device."""
        return free_memory_bytes()

    def _profile(self, profile: Profile) -> None:
        assert profile.samples.layer_ms.shape[0] == 50
        assert len(parse_profile(dump_profile(profile)).layers) == len(profile.layers)
        self.done.update(results=1)

    def _attach(self) -> None:
        from cuda.bindings import runtime

        context = self.rig.context()
        with trtcore.attach(context, max_iterations=10) as recorder:
            for _ in range(20):
                assert context.execute_async_v3(self.rig.stream)
                assert int(runtime.cudaStreamSynchronize(self.rig.stream)[0]) == 0
        assert len(recorder.samples()) == recorder.dropped == 10


@contextmanager
def made_works(fake: bool) -> Iterator[Works]:
    """The works of a soak; ends the program where a GPU is missing."""
    if fake:
        yield FakeWorks()
        return
    choice = choose_backend("auto")
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"soak needs a GPU, or --fake: {choice.reason}")
    with made_rig(choice.bindings, True, 1, load_model(chain_model(NODES))) as rig:
        yield GpuWorks(rig, f"{choice.bindings.label}, a chain of {NODES} nodes in FP16")
