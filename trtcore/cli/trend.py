"""What ``trtcore history trend`` draws: a time over the runs of each setup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from trtcore.errors import OptionError, ResultError
from trtcore.history.chart import Point, draw
from trtcore.history.database import opened
from trtcore.history.records import Setup, Time
from trtcore.history.rows import Entry
from trtcore.history.store import group_name, group_trend, groups_with, latest_runs


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
        lines += _with_changes(entries, draw([point_of(trend, e) for e in entries], width))
    return lines


def point_of(trend: Trend, entry: Entry) -> Point:
    """The time of a run, to be drawn."""
    time = trend.times[entry.number]
    return Point(entry_words(entry), time.ms, time.error_ms)


def change_of(entries: Sequence[Entry], i: int) -> str:
    """What is new in the environment of a run; ``""`` of the first one."""
    return entries[i].run.place.differences(entries[i - 1].run.place) if i else ""


def _with_changes(entries: Sequence[Entry], lines: Sequence[str]) -> list[str]:
    """The lines of a chart, with one before each run whose environment is another."""
    drawn = [f"on {entries[0].run.place.words()}"]
    for i, line in enumerate(lines):
        if change := change_of(entries, i):
            drawn.append(f"environment: {change}")
        drawn.append(line)
    return drawn
