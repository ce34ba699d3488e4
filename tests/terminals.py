"""What a program shows on a terminal of its own."""

from __future__ import annotations

import os


def read_until(terminal: int, wanted: bytes) -> bytes:
    """What a terminal shows up to some word; with none, up to its end."""
    shown = b""
    while not wanted or wanted not in shown:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # how a terminal says that nobody writes to it any longer
            assert not wanted, shown
            break
    return shown
