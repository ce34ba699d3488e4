"""The command line: every failure is one line on standard error and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from trtcore.cli.arguments import parse_arguments
from trtcore.cli.declared import spelled
from trtcore.cli.streams import CLOSED_PIPE, drop_output, is_of_output, marked_output, ready_streams
from trtcore.cli.terminal import notify
from trtcore.cli.termination import INTERRUPTED, Termination, terminable
from trtcore.errors import TrtcoreError, spelled_by

_FAILED = 1
# What a source tree lacks before it is built; see `_uncompiled`.
_COMPILED = ("trtcore.measure._core", "trtcore.stats._stats")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: without the program's name; those of this process if left out.

    Returns:
        The exit code: 0 done, 1 the run failed, 2 bad input, 3 a condition of ``compare`` is
        broken, 130 interrupted, 141 the output's pipe is closed, 143 terminated.
    """
    ready_streams()
    try:
        with marked_output(), spelled_by(spelled):
            try:
                with terminable() as termination:
                    return termination.exit_code(_run(arguments, termination))
            finally:
                # Here, where a closed pipe is still handled: Python's own flush comes too late.
                sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
        return CLOSED_PIPE
    except OSError as error:  # a full disk behind `> file`, for one
        if not is_of_output(error):
            raise
        drop_output()
        return _failed(f"error: standard output cannot be written ({error.strerror})", _FAILED)


def _run(arguments: Sequence[str] | None, termination: Termination) -> int:
    options = parse_arguments(arguments)
    try:
        code: int = options.command(options)
    except KeyboardInterrupt:
        return _failed("terminated" if termination.received else "interrupted", INTERRUPTED)
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and is_of_output(error):
            if options.debug:
                import traceback

                traceback.print_exc()
            raise  # `main` has the exit code for it, with --debug too
        if options.debug:
            if isinstance(error, TrtcoreError) and error.quoted:
                notify(f"quoted in full: {error.quoted}")
            raise
        return _explained(error)
    return code


def _explained(error: Exception) -> int:
    if isinstance(error, TrtcoreError):
        return _failed(f"error: {_one_line(error)}", error.exit_code)
    if isinstance(error, ImportError) and (folder := _uncompiled()):
        return _failed(
            f"error: {folder} is a source tree without its compiled modules, and hides the "
            "installed package: work in another folder, or install it with pip install -e",
            _FAILED,
        )
    # Any other exception is a fault of trtcore: its type is the first thing a bug report needs.
    name = type(error).__name__
    return _failed(f"unexpected {name}: {_one_line(error)}; --debug shows where", _FAILED)


def _uncompiled() -> str:
    """The folder that trtcore was imported from, if its compiled modules are missing there."""
    from importlib.util import find_spec
    from pathlib import Path

    is_whole = all(find_spec(name) for name in _COMPILED)
    return "" if is_whole else str(Path(__file__).parents[2])


def _failed(line: str, code: int) -> int:
    notify(line)
    return code


def _one_line(error: Exception) -> str:
    # Messages of TensorRT and ONNX Runtime have several lines; logs are read line by line.
    return " ".join(str(error).split())
