"""How a long call tells its caller what it is doing."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the phase, steps done and steps in all; 0 steps where they are not known."""

Notify = Callable[[str], None]
"""Called with a line that a user should see at once."""
