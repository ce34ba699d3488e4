"""Progress bar, warnings and notes on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import isnan
from time import monotonic
from typing import TYPE_CHECKING, Any

from trtcore.system.progress import Progress, RoundReport

if TYPE_CHECKING:
    from trtcore.result.records.counts import Counts

# Drawing takes a millisecond or two, and builds report thousands of steps.
_LEAST_GAP_S = 0.1


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
        TextColumn("{task.fields[round]}"),
    )
    plain = {"color_system": None} if os.environ.get("NO_COLOR") else {}
    console = Console(stderr=True, **plain)  # type: ignore[arg-type]
    # No thread that draws: it would do so in the middle of iterations that are timed.
    with Bar(*columns, console=console, transient=True, auto_refresh=False) as bar:
        yield _Phases(bar)


class _Phases:
    """One bar for the phase that reported last; phases of a build nest, so outer ones return."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=None, round="")
        self._phase, self._drawn_s = "", float("-inf")

    def __call__(self, phase: str, done: int, total: int, /) -> None:
        is_new, self._phase = phase != self._phase, phase
        # A total of 0 is unknown: None makes the bar pulse instead of standing at the end.
        self._bar.update(self._task, description=phase, completed=done, total=total or None)
        now = monotonic()
        if is_new or now - self._drawn_s >= _LEAST_GAP_S:
            self._drawn_s = now
            self._bar.refresh()

    def round_done(self, report: RoundReport) -> None:
        """Shows the running median beside the bar."""
        self._bar.update(self._task, round=round_text(report), refresh=True)


def round_text(report: RoundReport) -> str:
    """Returns a round in a few words: ``round 3, 0.2512 ms (0.2508 to 0.2519), 1980 MHz``."""
    parts = [f"round {report.rounds}"]
    if not isnan(report.median_ms):
        known = not isnan(report.low_ms)
        interval = f" ({report.low_ms:.4f} to {report.high_ms:.4f})" if known else ""
        parts.append(f"{report.median_ms:.4f} ms{interval}")
    if report.sm_mhz:
        parts.append(f"{report.sm_mhz} MHz")
    return ", ".join(parts)


def warn(lines: Iterable[str], counts: Counts | None = None) -> None:
    """Prints the warnings of a result whose report is not printed.

    Args:
        lines: the warnings.
        counts: of the run, if there was one: what ended it is told by the command's last line.
    """
    told = None
    if counts is not None and counts.failure is not None:
        from trtcore.result.analysis.failures import failure_text

        told = failure_text(counts.failure)
    for line in lines:
        if told is None or told not in line:
            notify(f"warning: {line}")


def notify(line: str) -> None:
    """Prints a line on standard error, with control characters escaped: names come from files."""
    from trtcore.report.content.printable import printable_text

    print(f"trtcore: {printable_text(line)}", file=sys.stderr)
