"""Builds and loads with real bindings over the fake library, and lets each part of it fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onnx
from conformance.fake import Action, Fake, Kind
from conformance.rig import Cell
from onnx import TensorProto, helper

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.builder import build_plan
from trtcore.engine.tensorrt.contexts import Contexts
from trtcore.engine.tensorrt.runtime import load_engine
from trtcore.errors import TrtcoreError
from trtcore.models.load import load_model

PLAN = b"the plan"
# Of the plan's bytes, as many as a timing cache has in which nothing was timed.
EMPTY = 3
# What TensorRT logs where the driver is too old, and as what: an error, or a warning.
REASON = "CUDA initialization failure with error: 35"
SEVERITIES = {"error": 1, "warning": 2}


def one_relu() -> onnx.ModelProto:
    """A model that is as good as any: nothing reads it here."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Factory:
    """A builder, and what it makes, as the bindings number its slots."""

    def __init__(self, fake: Fake, bindings: Bindings) -> None:
        self._fake, self._bindings = fake, bindings
        trt = bindings.module
        builder = trt.Builder(bindings.logger)
        fake.make(Kind.BUILDER, Kind.NETWORK, lambda: builder.create_network(0))
        fake.make(Kind.BUILDER, Kind.CONFIG, builder.create_builder_config)
        network, config = builder.create_network(0), builder.create_builder_config()
        parser = trt.OnnxParser(network, bindings.logger)
        fake.give(Kind.PARSER, 1, lambda: parser.parse(b"model"))
        fake.make(
            Kind.BUILDER,
            Kind.HOST_MEMORY,
            lambda: builder.build_serialized_network(network, config),
        )
        self._fill(builder.build_serialized_network(network, config))
        self._config = config
        self.cache_rules = self._timing_cache()

    def _fill(self, memory: Any) -> None:
        """Lets every memory hold the plan. In IHostMemory ``data`` stands before ``size``."""
        fake, kind = self._fake, Kind.HOST_MEMORY
        self._size = size = fake.give(kind, len(PLAN), lambda: memory.nbytes)
        data = size - 1
        fake.rule(kind, data, Action.GIVE, fake.memory(PLAN))
        (type_,) = set(fake.slots(kind, lambda: memoryview(memory))) - {size, data}
        fake.rule(kind, type_, Action.GIVE, int(self._bindings.module.DataType.INT8))

    def _timing_cache(self) -> dict[str, tuple[Kind, int, Action, int]]:
        """Lets the timing cache work; returns the rules of what makes, takes and gives it."""
        fake, config, kind = self._fake, self._config, Kind.TIMING_CACHE
        made = fake.make(Kind.CONFIG, kind, lambda: config.create_timing_cache(b""))
        cache = config.create_timing_cache(b"")
        taken = fake.give(Kind.CONFIG, 1, lambda: config.set_timing_cache(cache, False))
        given = fake.make(Kind.CONFIG, kind, config.get_timing_cache)
        serialized = fake.make(kind, Kind.HOST_MEMORY, cache.serialize)
        return {
            "create": (Kind.CONFIG, made, Action.MAKE, kind),
            "set": (Kind.CONFIG, taken, Action.GIVE, 1),
            "get": (Kind.CONFIG, given, Action.MAKE, kind),
            "serialize": (kind, serialized, Action.MAKE, Kind.HOST_MEMORY),
        }

    def resize(self, nbytes: int) -> None:
        """Lets every memory hold the first bytes of the plan only."""
        self._fake.rule(Kind.HOST_MEMORY, self._size, Action.GIVE, nbytes)

    def build(self) -> list[str]:
        """Builds a network; returns the plan and what became of the timing cache."""
        plan = build_plan(self._bindings, load_model(one_relu()))
        return [plan.content.decode(), plan.build.cache.value]

    def build_with_cache_that_fails(self, call: str) -> list[str] | str:
        """The same where one call for the timing cache gives null or false."""
        kind, slot, action, value = self.cache_rules[call]
        self._fake.rule(kind, slot, Action.GIVE, 0)
        try:
            return outcome(self.build)
        finally:
            self._fake.rule(kind, slot, action, value)


def outcome(call: Callable[[], Any]) -> Any:
    """What a call returns, or the kind of error that it raises and its text."""
    try:
        return call()
    except TrtcoreError as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:  # what a user would see as a traceback
        return f"not ours: {type(error).__name__}: {error}"


def refused(fake: Fake, kind: Kind, severity: int, call: Callable[[], object]) -> Any:
    """The outcome of a call while a factory of the library gives null."""
    fake.refuse(kind, severity, REASON)
    try:
        return outcome(call)
    finally:
        fake.refuse(kind, severity, "")


def nulls(fake: Fake, bindings: Bindings, factory: Factory) -> dict[str, Any]:
    """What becomes of every null that the library can hand out; leaves no context behind."""
    found = {}
    for name, severity in SEVERITIES.items():
        found[f"builder, {name}"] = refused(fake, Kind.BUILDER, severity, factory.build)
        found[f"runtime, {name}"] = refused(
            fake, Kind.RUNTIME, severity, lambda: load_engine(bindings, PLAN, "net.plan")
        )
    for call in factory.cache_rules:
        found[f"timing cache, {call}"] = factory.build_with_cache_that_fails(call)
    fake.text(Cell.REASON, REASON)
    engine = load_engine(bindings, PLAN, "net.plan")
    fake.refuse_in(Kind.ENGINE, Cell.REASON, engine.engine.create_execution_context)
    # Without a runtime configuration, which is TensorRT-RTX's alone.
    contexts = Contexts.__new__(Contexts)
    vars(contexts).update(_engine=engine, _config=None, _cache=None)
    found["context"] = outcome(contexts.create)
    runtime = bindings.module.Runtime(bindings.logger)
    fake.refuse_in(Kind.RUNTIME, Cell.REASON, lambda: runtime.deserialize_cuda_engine(PLAN))
    found["engine"] = outcome(lambda: load_engine(bindings, PLAN, "net.plan") and "loaded")
    return found
