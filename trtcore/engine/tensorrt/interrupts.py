"""Ctrl-C while TensorRT works: noted at once, raised when TensorRT is done.

TensorRT calls back into Python to log and to report its progress, and cannot carry an exception out
of there: a KeyboardInterrupt raised in such a call is printed and forgotten, and the work goes on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Interrupts:
    """Whether Ctrl-C was pressed."""

    def __init__(self) -> None:
        self.received = False

    def note(self, *_: object) -> None:
        """Takes the signal."""
        self.received = True


@contextmanager
def held_interrupts() -> Iterator[Interrupts]:
    """Delays Ctrl-C to the end of the block, where the previous handler gets it.

    Threads other than the main one have no signals to hold.
    """
    held = Interrupts()
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield held
        return
    signal.signal(signal.SIGINT, held.note)
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, handler)
        # Only once the handler is back in place, as it usually raises.
        if held.received:
            handler(signal.SIGINT, None)
