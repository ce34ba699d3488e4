"""The command line: one line and an exit code for whatever goes wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from trtcore.cli.arguments import make_parser
from trtcore.errors import TrtcoreError

INTERRUPTED = 130
_FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: without the program's name; those of this process if left out.

    Returns:
        The exit code: 0 done, 1 the run failed, 2 bad input, 130 interrupted.
    """
    options = make_parser().parse_args(arguments)
    try:
        code: int = options.command(options)
    except KeyboardInterrupt:
        print("trtcore: interrupted before anything was measured", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except TrtcoreError as error:
        if options.debug:
            raise
        print(f"trtcore: error: {_one_line(error)}", file=sys.stderr)
        return error.exit_code
    except Exception as error:
        if options.debug:
            raise
        name = type(error).__name__
        print(
            f"trtcore: unexpected {name}: {_one_line(error)}; --debug shows where", file=sys.stderr
        )
        return _FAILED
    return code


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
