"""The processes of a sweep, as tests start, find and end them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from trtcore.sweeps.store import Store

QUICK: dict[str, Any] = {"iterations": 2, "backend": "onnxruntime"}
"""A cell of a second: no TensorRT is loaded. Its plugins are what hangs and crashes elsewhere."""


def states(folder: Path) -> list[str]:
    return sorted(record.state.value for record in Store(folder).records())


def wait_for(condition: Callable[[], Any]) -> Any:
    """Waits for a sign, as long as it takes: the run of all tests has a limit."""
    while not (found := condition()):
        time.sleep(0.05)
    return found


@contextmanager
def program(code: str, *arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program in a session of its own, all of which ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        with_children = {process.pid, *descendants(process.pid)}
        for pid in with_children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and theirs; threads may end while it looks."""
    found = []
    with suppress(OSError):
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):
                for child in path.read_text().split():
                    found += [int(child), *descendants(int(child))]
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def cells_of(pid: int) -> list[int]:
    return [one for one in descendants(pid) if "trtcore.sweeps.cell_process" in command_of(one)]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


COMMAND = "import sys; from trtcore.cli import main; sys.exit(main(sys.argv[1:]))"
