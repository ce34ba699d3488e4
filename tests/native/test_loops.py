"""The timed loops on a scripted context that has nvinfer1's own vtables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trtcore_fake

from trtcore.measure import _core

# The loops look for signals every 50 ms; as many iterations of a millisecond fit that at most.
MOST_AFTER_CTRL_C = 51


def test_every_layer_of_every_iteration_arrives(rig: Any, recorder: _core.LayerRecorder) -> None:
    wall_ms, _, interrupted = rig.record(recorder, 100)
    assert recorder.names == ["conv1", "relu1", "conv1"]
    assert np.array_equal(recorder.samples(), np.tile(np.float32([0.5, 0.25, 1.5]), (100, 1)))
    assert wall_ms.shape == (100,)
    assert not interrupted
    assert recorder.fault is None


def test_unprofiled_times_are_those_of_the_work(rig: Any) -> None:
    rig.context.busy_us = 200
    wall, enqueue, gpu, interrupted = _core.time_inference(rig.view, rig.timer, 20)
    assert not interrupted
    for times in (wall, enqueue, gpu):
        assert times.shape == (20,)
        assert np.all(times >= 0.2)
    assert np.all(wall >= enqueue)
    assert rig.context.runs == 20


def test_execute_v2_runs_when_bindings_are_given(rig: Any) -> None:
    rig.context.enqueue_emits_profile = True
    recorder = _core.LayerRecorder()
    recorder.attach(rig.view)
    rig.record(recorder, 1, bindings=[64, 128])
    recorder.reserve(3)
    rig.record(recorder, 3, bindings=[64, 128])
    assert recorder.samples().shape == (3, 3)


def test_without_a_recorder_only_the_loop_is_timed(rig: Any) -> None:
    wall_ms, _, _ = _core.time_layers(rig.view, None, rig.timer, 10)
    assert wall_ms.shape == (10,)
    assert rig.view.has_profiler


def test_a_changed_layer_stops_the_loop_at_its_iteration(
    rig: Any, recorder: _core.LayerRecorder
) -> None:
    rig.context.change_layers(at=6, layers=[("conv1", 1), ("gelu1", 1), ("conv1", 1)])
    wall_ms, _, _ = rig.record(recorder, 100)
    assert recorder.fault == ("unexpected layer", 5, 1, "gelu1")
    assert wall_ms.shape == (5,)
    assert recorder.samples().shape == (5, 3)


def test_a_changed_count_stops_the_loop_too(rig: Any, recorder: _core.LayerRecorder) -> None:
    rig.context.change_layers(at=4, layers=[("conv1", 1)])
    rig.record(recorder, 100)
    assert recorder.fault == ("missing layers", 3, 1, "")


def test_a_failing_enqueue_names_the_iteration_and_the_recorder_goes_on(
    rig: Any, recorder: _core.LayerRecorder
) -> None:
    rig.context.fail_at = rig.context.runs + 3
    with pytest.raises(RuntimeError, match="enqueueV3 failed in iteration 3"):
        rig.record(recorder, 10)
    rig.record(recorder, 10)
    assert recorder.samples().shape == (13, 3)
    assert recorder.fault is None


def test_a_failing_enqueue_of_the_unprofiled_loop_is_named(rig: Any) -> None:
    rig.context.fail_at = 2
    with pytest.raises(RuntimeError, match="enqueueV3 failed in iteration 2"):
        _core.time_inference(rig.view, rig.timer, 10)


def test_progress_is_reported_between_chunks(rig: Any) -> None:
    rig.context.busy_us = 1000
    seen: list[int] = []
    _core.time_inference(rig.view, rig.timer, 200, report=seen.append)
    assert len(seen) >= 3
    assert seen == sorted(set(seen))
    assert seen[-1] == 200


def test_an_error_in_the_report_comes_out(rig: Any) -> None:
    def report(done: int) -> None:
        raise ZeroDivisionError(done)

    with pytest.raises(ZeroDivisionError):
        _core.time_inference(rig.view, rig.timer, 10, report=report)


def test_ctrl_c_is_noticed_and_keeps_the_inference_times(rig: Any) -> None:
    rig.context.busy_us, rig.context.interrupt_at = 1000, 50
    wall, _, _, interrupted = _core.time_inference(rig.view, rig.timer, 100_000)
    assert interrupted
    assert 50 < len(wall) <= 50 + MOST_AFTER_CTRL_C


def test_ctrl_c_is_noticed_and_keeps_the_layers(rig: Any, recorder: _core.LayerRecorder) -> None:
    rig.context.busy_us, rig.context.interrupt_at = 1000, rig.context.runs + 50
    recorder.reserve(100_000)
    wall, _, interrupted = rig.record(recorder, 100_000)
    assert interrupted
    assert recorder.samples().shape == (len(wall), 3)
    assert 50 < len(wall) <= 50 + MOST_AFTER_CTRL_C


def test_ctrl_c_inside_the_report_keeps_the_times_too(rig: Any) -> None:
    def report(done: int) -> None:
        raise KeyboardInterrupt

    wall, _, _, interrupted = _core.time_inference(rig.view, rig.timer, 10, report=report)
    assert interrupted
    assert len(wall) == 10


def test_the_gil_is_released_while_the_loop_runs_and_ctrl_c_of_a_thread_is_heard(rig: Any) -> None:
    rig.context.busy_us = 1000
    seen: set[int] = set()

    def look() -> None:
        while len(seen) < 3:
            seen.add(rig.context.runs)
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=look)
    thread.start()
    # Ends by the thread, as soon as that has seen the loop at three of its iterations.
    wall, *_, interrupted = _core.time_inference(rig.view, rig.timer, 100_000)
    thread.join()
    assert interrupted
    assert max(seen) <= len(wall) < 100_000


SHORT = """
import trtcore_fake
from trtcore.measure import _core

view, timer = _core.Context(trtcore_fake.Context(11), 11), _core.HostTimer()
wall_ms, *_, interrupted = _core.time_inference(view, timer, 5)
layers_ms, *_, too = _core.time_layers(view, None, timer, 5)
print(len(wall_ms), interrupted, len(layers_ms), too)
"""


@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer has to be preloaded alone"
)
def test_a_process_that_is_put_off_ends_no_pass_early() -> None:
    clock = Path(trtcore_fake.__file__).parent / "trtcore_clock_jump.so"
    environment = {**os.environ, "LD_PRELOAD": str(clock)}
    command = [sys.executable, "-c", SHORT]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.split() == ["5", "False", "5", "False"]
