"""The CUDA runtime of cuda-python against the driver, with the versions of both scripted."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from trtcore.errors import BackendError
from trtcore.measure.device.cuda import Stream
from trtcore.system.cuda_runtime import runtime_problem
from trtcore.system.device import gpu_problem

Patch = pytest.MonkeyPatch
TOO_NEW = (
    "cuda-python is for CUDA 13.4, the driver supports CUDA 12.8 at most; "
    "pip install 'cuda-python<13'"
)


def install(monkeypatch: Patch, own: int, driver: int, status: int = 0) -> None:
    def never(*_: object) -> None:
        raise AssertionError("called before the versions were compared")

    runtime = SimpleNamespace(
        cudaRuntimeGetVersion=lambda: (0, own),
        cudaDriverGetVersion=lambda: (status, driver),
        cudaStreamNonBlocking=1,
        cudaStreamCreateWithFlags=never,
    )
    working = SimpleNamespace(cuInit=lambda _: (0,), cuDeviceGetCount=lambda: (0, 1))
    bindings = SimpleNamespace(runtime=runtime, driver=working)
    monkeypatch.setitem(sys.modules, "cuda", SimpleNamespace(bindings=bindings))
    monkeypatch.setitem(sys.modules, "cuda.bindings", bindings)


@pytest.mark.parametrize(
    ("own", "driver", "problem"),
    [
        (13040, 12080, TOO_NEW),
        (13040, 13000, None),  # a newer minor version works
        (12090, 13000, None),
        (12090, 12020, None),
        (13040, 0, None),  # no driver: that is another problem
    ],
)
def test_a_newer_major_version_than_the_drivers(
    monkeypatch: Patch, own: int, driver: int, problem: str | None
) -> None:
    install(monkeypatch, own, driver)
    assert runtime_problem() == problem
    assert gpu_problem() == problem


def test_a_driver_that_tells_no_version_is_not_judged(monkeypatch: Patch) -> None:
    install(monkeypatch, 13040, 12080, status=35)
    assert runtime_problem() is None


def test_the_first_stream_is_refused_with_the_way_out(monkeypatch: Patch) -> None:
    install(monkeypatch, 13040, 12080)
    with pytest.raises(BackendError) as caught, Stream():
        pass
    assert str(caught.value) == TOO_NEW


def test_the_real_runtime_never_raises() -> None:
    problem = runtime_problem()
    assert problem is None or "\n" not in problem
