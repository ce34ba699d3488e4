"""The recorder: attaches, reports and reads in any order, on contexts that come and go."""

from __future__ import annotations

import contextlib
import math
from typing import Any

from fuzz.edits import Bytes

from trtcore.measure import _core

try:
    import trtcore_fake
except ImportError:  # built without TRTCORE_TESTS=ON: nothing can be tried
    trtcore_fake = None

NAMES = ("conv1", "relu1", "conv1", "pool", "", "x" * 300)
MS = (0.5, 0.25, 1.5, 0.0, math.inf, math.nan)
# What a caller may be told: a call out of turn, or too much memory.
REFUSALS = (RuntimeError, ValueError, MemoryError)
MOST_ROWS = 64


class Rig:
    """Two contexts and two recorders, and what was read from them."""

    def __init__(self, read: Bytes) -> None:
        self.read = read
        self.layout = 10 + read.number() % 2
        self.contexts = [self.context(), self.context()]
        self.recorders = [self.recorder(), self.recorder()]
        self.timer = _core.HostTimer()
        self.kept: list[tuple[Any, bytes]] = []

    def context(self) -> Any:
        context = trtcore_fake.Context(self.layout)
        context.layers = self.layers()
        context.enqueue_emits_profile = bool(self.read.number() % 2)
        return context

    def layers(self) -> list[tuple[str, float]]:
        picks = self.read.take(self.read.number() % 6)
        return [(NAMES[pick % len(NAMES)], MS[pick % 4]) for pick in picks]

    def recorder(self) -> _core.LayerRecorder:
        kind = self.read.number()
        boundary = _core.IterationBoundary.INFERRED if kind % 2 else _core.IterationBoundary.MARKED
        return _core.LayerRecorder(boundary, kind % MOST_ROWS, kind % 7)

    def step(self) -> None:
        """One call, on one of each."""
        place = self.read.number()
        context, recorder = self.contexts[place % 2], self.recorders[place // 2 % 2]
        view, count = _core.Context(context, self.layout), self.read.number() % MOST_ROWS
        calls = (
            lambda: recorder.attach(view),
            recorder.detach,
            lambda: context.execute_async_v3(0),
            context.report_to_profiler,
            lambda: setattr(context, "layers", self.layers()),
            lambda: context.change_layers(context.runs + count % 4, self.layers()),
            lambda: setattr(context, "fail_at", context.runs + count % 4),
            lambda: _core.time_layers(view, recorder, self.timer, count),
            lambda: _core.time_layers(view, None, self.timer, count),
            lambda: _core.time_inference(view, self.timer, count),
            lambda: recorder.reserve(count),
            lambda: recorder.stream(count),
            recorder.learn,
            recorder.settle,
            recorder.begin_iteration,
            recorder.end_iteration,
            lambda: recorder.record(NAMES[count % len(NAMES)], MS[count % len(MS)]),
            context.set_own_profiler,
            lambda: self.contexts.__setitem__(place % 2, self.context()),
            lambda: self.recorders.__setitem__(place // 2 % 2, self.recorder()),
            lambda: self.keep(recorder),
            lambda: setattr(context, "enqueue_emits_profile", bool(count % 2)),
        )
        with contextlib.suppress(*REFUSALS):
            calls[self.read.number() % len(calls)]()

    def keep(self, recorder: _core.LayerRecorder) -> None:
        """Reads all that a recorder tells, and holds on to the samples."""
        names, samples = recorder.names, recorder.samples()
        statistics = recorder.statistics()
        assert samples.shape[0] <= recorder.iterations
        assert recorder.dropped <= recorder.iterations
        assert samples.shape[0] == 0 or samples.shape[1] == len(names) > 0
        assert recorder.fault is None or recorder.fault[0] in _core.FAULT_KINDS
        if statistics is None:
            assert samples.shape[0] + recorder.dropped == recorder.iterations
        else:
            assert statistics.count == recorder.iterations
            assert (statistics.buckets.sum(axis=1) == statistics.count).all()
        self.kept.append((samples, samples.tobytes()))

    def end(self) -> None:
        """Reads everything once more; what was handed out before has not changed since."""
        for recorder in self.recorders:
            self.keep(recorder)
        assert all(samples.tobytes() == content for samples, content in self.kept)


def fuzz_one(data: bytes) -> None:
    if trtcore_fake is None:
        return
    rig = Rig(Bytes(data))
    while rig.read:
        rig.step()
    rig.end()
