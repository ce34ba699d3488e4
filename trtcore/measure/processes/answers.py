"""A call that was pickled, and what became of it."""

from __future__ import annotations

import pickle
from typing import Any, NamedTuple

from trtcore.errors import TrtcoreError


class Answer(NamedTuple):
    """What became of a call: its value, or why there is none."""

    value: Any = None
    error: TrtcoreError | None = None
    is_interrupted: bool = False


def answer(task: bytes) -> Answer:
    """Makes the call that was pickled: a function and its keyword arguments."""
    try:
        function, arguments = pickle.loads(task)
        return Answer(function(**arguments))
    except TrtcoreError as error:
        return Answer(error=error)
    except KeyboardInterrupt:
        return Answer(is_interrupted=True)
