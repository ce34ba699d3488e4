"""What may be asked of a recorder while a loop runs, and what is refused."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from trtcore.measure import _core

CHANGES: dict[str, Callable[[_core.LayerRecorder, _core.Context], object]] = {
    "attach": lambda recorder, view: recorder.attach(view),
    "detach": lambda recorder, view: recorder.detach(),
    "learn": lambda recorder, view: recorder.learn(),
    "reserve": lambda recorder, view: recorder.reserve(10),
    "stream": lambda recorder, view: recorder.stream(10),
    "settle": lambda recorder, view: recorder.settle(),
    "begin_iteration": lambda recorder, view: recorder.begin_iteration(),
    "end_iteration": lambda recorder, view: recorder.end_iteration(),
    "record": lambda recorder, view: recorder.record("conv1", 1.0),
    "time_layers": lambda recorder, view: _core.time_layers(view, recorder, _core.HostTimer(), 1),
}


@pytest.mark.parametrize("call", CHANGES)
def test_changes_are_refused_while_a_loop_runs(
    rig: Any, recorder: _core.LayerRecorder, call: str
) -> None:
    refused: list[str] = []

    def change(_: int) -> None:
        with pytest.raises(RuntimeError) as error:
            CHANGES[call](recorder, rig.view)
        refused.append(str(error.value))

    rig.record(recorder, 50, report=change)
    words = (
        "was called while the recorder is in use by a loop or another call: wait for that to end"
    )
    assert set(refused) == {f"{call}() {words}"}
    assert recorder.samples().tolist() == [[0.5, 0.25, 1.5]] * 50
    recorder.reserve(1)


def test_a_loop_that_failed_leaves_the_recorder_free(
    rig: Any, recorder: _core.LayerRecorder
) -> None:
    rig.context.fail_at = rig.context.runs + 2
    with pytest.raises(RuntimeError, match="failed in iteration 2"):
        rig.record(recorder, 10)
    recorder.reserve(1)
    recorder.detach()


@pytest.mark.parametrize("streams", [False, True])
def test_another_thread_reads_while_a_loop_runs(
    rig: Any, recorder: _core.LayerRecorder, streams: bool
) -> None:
    (recorder.stream if streams else recorder.reserve)(300_000)
    ended = threading.Event()
    seen: list[tuple[Any, ...]] = []

    def read() -> None:
        while not ended.is_set():
            samples = recorder.samples()
            statistics = recorder.statistics()
            count = None if statistics is None else statistics.count
            seen.append((recorder.names, recorder.dropped, np.unique(samples, axis=0), count))

    thread = threading.Thread(target=read)
    thread.start()
    rig.record(recorder, 300_000)
    ended.set()
    thread.join()
    for names, dropped, rows, count in seen:
        assert (names, dropped) == (["conv1", "relu1", "conv1"], 0)
        assert rows.tolist() in ([], [[0.5, 0.25, 1.5]])
        assert (count is None) is not streams
    counts = [count for *_, count in seen if count is not None]
    assert counts == sorted(counts)


@pytest.fixture
def counting() -> Iterator[list[int]]:
    """A thread that counts whenever it gets the GIL, which nobody is asked to give it."""
    counted, ended = [0], threading.Event()

    def count() -> None:
        while not ended.is_set():
            counted[0] += 1
            time.sleep(0)  # lets go of the GIL, which it is then handed only if somebody else does

    interval = sys.getswitchinterval()
    thread = threading.Thread(target=count)
    thread.start()
    sys.setswitchinterval(1e6)
    yield counted
    sys.setswitchinterval(interval)
    ended.set()
    thread.join()


@pytest.mark.parametrize("call", ["reserve", "stream"])
def test_memory_is_taken_without_the_gil(
    recorder: _core.LayerRecorder, call: str, counting: list[int]
) -> None:
    # 60 MB take tens of milliseconds; whether the thread is put on a core meanwhile is up to the
    # machine, so that it gets many chances. With the GIL held it has none.
    for _ in range(100):
        before = counting[0]
        getattr(recorder, call)(5_000_000)
        if counting[0] > before:
            return
    pytest.fail("no other thread ran while memory was taken")
