"""The loop allocates nothing: as many allocations for 10,000 iterations as for 1000."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trtcore_fake

COUNT = """
import ctypes
import sys
import trtcore_fake
from trtcore.measure import _core

count = ctypes.CDLL(None).trtcore_malloc_count
context = trtcore_fake.Context(11)
context.layers = [(f"layer {i} with a name that no small string holds", 1.0) for i in range(206)]
context.enqueue_emits_profile = False
view, timer, recorder = _core.Context(context, 11), _core.HostTimer(), _core.LayerRecorder()
recorder.attach(view)
_core.time_layers(view, recorder, timer, 3)
recorder.reserve(20_100) if sys.argv[1] == "matrix" else recorder.stream(1024)

def allocations(iterations):
    before = count()
    _core.time_layers(view, recorder, timer, iterations)
    return count() - before

allocations(1_000)
few, many = allocations(1_000), allocations(10_000)
assert recorder.iterations == 12_000 and recorder.fault is None
print(few, many)
"""


def preload() -> Path:
    folder = Path(trtcore_fake.__file__).parent
    return next(path for path in folder.glob("trtcore_malloc_count*") if path.suffix == ".so")


@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer counts its own"
)
@pytest.mark.parametrize("mode", ["matrix", "stream"])
def test_the_number_of_allocations_does_not_grow_with_the_iterations(mode: str) -> None:
    environment = {**os.environ, "LD_PRELOAD": str(preload())}
    command = [sys.executable, "-c", COUNT, mode]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    few, many = map(int, ran.stdout.split())
    assert few > 0
    assert many == few
