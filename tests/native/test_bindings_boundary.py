"""The boundary to TensorRT's bindings: pybind11's conduit, layouts and the self-check."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from typing import Any

import pytest
import trtcore_fake

from trtcore.errors import BackendError
from trtcore.measure import _core
from trtcore.measure.loops.abi_check import check_slots

trt = pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")


def test_the_layout_of_a_real_profiler_is_read_from_its_type() -> None:
    assert _core.profiler_layout(trt.Profiler()) == 11


def test_a_profiler_without_a_versioned_base_has_layout_10() -> None:
    assert _core.profiler_layout(trtcore_fake.Profiler10()) == 10


def test_a_python_profiler_of_the_real_bindings_has_the_same_layout() -> None:
    class Profiler(trt.IProfiler):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProfiler.__init__(self)

        def report_layer_time(self, layer_name: str, ms: float) -> None:
            pass

    assert _core.profiler_layout(Profiler()) == 11


@pytest.mark.parametrize("thing", [object(), None, 7, trtcore_fake.Engine()], ids=repr)
def test_what_is_no_profiler_has_no_layout(thing: object) -> None:
    assert _core.profiler_layout(thing) is None


def test_real_objects_that_are_no_context_are_refused() -> None:
    logger = trt.Logger()
    for thing in (logger, trt.Builder(logger), trt.Runtime(logger), trt.Profiler()):
        with pytest.raises(TypeError, match=r"gives no nvinfer1::IExecutionContext"):
            _core.Context(thing, 11)


@pytest.mark.parametrize("thing", [object(), None, "context"], ids=repr)
def test_foreign_objects_are_refused(thing: object) -> None:
    with pytest.raises(TypeError, match=r"gives no nvinfer1::IExecutionContext"):
        _core.Context(thing, 11)


def test_an_unknown_layout_is_refused(rig: Any) -> None:
    with pytest.raises(ValueError, match="layout 12 is not known; 10 and 11 are"):
        _core.Context(rig.context, 12)


def test_the_self_check_passes_and_leaves_no_trace(rig: Any) -> None:
    rig.context.name = "mine"
    check_slots(rig.view, rig.context, "TensorRT")
    assert rig.context.name == "mine"
    assert rig.context.enqueue_emits_profile is False


def test_the_self_check_fails_where_the_slots_do_not_follow(rig: Any) -> None:
    class Elsewhere:
        name = ""
        enqueue_emits_profile = True

    with pytest.raises(BackendError, match="self-check failed"):
        check_slots(rig.view, Elsewhere(), "TensorRT 99")


def test_the_extension_links_neither_cuda_nor_tensorrt() -> None:
    linked = subprocess.run(["ldd", _core.__file__], capture_output=True, text=True, check=True)
    for library in ("libcuda", "libcudart", "libnvinfer", "libtensorrt"):
        assert library not in linked.stdout


def test_a_cuda_timer_without_a_driver_says_so() -> None:
    code = "from trtcore.measure import _core; _core.EventTimer(0)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        pytest.skip("there is a CUDA driver here")
    assert "RuntimeError: the CUDA driver cannot be opened" in ran.stderr or "cuEvent" in ran.stderr


def test_the_native_version_is_the_package_version() -> None:
    assert _core.__version__ == metadata.version("trtcore")
