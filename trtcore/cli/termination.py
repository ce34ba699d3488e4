"""SIGTERM, as schedulers and containers end a job: what was measured is kept, as after Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# 128 + SIGINT and 128 + SIGTERM, as a shell reports them.
INTERRUPTED = 130
TERMINATED = 143


class Termination:
    """Whether this process was told to end.

    Attributes:
        received: set by the first SIGTERM.
    """

    def __init__(self) -> None:
        self.received = False

    def exit_code(self, code: int) -> int:
        """The exit code of a command that ended with ``code``."""
        return TERMINATED if self.received and code == INTERRUPTED else code

    def _interrupt(self, *_: object) -> None:
        self.received = True
        # Every place that keeps what was measured on Ctrl-C then does so here.
        raise KeyboardInterrupt


@contextmanager
def terminable() -> Iterator[Termination]:
    """Ends the block by KeyboardInterrupt on SIGTERM.

    A handler of the program that runs this command, or a SIGTERM that is ignored, stays.
    """
    asked = Termination()
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield asked
        return
    signal.signal(signal.SIGTERM, asked._interrupt)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
