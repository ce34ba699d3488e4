"""``trtcore history``: runs in SQLite, their trends, and a check for CI."""

from __future__ import annotations

import argparse
import subprocess
from math import isnan
from typing import TYPE_CHECKING

from trtcore.cli.outputs import check_outputs
from trtcore.cli.screen import Screen
from trtcore.cli.terminal import notify
from trtcore.cli.trend import entry_words, read_trend, trend_lines
from trtcore.errors import OptionError, spelled_by
from trtcore.history.database import opened, writing
from trtcore.history.journal import note_run
from trtcore.history.judged import Judged, Verdict
from trtcore.history.store import add_run, find_run, group_name, groups_of, latest_runs
from trtcore.report.content.printable import printable_text
from trtcore.report.html.libraries import require_libraries
from trtcore.system.files import write_file

if TYPE_CHECKING:
    from trtcore.history.check import Checked

# Actions import what reads results or draws pages: that takes longer than a trend of 10,000 runs.
_SLOWER = 3
# A chart in a file or a pipe, which has no width.
_PLAIN_WIDTH = 100


def run(options: argparse.Namespace) -> int:
    """Runs an action and returns its exit code: 3 when ``check`` finds something slower."""
    actions = {
        "add": _add,
        "list": _list,
        "show": _show,
        "trend": _trend,
        "check": _check,
        "rebuild": _rebuild,
    }
    with spelled_by(_spelled):
        return actions[options.action](options)


def _spelled(name: str, value: object) -> str:
    flag = f"--{name.replace('_', '-')}"
    return flag if value is None or value is True else f"{flag} {value}"


def _add(options: argparse.Namespace) -> int:
    from trtcore.history.summary import read_run

    commit = _commit() if options.commit is None else options.commit
    # Read before the database is locked, so that others wait for milliseconds only.
    runs = [read_run(file, label=options.label, commit=commit) for file in options.files]
    with opened(options.db, create=True) as connection, writing(connection):
        for one in runs:
            note_run(options.db, one)
        added = [add_run(connection, one) for one in runs]
    for file, (number, is_new) in zip(options.files, added, strict=True):
        _print(f"run {number}: {file}{'' if is_new else ' (was there)'}")
    return 0


def _commit() -> str:
    """The commit of the current folder; ``""`` outside of git, or without git."""
    try:
        ran = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def _list(options: argparse.Namespace) -> int:
    _check_last(options)
    with opened(options.db) as connection:
        entries = latest_runs(
            connection, model=options.model, label=options.label, most=options.last
        )
    for entry in entries:
        total = entry.run.total
        _print(f"{entry_words(entry)}  {total.ms:.4f} ms  {entry.run.setup.words()}")
    return 0


def _check_last(options: argparse.Namespace) -> None:
    if options.last < 0:
        raise OptionError(f"--last is {options.last}, must be 0 or more")


def _show(options: argparse.Namespace) -> int:
    with opened(options.db) as connection:
        entry = find_run(connection, options.number)
        if entry is None:
            raise OptionError(f"RUN is {options.number}: {options.db} has no run of that number")
        groups = groups_of(connection, options.number)
    one, total = entry.run, entry.run.total
    clock = f", SM clock {one.sm_mhz[0]} to {one.sm_mhz[1]} MHz" if one.sm_mhz[1] else ""
    lines = [
        f"run {entry.number}: {one.setup.words()}",
        f"measured {one.date or 'at an unknown time'}, on {one.place.words()}{clock}"
        f"{_repeats(total.processes)}",
        f"label {one.label or 'none'}, commit {one.commit or 'unknown'}, "
        f"engine {one.engine_hash}, model {one.setup.model_hash}, "
        f"plan {one.plan_hash[:16] or 'unknown'}, weights {one.weights_hash[:16] or 'unknown'}",
        f"saved in {one.file}",
        f"{'ms':>10} {'spread':>7}",
    ]
    rows = [(f"total ({one.series})", total)]
    rows += [(group_name(nodes), time) for nodes, time in groups.items()]
    for name, time in rows:
        spread = "" if isnan(time.spread) else f"{time.spread:.1%}"
        lines.append(f"{time.ms:>10.4f} {spread:>7}  {name}")
    _print(*lines)
    return 0


def _repeats(processes: int) -> str:
    return f", in {processes} processes" if processes > 1 else ""


def _trend(options: argparse.Namespace) -> int:
    if options.html:
        require_libraries()
        check_outputs({"--html": options.html}, {"--db": options.db})
    _check_last(options)
    trend = read_trend(options.db, options.model, options.group, options.last)
    if options.html:
        from trtcore.cli.trend_page import render_trend

        page = render_trend(trend, options.model)
        write_file(options.html, page.encode(errors="backslashreplace"))
        return 0
    _print(*trend_lines(trend, Screen().table_width or _PLAIN_WIDTH))
    return 0


def _check(options: argparse.Namespace) -> int:
    from trtcore.history.check import check, parse_against
    from trtcore.history.summary import read_run

    if not 0 < options.margin < 100:
        raise OptionError(f"--margin is {options.margin:g}, must be between 0 and 100")
    against = parse_against(options.against)
    new = read_run(options.file)
    with opened(options.db) as connection:
        checked = check(
            connection,
            new,
            against,
            any_place=options.any_environment,
            margin=options.margin / 100,
        )
    _print_check(checked, show_all=options.all)
    for note in checked.notes:
        notify(note)
    return _SLOWER if checked.is_slower else 0


def _print_check(checked: Checked, *, show_all: bool) -> None:
    numbers = ", ".join(str(base.number) for base in checked.bases)
    _print(f"{checked.new.setup.words()}, against runs {numbers}")
    total, *groups = checked.rows
    listed = [row for row in groups if show_all or row.verdict is not Verdict.SAME]
    _print(*(_judged(row) for row in (total, *listed)))
    counts = {v: sum(row.verdict is v for row in groups) for v in Verdict}
    _print("groups: " + ", ".join(f"{count} {v.value}" for v, count in counts.items()))


def _judged(row: Judged) -> str:
    if isnan(row.interval[0]):
        return f"{row.verdict.value:<9}  {row.base_ms:.4f} -> {row.new_ms:.4f} ms  {row.name}"
    low, high = (f"{end - 1:+.1%}" for end in row.interval)
    change = f"{row.ratio - 1:+.1%} ({low} to {high})"
    return f"{row.verdict.value:<9}  {row.base_ms:.4f} -> {row.new_ms:.4f} ms  {change}  {row.name}"


def _rebuild(options: argparse.Namespace) -> int:
    from trtcore.history.rebuild import rebuild

    done = rebuild(options.db, options.folder, drop=options.drop)
    for line in done.refused:
        notify(f"left out: {line}")
    _print(f"{options.db}: {done.runs} runs")
    return 0


def _print(*lines: str) -> None:
    for line in lines:
        print(printable_text(line))
