"""What a soak runs over and over on scripted contexts, and what any kind of work has in common."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager
from typing import Protocol

from fake_engine import FakeEngine
from sample_profiles import chain_profile

from trtcore.measure import _core
from trtcore.measure.engine_runs.store import KEPT_ITERATIONS, StreamingStore
from trtcore.result.records.samples import Samples
from trtcore.result.saved import dump_profile, parse_profile

LAYERS = 206
"""Those of a GoogLeNet without fusion, as in the other benchmarks."""

ROUND = 1000
"""Iterations of a pass: some milliseconds, so that all kinds of work take turns many times."""


class Works(Protocol):
    """One kind of work.

    Attributes:
        kind: its name.
        label: where it runs.
        done: how often what was done.
    """

    kind: str
    label: str
    done: Counter[str]

    def round(self) -> None:
        """Runs every kind of work once."""

    def device_kib(self) -> int | None:
        """Device memory in use; None without a device."""


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


class FakeWorks(AbstractContextManager["FakeWorks"]):
    """Scripted contexts: the native half and the results, without a GPU."""

    kind = "scripted"
    label = f"contexts of {LAYERS} layers"

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self._plain, profiled = FakeEngine.of(LAYERS), FakeEngine.of(LAYERS)
        self._streamed = Streamed(profiled.view, profiled.timer)

    def __exit__(self, *_: object) -> None:
        """Nothing has to be given back."""

    def round(self) -> None:
        """Streams, times without a profiler, attaches to a new context, saves and loads."""
        self._streamed.run(ROUND)
        _core.time_inference(self._plain.view, self._plain.timer, ROUND)
        self._attach(FakeEngine.of(LAYERS))
        self._save_and_load()
        self.done.update(profiled=ROUND, unprofiled=ROUND, attaches=1, results=1)

    def device_kib(self) -> int | None:
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
