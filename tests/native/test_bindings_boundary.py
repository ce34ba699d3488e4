"""The boundary to TensorRT's bindings: pybind11's conduit, layouts and the self-check."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import pytest
import trtcore_fake

from trtcore.errors import BackendError
from trtcore.measure import _core
from trtcore.measure.loops.abi_check import check_slots, native_context

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
    context = rig.context
    context.name, context.persistent_cache_limit = "mine", 77
    context.set_tensor_address("x", 4096)
    assert check_slots(rig.view, context, "TensorRT")
    assert (context.name, context.enqueue_emits_profile) == ("mine", False)
    assert (context.persistent_cache_limit, context.get_tensor_address("x")) == (77, 4096)


# Slots 0 and 1 are the destructors; behind the cache limit (39 or 38) nothing is used.
@pytest.mark.parametrize("inserts", [True, False], ids=["one more", "one less"])
@pytest.mark.parametrize("layout", [10, 11])
def test_a_table_that_is_shifted_anywhere_is_refused(
    rig_of: Any, layout: int, inserts: bool
) -> None:
    used = range(2, 40 if layout == 10 else 39)
    rig = rig_of(layout)
    rig.context.name = "mine"
    for slot in used:
        rig.context.shift_table(slot, inserts)
        with pytest.raises(BackendError) as refused:
            check_slots(rig.view, rig.context, "TensorRT 99")
        assert str(refused.value) == (
            "TensorRT 99: its C++ layout is not the one expected (ABI self-check failed)"
        )
        assert (rig.context.name, rig.context.persistent_cache_limit) == ("mine", 0)
    rig.context.shift_table(used[-1] + 1, inserts)
    assert check_slots(rig.view, rig.context, "TensorRT 99")


@pytest.mark.parametrize("layout", [10, 11])
def test_the_other_layout_is_refused(rig_of: Any, layout: int) -> None:
    context = rig_of(layout).context
    with pytest.raises(BackendError, match="self-check failed"):
        check_slots(_core.Context(context, 21 - layout), context, "TensorRT")


class Elsewhere:
    """What a context seems to be whose property is not behind the slot."""

    def __init__(self, context: Any, name: str, value: object) -> None:
        vars(self)["_shown"] = (context, name, value)

    def __getattr__(self, name: str) -> Any:
        context, hidden, value = self._shown
        return value if name == hidden else getattr(context, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._shown[0], name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("persistent_cache_limit", 5),
        ("name", "other"),
        ("get_tensor_address", lambda _: 1),
    ],
)
def test_each_property_that_does_not_follow_is_enough(rig: Any, name: str, value: object) -> None:
    with pytest.raises(BackendError, match="self-check failed"):
        check_slots(rig.view, Elsewhere(rig.context, name, value), "TensorRT 99")


def bindings_with(
    newer_than: str = "", profiler: Any = trtcore_fake.Profiler10, name: str = "tensorrt"
) -> Any:
    """Bindings of layout 10."""
    module = SimpleNamespace(Profiler=profiler)
    return SimpleNamespace(
        name=name, layout=10, label="TensorRT 10", module=module, newer_than=newer_than
    )


@pytest.mark.parametrize(
    ("newer_than", "takes", "native"),
    [("", True, True), ("", False, True), ("9.9", True, True), ("9.9", False, False)],
)
def test_a_newer_version_has_to_prove_every_slot(
    rig_of: Any, newer_than: str, takes: bool, native: bool
) -> None:
    context = rig_of(10).context
    context.takes_cache_limit = takes
    assert (native_context(bindings_with(newer_than), context) is not None) == native


class Watched(Elsewhere):
    """A context that remembers which properties were set."""

    def __init__(self, context: Any) -> None:
        super().__init__(context, "", None)
        vars(self)["seen"] = []

    def __setattr__(self, name: str, value: object) -> None:
        self.seen.append(name)
        super().__setattr__(name, value)

    def _pybind11_conduit_v1_(self, *arguments: Any) -> Any:
        return self._shown[0]._pybind11_conduit_v1_(*arguments)


@pytest.mark.parametrize(
    ("name", "newer_than", "is_set"),
    [("tensorrt", "", True), ("tensorrt_rtx", "", False), ("tensorrt_rtx", "1.7", True)],
)
def test_no_cache_limit_is_set_where_it_would_be_logged_as_an_error(
    rig_of: Any, name: str, newer_than: str, is_set: bool
) -> None:
    context = Watched(rig_of(10).context)
    assert native_context(bindings_with(newer_than, name=name), context) is not None
    assert ("persistent_cache_limit" in context.seen) == is_set
    assert {"name", "enqueue_emits_profile"} <= set(context.seen)


def test_nothing_else_is_called_of_a_newer_version_that_takes_no_cache_limit(rig_of: Any) -> None:
    context = rig_of(10).context
    context.takes_cache_limit = False
    # One that is not ours returns 0, as the limit is: every later call would be a wrong one.
    context.shift_table(39, inserts=True)
    assert native_context(bindings_with("9.9"), context) is None


class Foreign:
    """A context whose pybind11 has another platform id: its conduit answers None."""

    def _pybind11_conduit_v1_(self, *_: object) -> None:
        return None


@pytest.mark.parametrize("context", [Foreign(), object()], ids=["foreign id", "no conduit"])
def test_a_context_that_gives_no_pointer_is_left_to_python(context: object) -> None:
    assert native_context(bindings_with(), context) is None


def test_a_profiler_of_an_unknown_layout_is_refused(rig_of: Any) -> None:
    with pytest.raises(BackendError, match="its IProfiler has C\\+\\+ layout None, expected 10"):
        native_context(bindings_with(profiler=trtcore_fake.Engine), rig_of(10).context)


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
