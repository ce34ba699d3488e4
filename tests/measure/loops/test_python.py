"""The loops in Python: what they do where CUDA fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

trtcore_fake = pytest.importorskip("trtcore_fake", reason="built without TRTCORE_TESTS=ON")
runtime = pytest.importorskip("cuda.bindings.runtime")

from trtcore.errors import RunError  # noqa: E402
from trtcore.measure.device.cuda import timing_events  # noqa: E402
from trtcore.measure.loops.native import ignore  # noqa: E402
from trtcore.measure.loops.python import PythonLoops  # noqa: E402

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
    with pytest.raises(RunError, match="enqueueV3 failed: nothing was logged"):
        loops.time_inference(3, ignore)
    assert (loops.plain.runs, loops.profiled.runs, events.alive) == (2, 0, [])


@pytest.mark.parametrize("failing", [0, 1])
def test_events_that_cannot_be_created_leave_none_behind(events: Events, failing: int) -> None:
    events.fail_create = failing
    with pytest.raises(RunError, match="creating an event failed: invalid argument"):  # noqa: SIM117
        with timing_events(2):
            pass
    assert events.alive == []


@pytest.mark.parametrize("failing", [0, 1, 4])
def test_an_event_that_cannot_be_recorded_is_an_error(
    events: Events, loops: PythonLoops, failing: int
) -> None:
    events.fail_record = failing
    with pytest.raises(RunError, match="recording an event failed: invalid argument"):
        loops.time_inference(3, ignore)
    assert events.alive == []
