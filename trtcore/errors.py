"""The errors trtcore raises.

    TrtcoreError
    ├── OptionError        an option or argument is invalid
    ├── ModelError         the model cannot be read, or is not supported
    ├── PrecisionError     the precision cannot be applied
    │   ├── PrecisionNotMetError   the engine does not have it, or its outputs are too far off
    │   └── NotJudgedError         the outputs hold nothing to which a tolerance applies
    ├── BackendError       the requested backend cannot be used here
    ├── BuildError         TensorRT could not build the engine
    ├── EngineLoadError    a plan cannot be loaded here
    ├── RunError           the run on the device failed
    └── ResultError        a saved result cannot be read or written
        └── WriteError     a file that could be written could not be finished, such as a full disk

A message is one line: what was wrong, the value received, the way out. It names arguments by
`argument`: a Python caller reads ``keep_fp32``, a user of the command line ``--keep-fp32``.
Where it quotes another program, `trtcore.system.quotations` keeps it short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Spelling = Callable[[str, object], str]
"""How a message names an argument, and its value if that is not None."""


class TrtcoreError(Exception):
    """Base of every error trtcore raises on purpose.

    Attributes:
        exit_code: what the command line exits with: 2 for bad input, 1 for a failed run.
        quoted: in full what the message quotes of another program in short; empty where the
            message has all of it.
    """

    exit_code = 2
    quoted = ""


class OptionError(TrtcoreError, ValueError):
    """An option or argument is invalid: its name, its value and the accepted ones."""


class ModelError(TrtcoreError):
    """The model cannot be read, does not fit its weights or shapes, or is not supported."""


class PrecisionError(TrtcoreError):
    """The precision cannot be applied to this model."""


class PrecisionNotMetError(PrecisionError):
    """The engine does not have the requested precision, or its outputs are too far off.

    Attributes:
        result: what was measured before the error, a `Profile` or a `PrecisionComparison`; None
            where nothing was.
    """

    exit_code = 1
    result: object | None = None


class NotJudgedError(PrecisionError):
    """A tolerance was requested, but the FP32 outputs are too small to compare with.

    Attributes:
        result: what was measured before the error, as of `PrecisionNotMetError`.
    """

    result: object | None = None


class BackendError(TrtcoreError):
    """The requested backend cannot be used on this machine."""


class BuildError(TrtcoreError):
    """TensorRT could not build the engine; its last error line is included."""

    exit_code = 1


class EngineLoadError(TrtcoreError):
    """A plan cannot be loaded: not a plan, or made for another version or GPU."""


class RunError(TrtcoreError):
    """The run on the device failed; TensorRT's or CUDA's last error is included.

    Attributes:
        result: what was measured before an error of CUDA or TensorRT ended the run, a `Profile` or
            a `PrecisionComparison` as Ctrl-C would have left it, with the error in
            ``counts.failure``; None where nothing was.
    """

    exit_code = 1
    result: object | None = None


class ResultError(TrtcoreError):
    """A saved result cannot be read or written."""


class WriteError(ResultError):
    """Writing a file failed half-way, such as on a full disk; nothing is left of it."""

    exit_code = 1


def few(names: Iterable[str], most: int = 3) -> str:
    """Returns the first ``most`` names, and how many more there are: ``a, b, c and 7 more``."""
    every = tuple(names)
    more = len(every) - most
    return ", ".join(every[:most]) + (f" and {more} more" if more > 0 else "")


def _in_python(name: str, value: object) -> str:
    return name if value is None else f"{name}={value!r}"


# A context variable and not a global: threads and tasks of one process may spell differently.
_spelling: ContextVar[Spelling] = ContextVar("spelling", default=_in_python)


def argument(name: str, value: object = None) -> str:
    """How a message names an argument: as in Python, or as `spelled_by` sets it.

    Args:
        name: of the argument, such as ``keep_fp32``.
        value: to name with it, as in ``batch=4``; None names the argument alone.
    """
    return _spelling.get()(name, value)


@contextmanager
def spelled_by(spelling: Spelling) -> Iterator[None]:
    """Names arguments in another way in messages made inside the block."""
    token = _spelling.set(spelling)
    try:
        yield
    finally:
        _spelling.reset(token)
