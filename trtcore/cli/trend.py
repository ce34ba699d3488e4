"""What ``trtcore history trend`` draws: a time over the runs of each setup."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple

from trtcore.errors import OptionError, ResultError
from trtcore.history.chart import Point, draw
from trtcore.history.database import opened
from trtcore.history.records import Setup, Time
from trtcore.history.rows import Entry
from trtcore.history.store import group_name, group_trend, groups_with, latest_runs
from trtcore.report.html.drawn import DrawnSection, LinkedRow, LinkedTable, Picture, render_drawn


class Trend(NamedTuple):
    """A time over runs.

    Attributes:
        title: ``total``, or the name of the group.
        setups: the runs that have it, by model and options, the oldest first.
        times: by number of the run.
    """

    title: str
    setups: Mapping[Setup, Sequence[Entry]]
    times: Mapping[int, Time]


def read_trend(database: str, model: str, group: str | None, last: int) -> Trend:
    """Reads the latest runs of a model, and the times of a group if one is named.

    Raises:
        ResultError: there is no such run, or no history.
        OptionError: there is no such group.
    """
    with opened(database) as connection:
        entries = latest_runs(connection, model=model, most=last)
        if not entries:
            raise ResultError(f"{database}: has no run of '{model}'")
        times = {entry.number: entry.run.total for entry in entries}
        title = "total"
        if group is not None:
            found = list(groups_with(connection, model, group))
            if not found:
                raise OptionError(f"--group {group}: no run of '{model}' has such a group or node")
            # Different fusions hold the node in different groups; each run has one of them.
            times = {
                number: time
                for nodes in found
                for number, time in group_trend(connection, model, nodes).items()
            }
            title = group_name(found[0]) if len(found) == 1 else f"groups with {group}"
    setups: dict[Setup, list[Entry]] = {}
    for entry in entries:
        if entry.number in times:
            setups.setdefault(entry.run.setup, []).append(entry)
    return Trend(title, setups, times)


def entry_words(entry: Entry) -> str:
    """A run in a line: number, date, commit and label."""
    one = entry.run
    return f"{entry.number:>5}  {one.date[:16]:<16}  {one.commit[:8]:<8}  {one.label}".rstrip()


def trend_lines(trend: Trend, width: int) -> list[str]:
    """The trend as text, for terminals."""
    lines = []
    for setup, entries in trend.setups.items():
        lines.append(f"{setup.words()}: {trend.title}, ms with its 95 % interval")
        lines += _with_changes(entries, draw([_point(trend, e) for e in entries], width))
    return lines


def render_trend(trend: Trend, model: str) -> str:
    """The trend as a page.

    Raises:
        OptionError: the extra ``report`` is not installed.
    """
    sections = [_section(trend, setup, entries) for setup, entries in trend.setups.items()]
    command = ("This page", shlex.join(["trtcore", *sys.argv[1:]]))
    return render_drawn(f"History of {model}: {trend.title}", sections, commands=(command,))


def _point(trend: Trend, entry: Entry) -> Point:
    time = trend.times[entry.number]
    return Point(entry_words(entry), time.ms, time.error_ms)


def _change(entries: Sequence[Entry], i: int) -> str:
    """What is new in the environment of a run; ``""`` of the first one."""
    return entries[i].run.place.differences(entries[i - 1].run.place) if i else ""


def _with_changes(entries: Sequence[Entry], lines: Sequence[str]) -> list[str]:
    """The lines of a chart, with one before each run whose environment is another."""
    drawn = [f"on {entries[0].run.place.words()}"]
    for i, line in enumerate(lines):
        if change := _change(entries, i):
            drawn.append(f"environment: {change}")
        drawn.append(line)
    return drawn


_PICTURE = Picture(
    "trend",
    "The time over the runs; the table below has the same",
    "In the order of the runs, with 95 % intervals within each. A dotted line is another "
    "environment, whose times are not to be compared.",
)
_HEADINGS = ("run", "measured", "commit", "label", "ms", "95 % interval", "environment")


def _section(trend: Trend, setup: Setup, entries: Sequence[Entry]) -> DrawnSection:
    first, last = (trend.times[entry.number].ms for entry in (entries[0], entries[-1]))
    return DrawnSection(
        title=setup.words(),
        verdict=f"{len(entries)} runs, from {first:.4f} to {last:.4f} ms in the latest.",
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
    run, point = entries[i].run, _point(trend, entries[i])
    low, high = point.ends
    reach = "-" if isnan(point.error_ms) else f"{low:.4f} to {high:.4f}"
    cells = (run.date[:16], run.commit[:8], run.label, f"{point.ms:.4f}", reach)
    return LinkedRow(str(entries[i].number), "", (*cells, _change(entries, i)))


def _drawn(trend: Trend, entries: Sequence[Entry], i: int) -> dict[str, Any]:
    run, point = entries[i].run, _point(trend, entries[i])
    low, high = point.ends
    return {
        "words": " ".join(entry_words(entries[i]).split()),
        "short": run.label or run.commit[:8] or run.date[:10] or Path(run.file).name,
        "ms": point.ms,
        "low": low,
        "high": high,
        "change": _change(entries, i),
    }
