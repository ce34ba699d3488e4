"""Ctrl-C while TensorRT works: noted at once, raised when TensorRT is done.

TensorRT calls back into Python to log and to tell its progress, and cannot carry an exception out
of there: a KeyboardInterrupt raised in such a call is printed and forgotten, and the work goes on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Interrupts:
    """Whether Ctrl-C came."""

    def __init__(self) -> None:
        self.came = False

    def note(self, *_: object) -> None:
        """Takes the signal."""
        self.came = True


@contextmanager
def held_interrupts() -> Iterator[Interrupts]:
    """Holds Ctrl-C back for as long as it lasts; what would have handled it does so at the end.

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
        if held.came:
            handler(signal.SIGINT, None)
