"""Ctrl-C or SIGTERM while TensorRT works: noted at once, raised when TensorRT is done.

TensorRT calls back into Python to log and to report its progress, and cannot carry an exception out
of there: a KeyboardInterrupt raised in such a call is printed and forgotten, and the work goes on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_HELD = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Whether Ctrl-C was pressed, or the process was told to end."""

    def __init__(self) -> None:
        self.signals: list[int] = []

    @property
    def received(self) -> bool:
        """Whether work should stop."""
        return bool(self.signals)

    def note(self, number: int, _: object) -> None:
        """Takes the signal."""
        self.signals.append(number)


@contextmanager
def held_interrupts() -> Iterator[Interrupts]:
    """Delays both signals to the end of the block, where their previous handlers get them.

    Only where Python handles them: SIGTERM ends most programs without it. Threads other than the
    main one have no signals to hold.
    """
    held = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    handlers = {one: handler for one in _HELD if callable(handler := signal.getsignal(one))}
    for number in handlers:
        signal.signal(number, held.note)
    try:
        yield held
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        # Only once the handlers are back in place, as they usually raise.
        for received in held.signals[:1]:
            handlers[signal.Signals(received)](received, None)
