"""The loops in Python: what they do where CUDA fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

trtcore_fake = pytest.importorskip("trtcore_fake", reason="built without TRTCORE_TESTS=ON")
runtime = pytest.importorskip("cuda.bindings.runtime")

from trtcore.errors import RunError  # noqa: E402
from trtcore.measure import _core  # noqa: E402
from trtcore.measure.device.cuda import timing_events  # noqa: E402
from trtcore.measure.loops.python import PythonLoops  # noqa: E402
from trtcore.measure.loops.times import ignore  # noqa: E402
from trtcore.result.phases import Phase  # noqa: E402
from trtcore.result.records.failure import RunFailure  # noqa: E402

DONE = (runtime.cudaError_t.cudaSuccess,)
BINDINGS: Any = SimpleNamespace(log=SimpleNamespace(last_error=lambda: "nothing was logged"))
FAILED = (runtime.cudaError_t.cudaErrorInvalidValue,)


class Events:
    """CUDA's events on the host: numbers, of which one cannot be created or recorded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.alive: list[int] = []
        self.created = self.recorded = 0
        self.fail_create = self.fail_record = -1
        for name in ("Create", "Destroy", "Record", "ElapsedTime"):
            monkeypatch.setattr(runtime, f"cudaEvent{name}", getattr(self, name))
        monkeypatch.setattr(runtime, "cudaStreamSynchronize", lambda _: DONE)

    def Create(self) -> tuple[Any, ...]:  # noqa: N802 - as CUDA calls it
        self.created += 1
        if self.created - 1 == self.fail_create:
            return (*FAILED, None)
        self.alive.append(self.created)
        return (*DONE, self.created)

    def Destroy(self, event: int) -> tuple[Any, ...]:  # noqa: N802
        self.alive.remove(event)
        return DONE

    def Record(self, event: int, stream: int) -> tuple[Any, ...]:  # noqa: N802
        assert (event in self.alive, stream) == (True, 1)
        self.recorded += 1
        return FAILED if self.recorded - 1 == self.fail_record else DONE

    def ElapsedTime(self, start: int, end: int) -> tuple[Any, ...]:  # noqa: N802
        assert {start, end} <= set(self.alive)
        return (*DONE, 1.5)


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Events:
    return Events(monkeypatch)


@pytest.fixture
def loops() -> PythonLoops:
    plain, profiled = trtcore_fake.Context(), trtcore_fake.Context()
    return PythonLoops(BINDINGS, plain, profiled, 1)


def test_spans_are_between_the_events(events: Events, loops: PythonLoops) -> None:
    times = loops.time_inference(3, ignore)
    assert times.gpu_ms.tolist() == [1.5, 1.5, 1.5]
    assert (events.alive, events.recorded) == ([], 6)


def test_an_enqueue_that_fails_is_one_line_and_leaves_no_event(
    events: Events, loops: PythonLoops
) -> None:
    loops.plain.fail_at = 1
    times = loops.time_inference(3, ignore)
    with pytest.raises(RunError, match="enqueueV3 failed: nothing was logged"):
        times.whole()
    assert times.wall_ms.size == times.gpu_ms.size == 1
    assert (loops.plain.runs, loops.profiled.runs, events.alive) == (2, 0, [])


@pytest.mark.parametrize("number", [0, 700])
def test_an_enqueue_that_fails_has_the_number_that_cuda_tells(
    events: Events, loops: PythonLoops, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    loops.plain.fail_at = 2
    status = (runtime.cudaError_t(number),)
    monkeypatch.setattr(
        runtime, "cudaStreamSynchronize", lambda _: status if loops.plain.runs == 3 else DONE
    )
    failure = loops.time_inference(3, ignore).failure
    assert failure is not None
    assert failure.error.__traceback__ is None
    named = "cudaErrorIllegalAddress" if number else ""
    record = RunFailure(Phase.ENQUEUED, "enqueueV3 failed", 42, number, named, "logged")
    assert failure.record(Phase.ENQUEUED, "logged", before=40) == record


def test_a_profiled_pass_that_fails_keeps_its_whole_iterations(
    events: Events, loops: PythonLoops
) -> None:
    recorder, layers = _core.LayerRecorder(), [("conv", 0.5), ("relu", 0.25)]
    loops.profiled.layers = layers
    for _ in range(2):  # the profiler of `attach` needs bindings of TensorRT
        recorder.begin_iteration()
        for layer in layers:
            recorder.record(*layer)
        recorder.end_iteration()
    recorder.reserve(5)
    events.fail_record = 0
    times = loops.time_layers(recorder, 3, ignore)
    assert (times.failure is not None, times.wall_ms.size) == (True, 0)
    assert recorder.samples().shape == (0, 2)


@pytest.mark.parametrize("failing", [0, 1])
def test_events_that_cannot_be_created_leave_none_behind(events: Events, failing: int) -> None:
    events.fail_create = failing
    with pytest.raises(RunError, match="creating an event failed: invalid argument"):  # noqa: SIM117
        with timing_events(2):
            pass
    assert events.alive == []


def test_a_pass_whose_events_cannot_be_created_fails_as_any_other(
    events: Events, loops: PythonLoops
) -> None:
    events.fail_create = 1
    times = loops.time_inference(3, ignore)
    assert times.failure is not None
    assert (times.failure.reason, times.failure.iteration, times.failure.cuda_error) == (
        "creating an event failed: invalid argument",
        0,
        1,
    )
    assert (times.wall_ms.size, events.alive) == (0, [])


@pytest.mark.parametrize("failing", [0, 1, 4])
def test_an_event_that_cannot_be_recorded_is_an_error(
    events: Events, loops: PythonLoops, failing: int
) -> None:
    events.fail_record = failing
    times = loops.time_inference(3, ignore)
    with pytest.raises(
        RunError, match=r"recording an event failed: invalid argument \(CUDA error 1"
    ):
        times.whole()
    assert times.wall_ms.size == failing // 2
    assert events.alive == []
