"""Somebody else's inference loop, which knows nothing of trtcore."""

from __future__ import annotations

from typing import Any

from trtcore.engine.tensorrt.bindings import Bindings


class Running:
    """A foreign loop: somebody's own context, stream and buffers."""

    def __init__(self, bindings: Bindings, plan: bytes) -> None:
        from trtcore.engine.tensorrt.contexts import Contexts
        from trtcore.engine.tensorrt.runtime import load_engine
        from trtcore.measure.device.tensors import bind_tensors, input_specs, upload
        from trtcore.models.inputs import make_inputs

        self.engine = load_engine(bindings, plan, "plan")
        self.contexts = Contexts(self.engine, plan)
        self.context: Any = self.contexts.create()
        self.tensors = bind_tensors(self.engine, [self.context], self.engine.tensor_names)
        upload(self.tensors, make_inputs(input_specs(self.tensors), "random", 0))

    def infer(self, stream: int) -> None:
        from cuda.bindings import runtime

        from trtcore.measure.device.cuda import check

        assert self.context.execute_async_v3(stream)
        check(runtime.cudaStreamSynchronize(stream), "synchronising")
