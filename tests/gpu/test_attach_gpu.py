"""Recording in somebody else's loop on a live execution context."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import trtcore
from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.errors import BackendError, OptionError, RunError
from trtcore.measure import _core
from trtcore.measure.device.cuda import Stream
from trtcore.measure.loops.abi_check import check_slots

pytestmark = pytest.mark.gpu


@pytest.fixture
def running(run_foreign: Callable[[str], Any]) -> Any:
    return run_foreign("fp16")


def layer_names(running: Any) -> tuple[str, ...]:
    return tuple(layer.name for layer in running.engine.information().layers)


def test_a_foreign_loop_is_recorded(running: Any) -> None:
    with Stream() as stream, trtcore.attach(running.context) as recorder:
        for _ in range(50):
            running.infer(stream.handle)
    assert recorder.names == layer_names(running)
    assert recorder.samples().shape == (50, len(recorder.names))
    assert recorder.samples().sum() > 0
    assert recorder.dropped == 0


def test_a_loop_that_reports_for_itself(running: Any) -> None:
    running.context.enqueue_emits_profile = False
    with Stream() as stream, trtcore.attach(running.context) as recorder:
        for _ in range(10):
            running.infer(stream.handle)
            assert running.context.report_to_profiler()
    assert recorder.samples().shape[0] == 10
    assert running.context.enqueue_emits_profile is False


def test_one_iteration_is_enough(running: Any) -> None:
    with Stream() as stream, trtcore.attach(running.context) as recorder:
        running.infer(stream.handle)
    assert recorder.samples().shape == (1, len(layer_names(running)))


def test_the_self_check_proves_every_slot_and_leaves_no_trace(running: Any) -> None:
    context = running.context

    def state() -> tuple[object, ...]:
        return context.name, context.enqueue_emits_profile, context.persistent_cache_limit

    before = state()
    view = _core.Context(context, running.engine.bindings.layout)
    context.persistent_cache_limit = 4096
    takes_limit = context.persistent_cache_limit == 4096  # TensorRT-RTX 1.6 leaves it as it was
    context.persistent_cache_limit = before[2]
    assert check_slots(view, context, "TensorRT")
    # As a release that was never compared: only one that takes the cache limit passes.
    assert check_slots(view, context, "TensorRT", is_proved=False) is takes_limit
    assert state() == before


def test_nothing_is_heard_after_the_block_and_a_second_block_works(running: Any) -> None:
    with Stream() as stream:
        with trtcore.attach(running.context) as first:
            running.infer(stream.handle)
        running.infer(stream.handle)
        with trtcore.attach(running.context, max_iterations=2) as second:
            for _ in range(5):
                running.infer(stream.handle)
    assert first.samples().shape[0] == 1
    assert (second.samples().shape[0], second.dropped) == (2, 3)


@pytest.mark.parametrize("callbacks", ["native", "python"])
@pytest.mark.filterwarnings("ignore:.*callbacks run in Python:RuntimeWarning")
def test_a_profiler_that_was_there_is_given_back(
    bindings: Bindings, running: Any, callbacks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if callbacks == "python":
        # As with bindings that hand out no C++ pointers.
        monkeypatch.setattr("trtcore.measure.attach.native_context", lambda *_: None)
    trt = bindings.module

    class Counter(trt.IProfiler):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProfiler.__init__(self)
            self.calls = 0

        def report_layer_time(self, layer_name: str, ms: float) -> None:
            self.calls += 1

    counter = Counter()
    running.context.profiler = counter
    with Stream() as stream:
        with trtcore.attach(running.context) as recorder:
            running.infer(stream.handle)
        assert counter.calls == 0
        running.infer(stream.handle)
    assert counter.calls == recorder.samples().size


def test_two_contexts_at_once(run_foreign: Callable[[str], Any]) -> None:
    one, other = run_foreign("fp16"), run_foreign("fp32")
    with Stream() as stream, trtcore.attach(one.context) as a, trtcore.attach(other.context) as b:
        for _ in range(20):
            one.infer(stream.handle)
            other.infer(stream.handle)
    assert (a.names, b.names) == (layer_names(one), layer_names(other))
    assert len(a.samples()) == len(b.samples()) == 20


def test_the_context_may_die_before_the_samples_and_the_recorder_after(running: Any) -> None:
    with Stream() as stream:
        recorder = trtcore.attach(running.context)
        with recorder:
            running.infer(stream.handle)
        samples = recorder.samples()
        del recorder
        gc.collect()
        running.infer(stream.handle)
    del running
    gc.collect()
    assert np.all(samples >= 0)


def test_a_recorder_dropped_while_attached_does_no_harm(running: Any) -> None:
    with Stream() as stream:
        recorder = trtcore.attach(running.context).__enter__()
        running.infer(stream.handle)
        del recorder
        gc.collect()
        running.infer(stream.handle)


def fail_in_block(running: Any, stream: int) -> None:
    with trtcore.attach(running.context):
        running.infer(stream)
        raise ZeroDivisionError


def test_an_exception_in_the_block_detaches(running: Any) -> None:
    with Stream() as stream:
        with pytest.raises(ZeroDivisionError):
            fail_in_block(running, stream.handle)
        with trtcore.attach(running.context) as recorder:
            running.infer(stream.handle)
    assert recorder.samples().shape[0] == 1


def test_a_context_with_graphs_of_its_own_is_refused(
    bindings: Bindings, run_foreign: Callable[[str], Any]
) -> None:
    if bindings.name != "tensorrt_rtx":
        pytest.skip("only TensorRT-RTX has CUDA graphs of its own")
    engine = run_foreign("fp16").engine.engine
    config = engine.create_runtime_config()
    config.cuda_graph_strategy = bindings.module.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
    context = engine.create_execution_context(config)
    with pytest.raises(BackendError, match="cuda_graph_strategy is WHOLE_GRAPH_CAPTURE"):
        trtcore.attach(context)


def test_a_context_of_a_plain_script_is_recorded(running: Any) -> None:
    """As most programs make theirs: no runtime config, and so none to ask."""
    from trtcore.measure.device.tensors import set_addresses

    running.context = running.engine.engine.create_execution_context()
    set_addresses(running.context, running.tensors)
    with Stream() as stream, trtcore.attach(running.context) as recorder:
        for _ in range(5):
            running.infer(stream.handle)
    assert recorder.names == layer_names(running)
    assert recorder.samples().shape == (5, len(recorder.names))


@pytest.mark.parametrize("has_profiler", [False, True], ids=["bare", "with a profiler"])
def test_a_runner_of_polygraphy_is_recorded(
    bindings: Bindings, running: Any, has_profiler: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bindings.name == "tensorrt_rtx":
        monkeypatch.setenv("POLYGRAPHY_USE_TENSORRT_RTX", "1")
        monkeypatch.setitem(sys.modules, "tensorrt", bindings.module)
    polygraphy = pytest.importorskip("polygraphy.backend.trt", reason="Polygraphy is missing")
    reported: list[str] = []

    class Collector(bindings.module.IProfiler):  # type: ignore[misc, name-defined]
        def report_layer_time(self, layer_name: str, ms: float) -> None:
            reported.append(layer_name)

    with polygraphy.TrtRunner(running.engine.engine) as runner:
        if has_profiler:
            collector = Collector()
            runner.context.profiler = collector
        (x,) = (tensor for tensor in running.tensors if tensor.info.mode == "input")
        feed = {x.info.name: np.zeros(x.info.shape, np.float16)}
        with trtcore.attach(runner.context) as recorder:
            for _ in range(5):
                runner.infer(feed)
        inside = len(reported)
        runner.infer(feed)
    assert recorder.samples().shape == (5, len(layer_names(running)))
    assert inside == 0
    assert len(reported) == (len(recorder.names) if has_profiler else 0)


def test_bad_use_is_refused(running: Any) -> None:
    with pytest.raises(BackendError, match="expected an IExecutionContext"):
        trtcore.attach(object())
    with pytest.raises(BackendError, match="expected an IExecutionContext"):
        trtcore.attach(running.engine.engine)
    with pytest.raises(OptionError, match="max_iterations is 0"):
        trtcore.attach(running.context, max_iterations=0)
    with trtcore.attach(running.context) as recorder:
        pass
    with pytest.raises(RunError, match="no iteration was recorded"):
        recorder.samples()
