"""A small network, run and built: whether a backend works here is seen, not guessed."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from trtcore.api.calls import build_model, profile_model
from trtcore.errors import TrtcoreError
from trtcore.models.model import Model
from trtcore.result.backends import engine_backends

# Enough that a layer has a next one; the more there are, the longer the build.
_CONVOLUTIONS = 3
# What is tested is that it runs; nobody reads the times.
_ITERATIONS = 3


def run_test(name: str) -> tuple[str, float]:
    """Times the layers of the small network: with a TensorRT on the GPU, else on the CPU.

    Returns:
        Why it did not work, in one line, ``""`` if it did; and the seconds it took.
    """
    # The calibration takes seconds and is about times, and so are the peaks.
    options: dict[str, Any] = {"backend": name, "iterations": _ITERATIONS, "peak": "none"}
    if name in engine_backends():
        options |= {"calibrate": False, "use_cache": False}
    return _attempt(lambda: profile_model(_network(), **options))


def build_test(name: str) -> tuple[str, float]:
    """Builds an engine of the small network with a TensorRT, and returns as `run_test`.

    Without the cache: what an earlier process compiled would hide a builder that fails now.
    """
    return _attempt(lambda: build_model(_network(), backend=name, use_cache=False))


def _network() -> Model:
    from trtcore.models.builtin.chain import convolution_chain

    return convolution_chain(_CONVOLUTIONS)


def _attempt(work: Callable[[], object]) -> tuple[str, float]:
    begin = monotonic()
    try:
        work()
    except TrtcoreError as error:
        problem = str(error)
    # A broken installation may raise anything, and to tell it is what this is for.
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    else:
        problem = ""
    return " ".join(problem.split()), monotonic() - begin
