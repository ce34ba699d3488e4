"""An engine on a GPU, ready for loops of any kind to run it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from trtcore.api.options.values import Options
from trtcore.api.requests import build_as_requested
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.contexts import Contexts
from trtcore.engine.tensorrt.runtime import Engine, load_engine, set_input_shapes
from trtcore.measure import _core
from trtcore.measure.device.cuda import Stream
from trtcore.measure.device.tensors import (
    Array,
    BoundTensor,
    bind_tensors,
    input_specs,
    set_addresses,
    upload,
)
from trtcore.measure.loops.abi_check import native_context
from trtcore.models.inputs import make_inputs
from trtcore.models.load import load_model
from trtcore.models.model import Model


@dataclass(eq=False)
class Rig:
    """One engine with a context for each way to run it, as a profiled one stays slow.

    Attributes:
        bindings: the TensorRT.
        engine: the engine.
        contexts: makes its contexts.
        plan: its serialized form.
        tensors: device memory that the contexts share.
        inputs: the inputs' values on the host.
        stream: handle of the CUDA stream.
        iterations: of each pass.
    """

    bindings: Bindings
    engine: Engine
    contexts: Contexts
    plan: bytes
    tensors: tuple[BoundTensor, ...]
    inputs: dict[str, Array]
    stream: int
    iterations: int

    def context(self) -> Any:
        """Returns a new context over the shared memory."""
        context = self.contexts.create()
        set_input_shapes(self.engine, context, None, {})
        set_addresses(context, self.tensors)
        return context

    def view(self, context: Any) -> _core.Context:
        """Returns the native view of a context."""
        view = native_context(self.bindings, context)
        if view is None:
            sys.exit(f"{self.bindings.label} exposes no C++ pointers: nothing native to measure")
        return view

    def per_iteration(self, run: Callable[[], object]) -> float:
        """Returns the wall time of an iteration of a pass, in ms."""
        start = time.perf_counter()
        run()
        return 1e3 * (time.perf_counter() - start) / self.iterations


@contextmanager
def made_rig(
    bindings: Bindings, serial: bool, iterations: int, model: Model | None = None
) -> Iterator[Rig]:
    """Builds a model in FP16, by default GoogLeNet at batch 4, and sets its inputs."""
    options = Options(precision="fp16", serial=serial)
    model = model or load_model("googlenet", batch=4)
    plan = build_as_requested(bindings, model, options).content
    with loaded_rig(bindings, plan, iterations) as rig:
        yield rig


@contextmanager
def loaded_rig(bindings: Bindings, plan: bytes, iterations: int) -> Iterator[Rig]:
    """Loads a plan and sets its inputs."""
    engine = load_engine(bindings, plan, "the plan")
    contexts = Contexts(engine, plan)
    first = contexts.create()
    set_input_shapes(engine, first, None, {})
    tensors = bind_tensors(engine, [first], engine.tensor_names)
    inputs = dict(make_inputs(input_specs(tensors), "random", 0))
    upload(tensors, inputs)
    try:
        with Stream() as stream:
            yield Rig(bindings, engine, contexts, plan, tensors, inputs, stream.handle, iterations)
    finally:
        for tensor in tensors:
            tensor.buffer.free()
