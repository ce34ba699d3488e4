"""A runtime, an engine and a context of real bindings over the fake library, made to work."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from conformance.fake import Action, Fake, Kind

from trtcore.engine.tensorrt.bindings import Bindings

LAYERS = ("conv1", "relu1", "fc2")
# An address that nothing is read from.
ADDRESS = 0x7F00_0000


class Cell(IntEnum):
    """What setters of a context keep."""

    NAME = 0
    EMITS = 1
    PROFILER = 2
    CACHE_LIMIT = 3
    ADDRESS = 4
    TENSOR_NAME = 5
    INFORMATION = 6
    REASON = 7


class Rig:
    """An execution context whose slots do what TensorRT's do, as the bindings number them.

    Attributes:
        slots: by name of the C++ method, the slot that the bindings call.
    """

    def __init__(self, fake: Fake, bindings: Bindings) -> None:
        self.fake, self.bindings, self.trt = fake, bindings, bindings.module
        self.runtime = self.trt.Runtime(bindings.logger)
        plan = b"plan"
        fake.make(Kind.RUNTIME, Kind.ENGINE, lambda: self.runtime.deserialize_cuda_engine(plan))
        self.engine = self.runtime.deserialize_cuda_engine(plan)
        self.address = fake.interface(Kind.CONTEXT)
        fake.give(Kind.ENGINE, self.address, self.engine.create_execution_context)
        self.context = self.engine.create_execution_context()
        self.slots = {
            method: fake.slot(Kind.CONTEXT, call) for method, call in self._calls().items()
        }
        self._behave()

    def _calls(self) -> dict[str, Callable[[], object]]:
        """By C++ method of a context, the same in Python."""
        context = self.context
        profiler = self.trt.Profiler()
        return {
            "setProfiler": lambda: setattr(context, "profiler", profiler),
            "getProfiler": lambda: context.profiler,
            "getEngine": lambda: context.engine,
            "setName": lambda: setattr(context, "name", "name"),
            "getName": lambda: context.name,
            "executeV2": lambda: context.execute_v2([ADDRESS]),
            "setEnqueueEmitsProfile": lambda: setattr(context, "enqueue_emits_profile", True),
            "getEnqueueEmitsProfile": lambda: context.enqueue_emits_profile,
            "reportToProfiler": context.report_to_profiler,
            "setTensorAddress": lambda: context.set_tensor_address("x", ADDRESS),
            "getTensorAddress": lambda: context.get_tensor_address("x"),
            "enqueueV3": lambda: context.execute_async_v3(0),
            "setPersistentCacheLimit": lambda: setattr(context, "persistent_cache_limit", 1),
            "getPersistentCacheLimit": lambda: context.persistent_cache_limit,
        }

    def _behave(self) -> None:
        does = {
            "setProfiler": (Action.KEEP, Cell.PROFILER),
            "getProfiler": (Action.KEPT, Cell.PROFILER),
            "setName": (Action.KEEP_TEXT, Cell.NAME),
            "getName": (Action.KEPT_TEXT, Cell.NAME),
            "executeV2": (Action.ENQUEUE, Cell.EMITS),
            "setEnqueueEmitsProfile": (Action.KEEP_FLAG, Cell.EMITS),
            "getEnqueueEmitsProfile": (Action.KEPT, Cell.EMITS),
            "reportToProfiler": (Action.REPORT, 0),
            "setTensorAddress": (Action.KEEP_SECOND, Cell.ADDRESS),
            "getTensorAddress": (Action.KEPT, Cell.ADDRESS),
            "enqueueV3": (Action.ENQUEUE, Cell.EMITS),
            "setPersistentCacheLimit": (Action.KEEP, Cell.CACHE_LIMIT),
            "getPersistentCacheLimit": (Action.KEPT, Cell.CACHE_LIMIT),
        }
        for method, (action, cell) in does.items():
            self.fake.rule(Kind.CONTEXT, self.slots[method], action, cell)
        self._behave_as_engine()
        self.fake.report_layers(LAYERS, Cell.PROFILER)

    def _behave_as_engine(self) -> None:
        fake, engine = self.fake, self.fake.interface(Kind.ENGINE)
        fake.rule(Kind.CONTEXT, self.slots["getEngine"], Action.GIVE, engine)
        fake.text(Cell.TENSOR_NAME, "x")
        name = fake.slot(Kind.ENGINE, lambda: self.engine.get_tensor_name(0))
        fake.rule(Kind.ENGINE, name, Action.KEPT_TEXT, Cell.TENSOR_NAME)
        fake.make(Kind.ENGINE, Kind.INSPECTOR, self.engine.create_engine_inspector)
        inspector = self.engine.create_engine_inspector()
        json = self.trt.LayerInformationFormat.JSON
        told = fake.slot(Kind.INSPECTOR, lambda: inspector.get_engine_information(json))
        rows = ", ".join(f'{{"Name": "{name}"}}' for name in LAYERS)
        fake.text(Cell.INFORMATION, f'{{"Layers": [{rows}], "Bindings": []}}')
        fake.rule(Kind.INSPECTOR, told, Action.KEPT_TEXT, Cell.INFORMATION)


class AsConduit:
    """Hands out the C++ pointer of a context where its own bindings do not."""

    # The name of typeid(nvinfer1::IExecutionContext), which the receiver compares.
    _TYPE = b"N8nvinfer117IExecutionContextE"

    def __init__(self, address: int) -> None:
        self._address = address

    def _pybind11_conduit_v1_(self, *_: object) -> Any:
        make = ctypes.pythonapi.PyCapsule_New
        make.restype = ctypes.py_object
        make.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return make(self._address, self._TYPE, None)
