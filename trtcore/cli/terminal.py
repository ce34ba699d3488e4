"""Progress bar, warnings and notes on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from trtcore.system.progress import Progress


@contextmanager
def shown_progress(quiet: bool) -> Iterator[Progress | None]:
    """A function that shows a phase, steps done and steps in all; None where nothing is shown."""
    # Not into files and logs, where every redraw would be a line.
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
    """One bar for the phase that reported last; phases of a build nest, so outer ones return."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=None)

    def show(self, phase: str, done: int, total: int) -> None:
        # A total of 0 is unknown: None makes the bar pulse instead of standing at the end.
        self._bar.update(self._task, description=phase, completed=done, total=total or None)


def warn(lines: Iterable[str]) -> None:
    """Prints the warnings of a result whose report is not printed."""
    for line in lines:
        notify(f"warning: {line}")


def notify(line: str) -> None:
    """Prints a line on standard error, with control characters escaped: names come from files."""
    from trtcore.report.content.printable import printable_text

    print(f"trtcore: {printable_text(line)}", file=sys.stderr)
