"""One call in a fresh interpreter: ``python -m trtcore.measure.processes.child TASK ANSWER PID``.

PID is that of the calling process. Both files are pickles in a folder that only these two use.
"""

from __future__ import annotations

import pickle
import signal
import sys
from pathlib import Path
from typing import NoReturn

# Of another module: what this one defines would be pickled as a part of `__main__`.
from trtcore.measure.processes.answers import answer
from trtcore.system.parent import end_with

_ORPHANED = 1


def main(task: str, answered: str, parent: str) -> None:
    """Reads a task, and writes its answer aside first: the caller never reads half of one."""
    end_with(int(parent), _ORPHANED)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    aside = Path(answered + ".part")
    aside.write_bytes(pickle.dumps(answer(Path(task).read_bytes())))
    aside.rename(answered)


def _interrupt(*_: object) -> NoReturn:
    """Ends the call, which answers with what it has; a second signal must not end that."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(*sys.argv[1:])
