"""How a cell ended, and the request that made it run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from trtcore.sweeps.files import Files
from trtcore.sweeps.machine import Machine


class State(Enum):
    """How a cell ended."""

    DONE = "done"
    FAILED = "failed"
    """By an error with a message, such as of TensorRT or of an option that the model lacks."""
    CRASHED = "crashed"
    """Its process was ended by a signal or by itself."""
    TIMED_OUT = "timed out"
    ELSEWHERE = "elsewhere"
    """It did not run: the worker lacks its files, or is another machine than the cell is for."""
    STOPPED = "stopped"
    """Its process was ended because the sweep was; never stored."""


@dataclass(frozen=True)
class Request:
    """A cell to run.

    Attributes:
        key: of its result.
        sweep: which sweep it belongs to, so that a worker can end the cells of one.
        model: as the user named it.
        files: those that it needs.
        options: of `trtcore.profile_model`.
        machine: what it is to be measured with.
        seconds: the most it may take, waiting for a lease aside; 0 for no limit.
        folder: where the worker writes the result; ``""`` if it does not see the sweep's folder.
    """

    key: str
    sweep: str
    model: str
    files: Files
    options: Mapping[str, Any]
    machine: Machine
    seconds: float = 0.0
    folder: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a cell ended.

    Attributes:
        key: of its result.
        state: how it ended.
        message: why, in one line, if it is not done.
        last_line: TensorRT's last message before a crash or time-out.
        seconds: how long its process ran, waiting for a lease aside.
        host: where it ran.
        worker: address of the worker, if one ran it.
        content: the saved result, where the worker does not see the sweep's folder.
        is_stored: the worker wrote it already.
    """

    key: str
    state: State
    message: str = ""
    last_line: str = ""
    seconds: float = 0.0
    host: str = ""
    worker: str = ""
    content: bytes = field(default=b"", repr=False)
    is_stored: bool = False
