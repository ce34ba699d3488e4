"""Runs a cell in a fresh process: takes the lease, starts it, ends it when its time is over."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from trtcore.errors import RunError
from trtcore.sweeps.cell_process import FAILED, TENSORRT_MARK, WAITING
from trtcore.sweeps.files import role_of
from trtcore.sweeps.outcomes import Outcome, Request, State
from trtcore.system.lease import lease_file, take_lease, try_lock

# How often a running cell is looked at: seconds of a cell are far more, and looking costs nothing.
_POLL_S = 0.1
# The end of a log is read only: a library may have written gigabytes.
_LOG_BYTES = 1 << 16
_LOG_CHARACTERS = 300

_stops: dict[str, threading.Event] = {}
_OUT_OF_MEMORY = signal.SIGKILL


class _StoppedError(Exception):
    """The sweep has ended meanwhile."""


def stop_cells(sweep: str) -> None:
    """Ends the running cells of a sweep in this process, and those that would start."""
    _stop_of(sweep).set()


def _stop_of(sweep: str) -> threading.Event:
    return _stops.setdefault(sweep, threading.Event())


@dataclass
class _Lease:
    """The device of a cell, and the file of its lease, locked or to be locked by the cell."""

    device: str
    file: int
    is_locked: bool


def run_cell(request: Request, paths: dict[str, str]) -> tuple[Outcome, bytes]:
    """Runs a cell to its end, whatever that is.

    Args:
        request: the cell.
        paths: where its files lie here, by their names in the request.

    Returns:
        How it ended, and the saved result, if there is one.

    Raises:
        RunError: no process can be started here.
    """
    stop = _stop_of(request.sweep)
    with contextlib.ExitStack() as stack:
        try:
            lease = stack.enter_context(_lease(request, stop))
        except _StoppedError:
            return _outcome(request, State.STOPPED), b""
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trtcore-cell-")))
        log = stack.enter_context(open(folder / "log", "w+b"))
        heard, status = os.pipe()
        stack.callback(os.close, heard)
        try:
            process = _start(request, paths, folder, lease, status, log)
        finally:
            os.close(status)
        try:
            state, seconds = _wait(process, heard, request.seconds, stop)
        finally:
            _end(process)
        return _ended(request, state, seconds, process.returncode, folder)


@contextlib.contextmanager
def _lease(request: Request, stop: threading.Event) -> Iterator[_Lease]:
    """The device of a cell: taken, or, where only its run needs it, opened for the cell to take."""

    def check() -> None:
        if stop.is_set():
            raise _StoppedError

    check()
    devices = request.machine.devices
    if request.machine.builds_quietly:
        lease = _untaken(devices)
    else:
        lease = _Lease(*take_lease(devices, check), is_locked=True)
    try:
        yield lease
    finally:
        os.close(lease.file)


def _untaken(devices: tuple[str, ...]) -> _Lease:
    """A device that is free now if there is one, for a cell that takes it after its build."""
    for device in devices:
        file = lease_file(device)
        is_free = try_lock(file)
        os.close(file)
        if is_free:
            return _Lease(device, lease_file(device), is_locked=False)
    return _Lease(devices[0], lease_file(devices[0]), is_locked=False)


def _start(
    request: Request,
    paths: dict[str, str],
    folder: Path,
    lease: _Lease,
    status: int,
    log: IO[bytes],
) -> subprocess.Popen[bytes]:
    order = {
        "parent": os.getpid(),
        "path": next(iter(paths.values()), request.model),
        "source": "" if not paths else request.model,
        "options": _placed(request, paths),
        "result": str(folder / "result.json"),
        "error": str(folder / "error"),
        "lease": lease.file,
        "lease_after_build": not lease.is_locked,
        "status": status,
    }
    (folder / "order.json").write_text(json.dumps(order))
    environment = dict(os.environ)
    if request.machine.gpus:
        environment["CUDA_VISIBLE_DEVICES"] = lease.device
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "trtcore.sweeps.cell_process", str(folder / "order.json")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            pass_fds=(lease.file, status),
            start_new_session=True,  # Ctrl-C is for the sweep, which ends its cells itself
        )
    except OSError as error:
        raise RunError(f"no process can be started for a cell ({error.strerror})") from None


def _placed(request: Request, paths: dict[str, str]) -> dict[str, Any]:
    """The options with the paths that their files have here."""
    options = dict(request.options)
    by_role = {role: [p for n, p in paths.items() if role_of(n) == role] for role in _ROLES}
    for role, found in by_role.items():
        if found:
            options[role] = [*_searched(request), *found] if role == "plugins" else found[0]
    return options


_ROLES = ("weights", "inputs", "plugins")


def _searched(request: Request) -> list[str]:
    """Plugin libraries that the system's loader searches by their names."""
    return [name for name in request.options.get("plugins", ()) if "/" not in name]


def _wait(
    process: subprocess.Popen[bytes], heard: int, limit: float, stop: threading.Event
) -> tuple[State, float]:
    """Waits for the end of a cell; the time in which it waits for the lease does not count."""
    used, is_waiting, last = 0.0, False, time.monotonic()
    while process.poll() is None:
        ready, _, _ = select.select([heard], [], [], _POLL_S)
        now = time.monotonic()
        used, last = used + (0.0 if is_waiting else now - last), now
        if ready and (told := os.read(heard, 16)):
            is_waiting = told.endswith(WAITING)
        elif ready:  # the cell has closed its end: it is ending
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
        if stop.is_set():
            return State.STOPPED, used
        if limit and used > limit:
            return State.TIMED_OUT, used
    return State.DONE, used


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a cell and the processes that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _ended(
    request: Request, state: State, seconds: float, code: int, folder: Path
) -> tuple[Outcome, bytes]:
    last = _last_line(folder / "log")
    if state is State.STOPPED:
        return _outcome(request, state), b""
    if state is State.TIMED_OUT:
        text = f"ended after {request.seconds:g} s, the most that a cell may take"
        return _outcome(request, state, text, last, seconds), b""
    if code == FAILED:
        text = _error_text(folder / "error")
        return _outcome(request, State.FAILED, text, "", seconds), b""
    if code:
        return _outcome(request, State.CRASHED, _crash(code, folder), last, seconds), b""
    return _outcome(request, State.DONE, "", "", seconds), (folder / "result.json").read_bytes()


def _error_text(path: Path) -> str:
    with contextlib.suppress(OSError):
        if text := path.read_text():
            return text
    return f"failed, and could not write why: is {path.parent.parent} full?"


def _crash(code: int, folder: Path) -> str:
    if code > 0:
        lines = _lines(folder / "log")
        return f"its process ended with {code}" + (f": {lines[-1]}" if lines else "")
    name = signal.Signals(-code).name
    hint = ", as Linux does when memory runs out" if -code == _OUT_OF_MEMORY else ""
    return f"its process was ended by {name}{hint}"


def _last_line(log: Path) -> str:
    said = (one for one in reversed(_lines(log)) if one.startswith(TENSORRT_MARK))
    return next(said, "").removeprefix(TENSORRT_MARK)


def _lines(log: Path) -> list[str]:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOG_BYTES))
        text = file.read().decode(errors="replace")
    return [line[:_LOG_CHARACTERS] for line in text.splitlines() if line.strip()]


def _outcome(
    request: Request, state: State, message: str = "", last_line: str = "", seconds: float = 0.0
) -> Outcome:
    return Outcome(request.key, state, message, last_line, seconds, socket.gethostname())
