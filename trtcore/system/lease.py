"""A lease of a GPU, or of the processor, that other processes on the host respect.

It is a lock on a file per device. The kernel drops it when the last process that holds the file
ends, however it ends, so no lease is ever left behind.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from trtcore.errors import RunError

PROCESSOR = "processor"
"""The device of runs on the CPU: one for the machine."""

# Measurements last seconds to minutes: a fifth of a second between two of them is nothing.
_POLL_S = 0.2
# Fixed and not $TMPDIR, which differs between users, who share the GPU all the same.
_FOLDER = "/tmp/trtcore-leases"


def lease_file(device: str) -> int:
    """Opens the file of a device's lease, which is not locked by that.

    The folder is ``$TRTCORE_LEASE_DIR``, else one in ``/tmp`` that all users share.

    Returns:
        The open file; whoever locked it holds the lease until it is closed in every process.

    Raises:
        RunError: the folder or the file cannot be used.
    """
    folder = Path(os.environ.get("TRTCORE_LEASE_DIR") or _FOLDER)
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o1777)
        return _opened(folder / f"{device}.lock")
    except OSError as error:
        raise RunError(
            f"{folder}: the lease of {device} cannot be used ({error.strerror}); "
            "TRTCORE_LEASE_DIR names another folder, the same for every process on the host"
        ) from None


def try_lock(file: int) -> bool:
    """Takes the lease of an open file, and returns whether it was free."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_lease(
    devices: Sequence[str], waiting: Callable[[], None] = lambda: None
) -> tuple[str, int]:
    """Waits for a lease of one of several devices.

    Args:
        devices: their UUIDs; the first that is free is taken.
        waiting: called between two trials; an exception of it ends the wait.

    Returns:
        The device, and its open and locked file.
    """
    while True:
        for device in devices:
            file = lease_file(device)
            if try_lock(file):
                return device, file
            os.close(file)
        waiting()
        time.sleep(_POLL_S)


def _opened(path: Path) -> int:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    # Without O_CREAT first: in a folder of all users Linux refuses it for a file of another one
    # (fs.protected_regular). Reading is enough to lock.
    try:
        file = os.open(path, flags)
    except FileNotFoundError:
        try:
            file = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:  # another process was faster
            file = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(0, "not a file")
    return file
