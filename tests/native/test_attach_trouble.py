"""Attaching where memory runs out, and where TensorRT's logger lets other threads run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trtcore_fake

FAIL = """
import ctypes
import trtcore_fake
from trtcore.measure import _core

fail = ctypes.CDLL(None).trtcore_malloc_fail
failures = 0
for nth in [*range(1, 9)] * 4:  # some of the memory is taken every other time only
    context = trtcore_fake.Context(11)
    context.layers = [("conv1", 1.0)]
    context.enqueue_emits_profile = False
    view, recorder = _core.Context(context, 11), _core.LayerRecorder(capacity=1)
    fail(nth)
    try:
        recorder.attach(view)
    except MemoryError:
        failures += 1
        assert not recorder.is_attached
        recorder.detach()
        fail(0)
        recorder.attach(view)
    fail(0)
    _core.time_layers(view, recorder, _core.HostTimer(), 1)
    assert recorder.names == ["conv1"]
    recorder.detach()
    assert not recorder.is_attached
print(failures)
"""

# TensorRT logs while it takes a profiler; the logger is written in Python, and waits for a thread
# that attaches to another context.
LOG = """
import threading
import trtcore_fake
from trtcore.measure import _core

first, second = trtcore_fake.Context(11), trtcore_fake.Context(11)
other, attached = _core.LayerRecorder(), threading.Event()

def attach_other():
    other.attach(_core.Context(second, 11))
    attached.set()

def log():
    threading.Thread(target=attach_other, daemon=True).start()
    attached.wait()

first.on_set_profiler = log
recorder = _core.LayerRecorder()
recorder.attach(_core.Context(first, 11))
print(recorder.is_attached, other.is_attached)
"""

# The same with both threads at one context: one of them has it.
SAME = """
import threading
import trtcore_fake
from trtcore.measure import _core

context = trtcore_fake.Context(11)
refused = []

def attach_too():
    try:
        _core.LayerRecorder().attach(_core.Context(context, 11))
    except RuntimeError as error:
        refused.append(str(error))

def log():
    context.on_set_profiler = None
    thread = threading.Thread(target=attach_too)
    thread.start()
    thread.join()

context.on_set_profiler = log
recorder = _core.LayerRecorder()
recorder.attach(_core.Context(context, 11))
print(recorder.is_attached, *refused)
"""


def run(code: str, environment: dict[str, str] | None = None) -> str:
    """What a program prints; one that hangs for two minutes is in a deadlock."""
    command = [sys.executable, "-c", code]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environment
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer has an allocator of its own"
)
def test_an_attach_without_memory_leaves_nothing_attached() -> None:
    folder = Path(trtcore_fake.__file__).parent
    preload = next(p for p in folder.glob("trtcore_malloc_count*") if p.suffix == ".so")
    assert int(run(FAIL, {**os.environ, "LD_PRELOAD": str(preload)})) >= 12


def test_a_logger_that_waits_for_another_attach_is_no_deadlock() -> None:
    assert run(LOG) == "True True"


def test_of_two_threads_at_one_context_one_is_refused() -> None:
    assert run(SAME) == "True another recorder is attached to this context"
