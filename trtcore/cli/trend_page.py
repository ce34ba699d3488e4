"""The page of ``trtcore history trend --html``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from math import isnan
from pathlib import Path
from typing import Any

from trtcore.cli.trend import Trend, change_of, entry_words, point_of
from trtcore.history.records import Setup
from trtcore.history.rows import Entry
from trtcore.report.html.drawn import DrawnSection, LinkedRow, LinkedTable, Picture, render_drawn

_PICTURE = Picture(
    "trend",
    "The time over the runs; the table below has the same",
    "In the order of the runs, with 95 % intervals within each. A dotted line is another "
    "environment, whose times are not to be compared.",
)
_HEADINGS = ("run", "measured", "commit", "label", "ms", "95 % interval", "environment")


def render_trend(trend: Trend, model: str) -> str:
    """The trend as a page.

    Raises:
        OptionError: the extra ``report`` is not installed.
    """
    sections = [_section(trend, setup, entries) for setup, entries in trend.setups.items()]
    command = ("This page", shlex.join(["trtcore", *sys.argv[1:]]))
    return render_drawn(f"History of {model}: {trend.title}", sections, commands=(command,))


def _section(trend: Trend, setup: Setup, entries: Sequence[Entry]) -> DrawnSection:
    first, last = (trend.times[entry.number].ms for entry in (entries[0], entries[-1]))
    return DrawnSection(
        title=setup.words(),
        verdict=f"1 run, {last:.4f} ms."
        if len(entries) == 1
        else f"{len(entries)} runs, from {first:.4f} to {last:.4f} ms in the latest.",
        facts=(
            ("Time", trend.title),
            ("Oldest run", f"on {entries[0].run.place.words()}"),
            ("Latest run", f"on {entries[-1].run.place.words()}"),
        ),
        choices=(),
        pictures=(_PICTURE,),
        table=LinkedTable(
            f"Runs of {setup.words()}",
            _HEADINGS,
            tuple(_row(trend, entries, i) for i in range(len(entries))),
        ),
        notes=(),
        data={"runs": [_drawn(trend, entries, i) for i in range(len(entries))]},
    )


def _row(trend: Trend, entries: Sequence[Entry], i: int) -> LinkedRow:
    run, point = entries[i].run, point_of(trend, entries[i])
    low, high = point.ends
    reach = "-" if isnan(point.error_ms) else f"{low:.4f} to {high:.4f}"
    cells = (run.date[:16], run.commit[:8], run.label, f"{point.ms:.4f}", reach)
    return LinkedRow(str(entries[i].number), "", (*cells, change_of(entries, i)))


def _drawn(trend: Trend, entries: Sequence[Entry], i: int) -> dict[str, Any]:
    run, point = entries[i].run, point_of(trend, entries[i])
    low, high = point.ends
    return {
        "words": " ".join(entry_words(entries[i]).split()),
        "short": run.label or run.commit[:8] or run.date[:10] or Path(run.file).name,
        "ms": point.ms,
        "low": low,
        "high": high,
        "change": change_of(entries, i),
    }
