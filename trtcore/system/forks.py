"""A process that was forked after CUDA was initialised: CUDA does not work in it.

Source: CUDA programming guide, initialization: a context is not inherited by a forked process;
every call there fails, or hangs.
"""

from __future__ import annotations

import os

_PROBLEM = (
    "this process was forked from one that had initialised CUDA, which does not work after a fork: "
    "start processes with multiprocessing.set_start_method('spawn')"
)
_initialised_in: int | None = None


def note_cuda() -> None:
    """Remembers that this process has initialised CUDA."""
    global _initialised_in  # noqa: PLW0603 - it is of the process, as CUDA's state is
    if _initialised_in is None:
        _initialised_in = os.getpid()


def fork_problem() -> str | None:
    """Why CUDA cannot be used after a fork, in one line; None if it can."""
    return None if _initialised_in in (None, os.getpid()) else _PROBLEM
