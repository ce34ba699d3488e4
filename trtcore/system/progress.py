"""Callbacks through which a long call reports its progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the phase, steps done and steps in all; 0 steps where they are not known."""

Notify = Callable[[str], None]
"""Called with a line to show the user immediately."""
