"""Functions that tests call in fresh interpreters."""

from __future__ import annotations

import os
import signal
import sys

from trtcore.errors import ModelError, RunError


def own_id(number: int) -> tuple[int, int]:
    return number, os.getpid()


def refuse(reason: str) -> None:
    raise ModelError(reason)


def fail_unless_first(number: int, left: object = None) -> int:
    """As a run that CUDA ends, with what it measured before."""
    if number:
        error = RunError("CUDA is gone")
        error.result = left
        raise error
    return number


def die(code: int) -> None:
    print("the last words", file=sys.stderr, flush=True)
    os._exit(code)


def until_interrupted(sign: str) -> str:
    """Leaves a sign, and measures until it is told to end."""
    try:
        with open(sign, "w") as file:
            file.write(str(os.getpid()))
        while True:
            signal.pause()
    except KeyboardInterrupt:
        return "measured so far"


def interrupted_unless_first(number: int) -> int:
    if number:
        signal.raise_signal(signal.SIGINT)
    return number
