"""20,000 attaches take no more memory and no more ports than a few, to one context or to many."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from typing import Any

import pytest

from trtcore.measure import _core

ATTACHES = 20_000
# A leak of the smallest block that malloc hands out, 32 bytes with its header, would be ten times
# as much; what Python keeps for itself is far less.
MOST_BYTES = ATTACHES * 32 // 10

# In a process of its own, whose memory nobody else takes or gives back.
GROWTH = """
import ctypes
import sys
import trtcore_fake
from trtcore.measure import _core

FIELDS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"

class Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS.split()]

heap = ctypes.CDLL(None).mallinfo2
heap.restype = Heap

def made():
    context = trtcore_fake.Context(int(sys.argv[1]))
    if sys.argv[2] == "own":
        context.set_own_profiler()
    return _core.Context(context, int(sys.argv[1]))

first = made()

def attach(times):
    for _ in range(times):
        recorder = _core.LayerRecorder()
        recorder.attach(made() if sys.argv[5] == "many" else first)
        if sys.argv[3] == "detach":
            recorder.detach()

attach(100)
before = heap().uordblks
attach(int(sys.argv[4]))
print(heap().uordblks - before, _core.count_profiler_ports())
"""


@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer has a heap of its own"
)
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="not glibc 2.33 or later")
@pytest.mark.parametrize("layout", ["10", "11"])
@pytest.mark.parametrize("profiler", ["own", "none"])
@pytest.mark.parametrize(
    ("end", "contexts"), [("detach", "one"), ("drop", "one"), ("detach", "many")]
)
def test_memory_and_ports_do_not_grow(layout: str, profiler: str, end: str, contexts: str) -> None:
    command = [sys.executable, "-c", GROWTH, layout, profiler, end, str(ATTACHES), contexts]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    grown, ports = map(int, ran.stdout.split())
    assert ports == 1
    assert grown < MOST_BYTES


def test_contexts_with_profilers_of_their_own_share_ports_in_turn(rig_of: Any) -> None:
    rigs = [rig_of(layout) for layout in (10, 11) * 20]
    for rig in rigs:
        rig.context.set_own_profiler()
    together = _attach_all(rigs)
    most = _core.count_profiler_ports()
    for recorder in together:
        recorder.detach()
    for rig in rigs:
        _attach_all([rig])[0].detach()
        assert rig.context.has_own_profiler
    for recorder in _attach_all(rigs):
        recorder.detach()
    assert _core.count_profiler_ports() == most


def test_a_port_that_was_given_back_records_for_the_next_context(rig_of: Any) -> None:
    first, second = rig_of(11), rig_of(11)
    for rig in (first, second):
        rig.context.set_own_profiler()
        recorder = _attach_all([rig])[0]
        rig.record(recorder, 1)
        recorder.reserve(2)
        rig.record(recorder, 2)
        recorder.detach()
        assert recorder.samples().tolist() == [[0.5, 0.25, 1.5]] * 2


def test_a_profiler_that_was_set_in_the_meantime_stays(rig: Any) -> None:
    recorder = _core.LayerRecorder()
    recorder.attach(rig.view)
    rig.context.set_own_profiler()
    recorder.detach()
    assert rig.context.has_own_profiler


def _attach_all(rigs: list[Any]) -> list[_core.LayerRecorder]:
    recorders = []
    for rig in rigs:
        recorders.append(_core.LayerRecorder())
        recorders[-1].attach(rig.view)
    return recorders
