"""Runs in and out of the database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from math import isnan, nan
from typing import Any

import numpy as np

from trtcore.history.records import Place, Run, Setup, Time


@dataclass(frozen=True)
class Entry:
    """A run as it is listed: all but the times of its groups.

    Attributes:
        number: of the run in this database.
        run: the run; ``groups`` is empty.
    """

    number: int
    run: Run


_SETUP = tuple(field.name for field in fields(Setup))
_PLACE = tuple(field.name for field in fields(Place))
_RUN = (
    *("id", "content", "file", "date", "label", "git_commit", "engine_hash", "sm_mhz_min"),
    *("sm_mhz_max", "throttled", "clock_step_ms", "series", "ms", "error_ms", "spread"),
)
_COLUMNS = ", ".join(
    [f"r.{name}" for name in _RUN] + [f"s.{n}" for n in _SETUP] + [f"p.{n}" for n in _PLACE]
)
_WHOLE = {"id", "sm_mhz_min", "sm_mhz_max", "throttled", "batch", "memory_mhz"}
_TIMES = {"clock_step_ms", "ms", "error_ms", "spread"}
_TEXTS = tuple(i for i, name in enumerate((*_RUN, *_SETUP, *_PLACE)) if name not in _WHOLE | _TIMES)
_NUMBERS = tuple(i for i, name in enumerate((*_RUN, *_SETUP, *_PLACE)) if name in _WHOLE)
# Samples are float32: no time, error or ratio of the two lies outside of what that holds.
_LARGEST = float(np.finfo(np.float32).max)
_SMALLEST = float(np.finfo(np.float32).smallest_subnormal)
_FROM = "FROM run r JOIN setup s ON s.id = r.setup JOIN place p ON p.id = r.place"


def add_run(connection: sqlite3.Connection, run: Run) -> tuple[int, bool]:
    """Adds a run inside a transaction; one that is there gets a new label or commit if given.

    Returns:
        Its number, and whether it is new.
    """
    known = connection.execute("SELECT id FROM run WHERE content = ?", (run.content,)).fetchone()
    if known is not None:
        connection.execute(
            "UPDATE run SET label = CASE WHEN ?1 = '' THEN label ELSE ?1 END, "
            "git_commit = CASE WHEN ?2 = '' THEN git_commit ELSE ?2 END, file = ?3 WHERE id = ?4",
            (run.label, run.commit, run.file, known[0]),
        )
        return int(known[0]), False
    setup = _made_id(connection, "setup", _SETUP, astuple(run.setup))
    place = _made_id(connection, "place", _PLACE, astuple(run.place))
    values = (
        *(run.content, run.file, run.date, run.label, run.commit, setup, place, run.engine_hash),
        *(*run.sm_mhz, run.throttled, run.clock_step_ms, run.series, *_three(run.total)),
    )
    number = connection.execute(
        "INSERT INTO run(content, file, date, label, git_commit, setup, place, engine_hash, "
        "sm_mhz_min, sm_mhz_max, throttled, clock_step_ms, series, ms, error_ms, spread) "
        f"VALUES ({', '.join('?' * len(values))})",
        values,
    ).lastrowid
    assert number is not None  # an INSERT has one
    _add_groups(connection, number, setup, run)
    return number, True


def _add_groups(connection: sqlite3.Connection, number: int, setup: int, run: Run) -> None:
    names = [json.dumps(nodes) for nodes in run.groups]
    connection.executemany(
        "INSERT OR IGNORE INTO node_group(setup, nodes) VALUES (?, ?)",
        [(setup, name) for name in names],
    )
    connection.executemany(
        "INSERT INTO group_time SELECT id, ?, ?, ?, ?, ? FROM node_group "
        "WHERE setup = ? AND nodes = ?",
        [
            (number, i, *_three(time), setup, name)
            for i, (name, time) in enumerate(zip(names, run.groups.values(), strict=True))
        ],
    )


def _made_id(
    connection: sqlite3.Connection, table: str, names: Sequence[str], values: Sequence[object]
) -> int:
    """The row of a table with these values, which is made if it is not there."""
    marks = ", ".join("?" * len(names))
    connection.execute(
        f"INSERT OR IGNORE INTO {table}({', '.join(names)}) VALUES ({marks})", values
    )
    found = _known_id(connection, table, names, values)
    assert found is not None  # it was there, or has just been made
    return found


def latest_runs(
    connection: sqlite3.Connection, *, model: str = "", label: str = "", most: int = 0
) -> list[Entry]:
    """Returns runs, the oldest first.

    Args:
        connection: of the database.
        model: its name; ``""`` for any.
        label: of the runs; ``""`` for any.
        most: only so many of the latest; 0 for all.
    """
    wanted = " AND ".join(
        text for text, is_given in (("s.model = ?1", model), ("r.label = ?2", label)) if is_given
    )
    rows = connection.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE {wanted or '?1 = ?2 OR 1'} "
        "ORDER BY r.date DESC, r.id DESC LIMIT ?3",
        (model, label, most or -1),
    )
    return [_entry(row) for row in rows][::-1]


def find_run(connection: sqlite3.Connection, number: int) -> Entry | None:
    """Returns a run by its number; None if there is none."""
    row = connection.execute(f"SELECT {_COLUMNS} {_FROM} WHERE r.id = ?", (number,)).fetchone()
    return None if row is None else _entry(row)


def groups_of(connection: sqlite3.Connection, number: int) -> dict[tuple[str, ...], Time]:
    """Returns the times of a run's groups, in the order of execution."""
    rows = connection.execute(
        "SELECT g.nodes, t.ms, t.error_ms, t.spread FROM group_time t "
        "JOIN node_group g ON g.id = t.node_group WHERE t.run = ? ORDER BY t.place_in_run",
        (number,),
    )
    return {_nodes(row[0]): _time(row[1:]) for row in rows}


GROUP_TREND = (
    "SELECT t.run, t.ms, t.error_ms, t.spread FROM node_group g "
    "JOIN group_time t ON t.node_group = g.id WHERE g.setup IN "
    "(SELECT id FROM setup WHERE model = ?) AND g.nodes = ?"
)
"""The times of one group by run: a range of the table, however many other groups there are."""


def group_trend(
    connection: sqlite3.Connection, model: str, nodes: tuple[str, ...]
) -> dict[int, Time]:
    """Returns the times of a group by the numbers of the runs."""
    rows = connection.execute(GROUP_TREND, (model, json.dumps(nodes)))
    return {_number(row[0]): _time(row[1:]) for row in rows}


def groups_with(connection: sqlite3.Connection, model: str, name: str) -> Iterator[tuple[str, ...]]:
    """Yields the groups of a model that hold a node of this name, or are called so."""
    rows = connection.execute(
        "SELECT DISTINCT g.nodes FROM node_group g JOIN setup s ON s.id = g.setup "
        "WHERE s.model = ?",
        (model,),
    )
    for (text,) in rows:
        nodes = _nodes(text)
        if name in nodes or name == group_name(nodes):
            yield nodes


def group_name(nodes: tuple[str, ...]) -> str:
    """A group as `compare` calls it."""
    return " + ".join(nodes)


def earlier_runs(
    connection: sqlite3.Connection,
    run: Run,
    *,
    label: str,
    most: int,
    any_place: bool,
) -> list[Entry]:
    """Returns the latest runs of the same setup that were measured before a run.

    Args:
        connection: of the database.
        run: is left out itself; without a date every other one is earlier.
        label: of the runs; ``""`` for any.
        most: how many.
        any_place: not only those of the same environment.
    """
    setup = _known_id(connection, "setup", _SETUP, astuple(run.setup))
    place = _known_id(connection, "place", _PLACE, astuple(run.place))
    if setup is None or (place is None and not any_place):
        return []
    conditions = ["r.setup = ?1", "r.content <> ?2", "(?3 = '' OR r.date <= ?3)"]
    conditions += ["r.place = ?4"] * (not any_place) + ["r.label = ?5"] * bool(label)
    rows = connection.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE {' AND '.join(conditions)} "
        "ORDER BY r.date DESC, r.id DESC LIMIT ?6",
        (setup, run.content, run.date, place, label, most),
    )
    return [_entry(row) for row in rows]


def _known_id(
    connection: sqlite3.Connection, table: str, names: Sequence[str], values: Sequence[object]
) -> int | None:
    """The row of a table with these values; None if there is none."""
    marks = ", ".join("?" * len(names))
    found = connection.execute(
        f"SELECT id FROM {table} WHERE ({', '.join(names)}) = ({marks})", values
    ).fetchone()
    return None if found is None else _number(found[0])


def _entry(row: tuple[Any, ...]) -> Entry:
    _require_types(row)
    known = dict(zip(_RUN, row, strict=False))
    run = Run(
        content=known["content"],
        file=known["file"],
        date=known["date"],
        label=known["label"],
        commit=known["git_commit"],
        setup=_setup(row[len(_RUN) : len(_RUN) + len(_SETUP)]),
        place=_place(row[-len(_PLACE) :]),
        engine_hash=known["engine_hash"],
        sm_mhz=(known["sm_mhz_min"], known["sm_mhz_max"]),
        throttled=known["throttled"],
        clock_step_ms=_checked_time(known["clock_step_ms"]),
        series=known["series"],
        total=_time((known["ms"], known["error_ms"], known["spread"])),
        groups={},
    )
    return Entry(known["id"], run)


# Thousands of runs share a few setups and environments.
@lru_cache(maxsize=64)
def _setup(values: tuple[Any, ...]) -> Setup:
    return Setup(*values)


@lru_cache(maxsize=64)
def _place(values: tuple[Any, ...]) -> Place:
    return Place(*values)


def _three(time: Time) -> tuple[float, float, float]:
    return time.ms, time.error_ms, time.spread


def _time(values: Sequence[float | None]) -> Time:
    """SQLite keeps NaN as NULL."""
    ms, *others = (nan if value is None else _checked_time(value) for value in values)
    if isnan(ms):
        raise sqlite3.DatabaseError("malformed time: NULL")
    error_ms, spread = others
    return Time(ms, error_ms, spread)


def _nodes(text: object) -> tuple[str, ...]:
    """The nodes of a group, from their JSON."""
    try:
        nodes = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        nodes = None
    if not isinstance(nodes, list) or not nodes or not all(isinstance(n, str) for n in nodes):
        raise sqlite3.DatabaseError(f"malformed nodes of a group: {text!r:.60}")
    return tuple(nodes)


def _require_types(row: Sequence[object]) -> None:
    """SQLite holds any type in any column: those of a file that was tampered with are refused.

    Raises:
        sqlite3.DatabaseError: as for a damaged file, which `opened` explains.
    """
    for places, kind in ((_TEXTS, str), (_NUMBERS, int)):
        for i in places:
            if type(row[i]) is not kind:
                raise sqlite3.DatabaseError(f"malformed run: {row[i]!r:.60}")


def _number(value: object) -> int:
    """The number of a row."""
    if type(value) is not int:
        raise sqlite3.DatabaseError(f"malformed number of a row: {value!r:.60}")
    return value


def _checked_time(value: Any) -> float:
    """A time, an error or a spread.

    Raises:
        sqlite3.DatabaseError: no number, or one that no measurement gives.
    """
    is_time = type(value) in (int, float) and (value == 0 or _SMALLEST <= value <= _LARGEST)
    if not is_time:
        raise sqlite3.DatabaseError(f"malformed time: {value!r:.60}")
    return float(value)
