"""Engines on scripted contexts and a CUDA driver of the tests, in the place of loaded plans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from trtcore.measure.engine_runs import engines as engine_run
from trtcore.measure.loops.native import NativeLoops
from trtcore.result.readers.inspector.inspector import EngineInformation
from trtcore.result.types.shapes import Specialization

STREAM = 1
LAYER_MS = 0.003
"""What each scripted layer takes for the profiler; un-profiled, an engine takes next to nothing."""
LOG = SimpleNamespace(last_error=lambda *_: "nothing was logged")
BINDINGS: Any = SimpleNamespace(name="tensorrt", label="TensorRT", log=LOG)


def engine_of(bindings: Any = BINDINGS) -> Any:
    """An engine that has what a run asks one for; what it tells of itself is empty."""
    return SimpleNamespace(
        bindings=bindings,
        information=lambda _: EngineInformation((), (), ""),
        auxiliary_streams=0,
        verbosity=lambda: "",
        shape_ranges=(),
        has_open_shapes=False,
        memory=None,
        hardware_compatibility="",
    )


class Engines:
    """Engines that are as many layers as their plan says, made ready as a run does."""

    def __init__(self, rig_of: Any) -> None:
        self.rig_of = rig_of
        self.loops: dict[int, NativeLoops] = {}
        self.contexts: dict[int, Any] = {}
        self.profiled: dict[int, Any] = {}
        self.built: list[int] = []
        self.tensors: tuple[Any, ...] = ()

    def information(self, context: Any) -> EngineInformation:
        """What the inspector tells."""
        return EngineInformation((), (), "")

    def build(self, bindings: Any, count: int, *, use_cache: bool) -> bytes:
        self.built.append(count)
        return str(count).encode()

    @contextmanager
    def ready(self, bindings: Any, plan: Any, *_: Any) -> Iterator[engine_run._Ready]:
        count = int(plan.content)
        layers = [(f"conv{i}", LAYER_MS) for i in range(count)]
        plain, profiled = (self.rig_of(10, layers) for _ in range(2))
        engine = engine_of()
        engine.information = self.information
        contexts: Any = SimpleNamespace(specialization=Specialization.NONE, keep_more=lambda: None)
        loops = engine_run._native_loops(plain.view, profiled.view, STREAM, STREAM, ())
        assert loops.gated is not None
        self.loops[count] = loops
        self.contexts[count], self.profiled[count] = plain.context, profiled.context
        yield engine_run._Ready(engine, contexts, plain.context, self.tensors, (), loops)
