"""Runs in and out of the database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple

from trtcore.history.records import Run, Time
from trtcore.history.rows import COLUMNS, PLACE, SETUP, Entry, entries, nodes_of, number_of, time_of


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
    setup = _made_id(connection, "setup", SETUP, astuple(run.setup))
    place = _made_id(connection, "place", PLACE, astuple(run.place))
    values = (
        *(run.content, run.file, run.date, run.label, run.commit, setup, place, run.engine_hash),
        *(*run.sm_mhz, run.throttled, run.clock_step_ms, run.series, *_three(run.total)),
        *(run.total.processes, run.plan_hash, run.weights_hash),
    )
    number = connection.execute(
        "INSERT INTO run(content, file, date, label, git_commit, setup, place, engine_hash, "
        "sm_mhz_min, sm_mhz_max, throttled, clock_step_ms, series, ms, error_ms, spread, "
        "processes, plan_hash, weights_hash) "
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


_OF_MODEL = "r.setup IN (SELECT id FROM setup WHERE model = ?1)"


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
        text for text, is_given in ((_OF_MODEL, model), ("r.label = ?2", label)) if is_given
    )
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM run r WHERE {wanted or '?1 = ?2 OR 1'} "
        "ORDER BY r.date DESC, r.id DESC LIMIT ?3",
        (model, label, most or -1),
    )
    return entries(connection, rows)[::-1]


def find_run(connection: sqlite3.Connection, number: int) -> Entry | None:
    """Returns a run by its number; None if there is none."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM run r WHERE r.id = ?", (number,))
    return next(iter(entries(connection, rows)), None)


def groups_of(connection: sqlite3.Connection, number: int) -> dict[tuple[str, ...], Time]:
    """Returns the times of a run's groups, in the order of execution."""
    rows = connection.execute(
        "SELECT g.nodes, t.ms, t.error_ms, t.spread FROM group_time t "
        "JOIN node_group g ON g.id = t.node_group WHERE t.run = ? ORDER BY t.place_in_run",
        (number,),
    ).fetchall()
    query = "SELECT processes FROM run WHERE id = ?"
    (processes,) = connection.execute(query, (number,)).fetchone() or (1,)
    return {nodes_of(row[0]): time_of(row[1:], processes) for row in rows}


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
    return {number_of(row[0]): time_of(row[1:]) for row in rows}


def groups_with(connection: sqlite3.Connection, model: str, name: str) -> Iterator[tuple[str, ...]]:
    """Yields the groups of a model that hold a node of this name, or are called so."""
    rows = connection.execute(
        "SELECT DISTINCT g.nodes FROM node_group g JOIN setup s ON s.id = g.setup "
        "WHERE s.model = ?",
        (model,),
    )
    for (text,) in rows:
        nodes = nodes_of(text)
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
    setup = _known_id(connection, "setup", SETUP, astuple(run.setup))
    place = _known_id(connection, "place", PLACE, astuple(run.place))
    if setup is None or (place is None and not any_place):
        return []
    conditions = ["r.setup = ?1", "r.content <> ?2", "(?3 = '' OR r.date <= ?3)"]
    conditions += ["r.place = ?4"] * (not any_place) + ["r.label = ?5"] * bool(label)
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM run r WHERE {' AND '.join(conditions)} "
        "ORDER BY r.date DESC, r.id DESC LIMIT ?6",
        (setup, run.content, run.date, place, label, most),
    )
    return entries(connection, rows)


def _known_id(
    connection: sqlite3.Connection, table: str, names: Sequence[str], values: Sequence[object]
) -> int | None:
    """The row of a table with these values; None if there is none."""
    marks = ", ".join("?" * len(names))
    found = connection.execute(
        f"SELECT id FROM {table} WHERE ({', '.join(names)}) = ({marks})", values
    ).fetchone()
    return None if found is None else number_of(found[0])


def _three(time: Time) -> tuple[float, float, float]:
    return time.ms, time.error_ms, time.spread
