"""One call in a fresh interpreter: ``python -m trtcore.measure.processes.child TASK ANSWER``.

Both files are pickles in a folder that only the calling process and this one use.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

# Of another module: what this one defines would be pickled as a part of `__main__`.
from trtcore.measure.processes.answers import answer


def main(task: str, answered: str) -> None:
    """Reads a task, and writes its answer aside first: the caller never reads half of one."""
    aside = Path(answered + ".part")
    aside.write_bytes(pickle.dumps(answer(Path(task).read_bytes())))
    aside.rename(answered)


if __name__ == "__main__":
    main(*sys.argv[1:])
