"""Plans that TensorRT does not load: whole messages, over a runtime that says why."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from trtcore.engine.tensorrt import wheels
from trtcore.engine.tensorrt.bindings import Bindings, load_bindings
from trtcore.engine.tensorrt.logger import MessageLog
from trtcore.engine.tensorrt.runtime import load_engine
from trtcore.errors import EngineLoadError


def bindings(*errors: str) -> Bindings:
    """Bindings whose runtime refuses every plan with these words."""
    log = MessageLog()

    class Runtime:
        def __init__(self, logger: Any) -> None:
            pass

        def deserialize_cuda_engine(self, plan: bytes) -> None:
            for error in errors:
                log.add_error(error)

    return Bindings("tensorrt", SimpleNamespace(Runtime=Runtime), "11.4.0", 11, log, None)


def message(used: Bindings) -> str:
    with pytest.raises(EngineLoadError) as caught:
        load_engine(used, b"plan", "net.plan")
    return str(caught.value)


def test_a_version_compatible_plan_with_code_for_the_cpu() -> None:
    # The words are those in the library of TensorRT-RTX 1.7.1.
    used = bindings(
        "Cannot deserialize engine with lean runtime since IRuntime::getEngineHostCodeAllowed() is "
        "false."
    )
    assert message(used) == (
        "net.plan: TensorRT 11.4.0 does not load it: it was built VERSION_COMPATIBLE and holds "
        "code for the CPU; build it with EXCLUDE_LEAN_RUNTIME, or load it yourself with "
        "engine_host_code_allowed = True and record with trtcore.attach"
    )


def test_a_plan_of_another_version() -> None:
    assert message(bindings("The engine plan file is not compatible\nwith this version")) == (
        "net.plan: TensorRT 11.4.0 cannot load it: The engine plan file is not compatible with "
        "this version; a plan loads only in the version and on the kind of GPU it was built for: "
        "build it again"
    )


@pytest.mark.parametrize(("cuda", "extra"), [("13.0", "tensorrt"), ("12.8", "tensorrt-cu12")])
def test_a_gpu_that_is_not_served(monkeypatch: pytest.MonkeyPatch, cuda: str, extra: str) -> None:
    monkeypatch.setattr(wheels, "cuda_version", lambda: cuda)
    used = bindings("This plan cannot run on this GPU, which has compute capability 9.0")
    assert message(used) == (
        "TensorRT 11.4.0 refuses this GPU: This plan cannot run on this GPU, which has compute "
        f"capability 9.0; use TensorRT itself (pip install 'trtcore[{extra}]') or TensorRT-RTX 1.6"
    )


def test_the_real_runtime_refuses_what_is_no_plan() -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    text = message(load_bindings("tensorrt_rtx"))
    assert text.startswith("net.plan: TensorRT-RTX ")
    assert re.search(r" cannot load it: .*Error Code \d+: ", text)
