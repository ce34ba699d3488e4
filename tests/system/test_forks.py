"""A process that was forked after CUDA was initialised is refused, in one line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from trtcore.engine.choice import choose_backend
from trtcore.errors import BackendError
from trtcore.measure import attach as attaching
from trtcore.system import forks
from trtcore.system.device import current_device, gpu_problem

# With a driver of which nothing is used but that it initialises.
FORK = """
import os
from types import SimpleNamespace
from trtcore.engine.choice import choose_backend
from trtcore.errors import BackendError
from trtcore.system import device

driver = SimpleNamespace(cuInit=lambda flags: (0,), cuDeviceGetCount=lambda: (0, 1))
assert device._driver_problem(driver) is None
if os.fork() == 0:
    try:
        choose_backend()
    except BackendError as error:
        print(error, flush=True)
    assert choose_backend("onnxruntime").runs_nodes
    os._exit(0)
_, status = os.wait()
raise SystemExit(os.waitstatus_to_exitcode(status))
"""
WORDS = "this process was forked from one that had initialised CUDA, which does not work after a "


def test_a_forked_process_is_refused() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(WORDS)
    assert ran.stdout.endswith("multiprocessing.set_start_method('spawn')\n")


def test_a_process_that_has_not_used_cuda_may_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_initialised_in", None)
    assert forks.fork_problem() is None
    forks.note_cuda()
    assert forks.fork_problem() is None


def test_nothing_else_is_asked_of_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_initialised_in", os.getpid() + 1)
    assert str(gpu_problem()).startswith(WORDS)
    assert current_device() is None
    with pytest.raises(BackendError, match=WORDS):
        choose_backend("tensorrt_rtx")
    recorder = attaching.attach.__new__(attaching.attach)
    with pytest.raises(BackendError, match=WORDS):
        recorder.__enter__()
