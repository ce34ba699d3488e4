"""What the user sees while it works: on a terminal a bar, elsewhere nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from trtcore.system.progress import Progress


@contextmanager
def shown_progress(quiet: bool) -> Iterator[Progress | None]:
    """A function that shows a phase, steps done and steps in all on standard error."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description:<32.32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Phases(bar).show


class _Phases:
    """One bar for the phase that reported last; phases of a build nest, so older ones return."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=None)

    def show(self, phase: str, done: int, total: int) -> None:
        self._bar.update(self._task, description=phase, completed=done, total=total or None)


def warn(lines: Iterable[str]) -> None:
    """Prints the warnings of a result whose report is not printed."""
    for line in lines:
        notify(f"warning: {line}")


def notify(line: str) -> None:
    """Prints a line the user should see at once; names in it cannot do anything to a terminal."""
    from trtcore.report.content.printable import printable_text

    print(f"trtcore: {printable_text(line)}", file=sys.stderr)
