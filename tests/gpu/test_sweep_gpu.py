"""A sweep on a GPU: cells lease it, and other processes on the host respect that."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from trtcore.sweeps.machine import this_machine
from trtcore.sweeps.store import Store
from trtcore.sweeps.sweep import sweep
from trtcore.system.gpus import visible_gpus
from trtcore.system.lease import take_lease

pytestmark = pytest.mark.gpu


@pytest.fixture(autouse=True)
def own_leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRTCORE_LEASE_DIR", str(tmp_path / "leases"))


def test_cuda_accepts_the_uuids(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = visible_gpus()
    assert this_machine().gpus == tuple(gpu.uuid for gpu in gpus)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpus[0].uuid)
    this_machine.cache_clear()
    assert this_machine().gpus == (gpus[0].uuid,)
    this_machine.cache_clear()


def test_cells_wait_for_a_gpu_that_another_process_has_leased(tmp_path: Path) -> None:
    uuids = this_machine().gpus
    held = [take_lease([uuid])[1] for uuid in uuids]
    ran = threading.Thread(
        target=sweep,
        args=("googlenet", tmp_path / "out"),
        kwargs={"iterations": 20, "calibrate": False, "shard": "1/1"},
    )
    ran.start()
    ran.join(20)
    # Longer than the cell takes: it is built, and waits.
    assert not list(Store(tmp_path / "out").records())
    for file in held:
        os.close(file)
    ran.join()
    (record,) = Store(tmp_path / "out").records()
    assert (record.is_done, record.backend) == (True, this_machine().backend)
