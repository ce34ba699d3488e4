"""The process of one cell: profiles a model, saves the result, and ends.

``python -m trtcore.sweeps.cell_process ORDER.json``. Whatever happens to it, such as a crash inside
TensorRT, happens to its cell alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from trtcore.system.parent import end_with

TENSORRT_MARK = "TensorRT: "
"""What its messages begin with in the log of a cell."""
WAITING, MEASURING = b"w", b"m"
"""What is written to the parent before and after waiting for the lease: waiting is not counted."""
FAILED = 3
"""Exit code of a cell that failed with a message, which is in a file of its own."""


def main(order_path: str) -> int:
    """Runs the cell of an order, and returns the exit code of the process."""
    order = json.loads(Path(order_path).read_text())
    end_with(order["parent"], FAILED)
    # Where all processes of a job are told to end, the sweep ends its cells. One that ended by
    # itself would be taken for a crash, and not be measured when the sweep goes on.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    from trtcore.errors import TrtcoreError

    try:
        _measure(order)
    except (TrtcoreError, MemoryError) as error:
        text = " ".join(str(error).split()) or "no memory left"
        with contextlib.suppress(OSError):  # a full disk; whoever reads it then says so
            Path(order["error"]).write_text(text)
        return FAILED
    return 0


def _measure(order: dict[str, Any]) -> None:
    from trtcore.api.calls import profile_model
    from trtcore.engine.tensorrt.logger import listen
    from trtcore.result.saved import save_profile

    listen(_log_line)
    # Before the run, which the lease is for, and after the build, which it is not.
    keep_plan = _taking(order) if order["lease_after_build"] else None
    profile = profile_model(order["path"], keep_plan=keep_plan, **order["options"])
    # The name that the user knows: here it may be that of a copy.
    model = replace(profile.model, source=order["source"] or profile.model.source)
    save_profile(replace(profile, model=model), order["result"])


def _taking(order: dict[str, Any]) -> Callable[[bytes], None]:
    """Waits for the lease once the plan is built."""

    def take(_plan: bytes) -> None:
        os.write(order["status"], WAITING)
        fcntl.flock(order["lease"], fcntl.LOCK_EX)
        os.write(order["status"], MEASURING)

    return take


def _log_line(message: str) -> None:
    # Unbuffered: the next call may crash.
    os.write(2, f"{TENSORRT_MARK}{message}\n".encode(errors="backslashreplace"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
