"""Gated passes on a machine that may put the process off at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from trtcore.measure import _core

STREAM = 1
_ATTEMPTS = 20
T = TypeVar("T")


def until_it_holds(attempt: Callable[[_core.GatedTimer], T]) -> tuple[_core.GatedTimer, T]:
    """Attempts a pass, each time with a new timer, until the gate held; returns the last of them.

    A process that is put off for the watchdog's patience while it enqueues finds the gate open and
    the pass ended, as it should: nothing is seen then of what a pass does undisturbed. A gate that
    opens every time is no fault of the machine.
    """
    for _ in range(_ATTEMPTS - 1):
        timer = _core.GatedTimer(STREAM)
        found = attempt(timer)
        if not timer.invalidated:
            return timer, found
    timer = _core.GatedTimer(STREAM)
    return timer, attempt(timer)
