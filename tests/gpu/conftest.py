"""Engines and streams on a real GPU."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator

import pytest
from foreign_loop import Running
from shape_models import RESIDUAL, with_weights

from trtcore.api.options.values import Options
from trtcore.api.requests import build_as_requested
from trtcore.engine.choice import choose_backend
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.builder import Plan
from trtcore.models.load import load_model
from trtcore.models.model import Model

SMALL_SHAPE = (4, 3, 64, 64)


@pytest.fixture(scope="session")
def bindings() -> Bindings:
    choice = choose_backend("auto")
    assert choice.name != "onnxruntime", choice.reason
    assert choice.bindings is not None
    return choice.bindings


@pytest.fixture(scope="session")
def plans(bindings: Bindings) -> dict[str, Plan]:
    """GoogLeNet at batch 4, by precision."""
    return _by_precision(bindings, load_model("googlenet", batch=4))


@pytest.fixture(scope="session")
def small_plans(bindings: Bindings) -> dict[str, Plan]:
    """A residual block and a head, by precision: kernels are compiled in a moment."""
    return _by_precision(bindings, load_model(with_weights(RESIDUAL), shapes={"x": SMALL_SHAPE}))


def _by_precision(bindings: Bindings, model: Model) -> dict[str, Plan]:
    return {
        precision: build_as_requested(bindings, model, Options(precision=precision))
        for precision in ("fp32", "fp16")
    }


@pytest.fixture(autouse=True)
def memory_returns() -> Iterator[None]:
    """No test keeps device memory: contexts, engines and buffers are gone at its end.

    CUDA tells the whole device's: ``TRTCORE_GPU_SHARED=1`` leaves it out beside other processes.
    """
    from trtcore.measure.device.cuda import free_memory_bytes

    if os.environ.get("TRTCORE_GPU_SHARED"):
        yield
        return
    gc.collect()
    before = free_memory_bytes()
    yield
    gc.collect()
    # TensorRT and the driver keep what they load once per process; only growth beyond counts.
    assert before - free_memory_bytes() < 512 << 20


@pytest.fixture
def run_foreign(bindings: Bindings, small_plans: dict[str, Plan]) -> Callable[[str], Running]:
    """Makes a foreign loop over the plan of a precision."""
    return lambda precision: Running(bindings, small_plans[precision].content)
