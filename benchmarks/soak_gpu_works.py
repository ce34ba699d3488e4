"""What a soak runs over and over on a GPU: one engine, whole profiles, or loads without any."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench_scaling import chain_model
from cuda.bindings import runtime as cuda
from example_networks import source
from gpu_rig import Rig, loaded_rig, made_rig
from memory import own_device_kib
from soak_works import ROUND, Streamed, Works

import trtcore
from trtcore.engine.choice import choose_backend
from trtcore.engine.tensorrt.contexts import Contexts
from trtcore.engine.tensorrt.runtime import Engine, load_engine
from trtcore.measure import _core
from trtcore.measure.device.tensors import set_addresses
from trtcore.models.load import load_model
from trtcore.result.records.profile import Profile
from trtcore.result.saved import dump_profile, parse_profile

NODES = 6
CHAIN = "chain"
BATCH = 4
ITERATIONS = 50
MODEL_EVERY = 20
"""Rounds from one build, whose timing cache is there, to the next: a build takes seconds."""


class GpuWorks:
    """A plan on a GPU, and what was done with it."""

    kind = ""

    def __init__(self, rig: Rig, label: str) -> None:
        self.rig, self.label = rig, label
        self.done: Counter[str] = Counter()

    def device_kib(self) -> int | None:
        """Of this process, as nvidia-smi tells it."""
        return own_device_kib()


class Measuring(GpuWorks):
    """One engine and three contexts for all rounds: what trtcore itself does again and again."""

    kind = "measuring"

    def __init__(self, rig: Rig, label: str) -> None:
        super().__init__(rig, label)
        self._timer = _core.EventTimer(rig.stream)
        self._plain = rig.view(rig.context())
        profiled = rig.view(rig.context())
        profiled.enqueue_emits_profile = False
        self._streamed = Streamed(profiled, self._timer)
        self._attached = rig.context()
        self._profile = profiled_plan(rig.plan)

    def round(self) -> None:
        """Streams, times without a profiler, attaches, saves and loads."""
        self._streamed.run(ROUND)
        _core.time_inference(self._plain, self._timer, ROUND)
        attach(self._attached, self.rig.stream)
        save_and_load(self._profile)
        self.done.update(profiled=ROUND, unprofiled=ROUND, attaches=1, results=1)


class Everything(Measuring):
    """All that one process may do, model after model."""

    kind = "everything"

    def round(self) -> None:
        """Measures; attaches to a new context, profiles the plan, and now and then a model."""
        super().round()
        attach(self.rig.context(), self.rig.stream)
        save_and_load(trtcore.profile_plan(self.rig.plan, iterations=ITERATIONS, peak="none"))
        if self.done["loads"] % MODEL_EVERY == 0:
            model, options = chain_model(NODES), {"iterations": ITERATIONS, "peak": "none"}
            save_and_load(trtcore.profile_model(model, precision="fp16", **options))
        self.done.update(attaches=1, results=1, loads=1)


class Profiles(GpuWorks):
    """Whole profiles of the plan, and programs that load it and are attached to."""

    kind = "profiles"

    def round(self) -> None:
        """Profiles the plan, saves and loads; loads it again and attaches to a new context."""
        save_and_load(profiled_plan(self.rig.plan))
        with loaded_rig(self.rig.bindings, self.rig.plan, 1) as program:
            attach(program.context(), program.stream)
        done = {"profiled": ITERATIONS, "unprofiled": ITERATIONS}
        self.done.update(**done, attaches=1, results=1, loads=2)


class Unmeasured(GpuWorks):
    """The same plan loaded, run in two contexts and dropped, as often, and nothing measured."""

    kind = "unmeasured"

    def round(self) -> None:
        """Loads the plan twice, as a round of `Profiles` does."""
        for _ in range(2):
            load_and_run(self.rig)
        self.done.update(unprofiled=4 * ITERATIONS, loads=2)


def load_and_run(rig: Rig, contexts: int = 2, engine: Engine | None = None) -> None:
    """Loads the plan, or takes an engine, makes contexts of it in turn, and runs them."""
    engine = engine or load_engine(rig.bindings, rig.plan, "the plan")
    made = Contexts(engine, rig.plan)
    for _ in range(contexts):
        context = made.create()
        set_addresses(context, rig.tensors)
        for _ in range(ITERATIONS):
            enqueue(context, rig.stream)


def profiled_plan(plan: bytes) -> Profile:
    """A short profile."""
    return trtcore.profile_plan(plan, iterations=ITERATIONS, calibrate=False, peak="none")


def save_and_load(profile: Profile) -> None:
    """What a saved result goes through."""
    assert profile.samples.layer_ms.shape[0] == ITERATIONS
    assert len(parse_profile(dump_profile(profile)).layers) == len(profile.layers)


def attach(context: Any, stream: int) -> None:
    """Records a foreign loop that goes on for longer than what is kept of it."""
    with trtcore.attach(context, max_iterations=10) as recorder:
        for _ in range(20):
            enqueue(context, stream)
    assert len(recorder.samples()) == recorder.dropped == 10


def enqueue(context: Any, stream: int) -> None:
    """Runs an iteration to its end."""
    assert context.execute_async_v3(stream)
    assert int(cuda.cudaStreamSynchronize(stream)[0]) == 0


KINDS = {one.kind: one for one in (Everything, Measuring, Profiles, Unmeasured)}


@contextmanager
def made_gpu_works(kind: str, network: str) -> Iterator[Works]:
    """The works of a soak; ends the program where a GPU is missing."""
    choice = choose_backend("auto")
    if choice.bindings is None or choice.name == "onnxruntime":
        sys.exit(f"soak needs a GPU, or --fake: {choice.reason}")
    with tempfile.TemporaryDirectory() as folder:
        model = chain_model(NODES) if network == CHAIN else source(network, Path(folder))
        loaded = load_model(model, batch=None if network == CHAIN else BATCH)
        with made_rig(choice.bindings, True, 1, loaded) as rig:
            yield KINDS[kind](rig, f"{choice.bindings.label}, {network} in FP16")
