"""Leases of devices: one holder on the host, and nothing left behind by whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trtcore.errors import RunError
from trtcore.system.lease import lease_file, take_lease, try_lock

HOLDER = """
import sys, time
from trtcore.system.lease import take_lease
print(take_lease(sys.argv[1:])[0], flush=True)
time.sleep(3600)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRTCORE_LEASE_DIR", str(tmp_path / "leases"))
    return tmp_path / "leases"


class BusyError(Exception):
    pass


def refuse() -> None:
    raise BusyError


def test_another_process_respects_it_until_it_is_killed() -> None:
    command = [sys.executable, "-c", HOLDER, "GPU-1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "GPU-1\n"
        with pytest.raises(BusyError):
            take_lease(["GPU-1"], refuse)
        # Another one is free, and is taken instead.
        device, file = take_lease(["GPU-1", "GPU-2"], refuse)
        assert device == "GPU-2"
        os.close(file)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        device, file = take_lease(["GPU-1"], refuse)
        assert device == "GPU-1"
        os.close(file)


def test_a_child_that_has_the_file_holds_the_lease(folder: Path) -> None:
    _, file = take_lease(["GPU-1"])
    child = subprocess.Popen(["sleep", "3600"], pass_fds=(file,))
    os.close(file)
    with pytest.raises(BusyError):
        take_lease(["GPU-1"], refuse)
    child.kill()
    child.wait()
    os.close(take_lease(["GPU-1"], refuse)[1])


def test_the_folder_is_for_every_user(folder: Path) -> None:
    os.close(lease_file("GPU-1"))
    assert folder.stat().st_mode & 0o7777 == 0o1777
    # Whoever may read the file can lock it.
    (folder / "GPU-1.lock").chmod(0o444)
    file = lease_file("GPU-1")
    assert try_lock(file)
    os.close(file)


def test_a_link_in_its_place_is_not_followed(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (folder / "GPU-1.lock").symlink_to(tmp_path / "precious")
    with pytest.raises(RunError, match="the lease of GPU-1 cannot be used"):
        lease_file("GPU-1")
    assert not (tmp_path / "precious").exists()


def test_a_folder_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRTCORE_LEASE_DIR", "/dev/null/leases")
    with pytest.raises(RunError, match="TRTCORE_LEASE_DIR names another folder"):
        lease_file("GPU-1")
