"""What the database holds, made into records: SQLite holds any type in any column.

A file that was tampered with is refused as a damaged one is, by the errors of SQLite, which
`trtcore.history.database.opened` explains.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from math import isnan, nan
from typing import Any

from trtcore.history.records import Place, Run, Setup, Time
from trtcore.system.json_text import read_json


@dataclass(frozen=True)
class Entry:
    """A run as it is listed: all but the times of its groups.

    Attributes:
        number: of the run in this database.
        run: the run; ``groups`` is empty.
    """

    number: int
    run: Run


SETUP = tuple(field.name for field in fields(Setup))
PLACE = tuple(field.name for field in fields(Place))
RUN = (
    *("id", "content", "file", "date", "label", "git_commit", "engine_hash", "sm_mhz_min"),
    *("sm_mhz_max", "throttled", "clock_step_ms", "series", "ms", "error_ms", "spread"),
    *("processes", "plan_hash", "weights_hash", "setup", "place"),
)
COLUMNS = ", ".join(f"r.{name}" for name in RUN)
"""Of the table ``run AS r``, for `entries`."""

_WHOLE = {"id", "sm_mhz_min", "sm_mhz_max", "throttled", "batch", "memory_mhz", "processes"}
_WHOLE |= {"setup", "place"}
_TIMES = {"clock_step_ms", "ms", "error_ms", "spread"}
# Samples are float32: no time, error or ratio of the two lies outside of what that holds.
_LARGEST = float.fromhex("0x1.fffffep+127")
_SMALLEST = float.fromhex("0x1p-149")


def entries(connection: sqlite3.Connection, rows: Iterable[Sequence[Any]]) -> list[Entry]:
    """Returns the runs of rows of `COLUMNS`; thousands share a few setups and places.

    Raises:
        sqlite3.DatabaseError: values that no run has.
    """
    read = partial(_shared, connection)
    setups: dict[int, Setup] = {}
    places: dict[int, Place] = {}
    found = []
    for row in rows:
        _require_types(row, _RUN_TYPES)
        *values, setup, place = row
        if setup not in setups:
            setups[setup] = Setup(*read("setup", SETUP, setup))
        if place not in places:
            places[place] = Place(*read("place", PLACE, place))
        found.append(_entry(values, setups[setup], places[place]))
    return found


def _shared(
    connection: sqlite3.Connection, table: str, names: Sequence[str], number: int
) -> tuple[Any, ...]:
    query = f"SELECT {', '.join(names)} FROM {table} WHERE id = ?"
    row: tuple[Any, ...] | None = connection.execute(query, (number,)).fetchone()
    if row is None:
        raise sqlite3.DatabaseError(f"malformed run: no {table} {number}")
    _require_types(row, [_type_of(name) for name in names])
    return row


def _entry(values: Sequence[Any], setup: Setup, place: Place) -> Entry:
    """By place and not by name: a trend reads ten thousand."""
    number, content, file, date, label, commit, engine, lowest, highest = values[:9]
    throttled, step_ms, series, ms, error_ms, spread, processes, plan, weights = values[9:]
    run = Run(
        content,
        file,
        date,
        label,
        commit,
        setup,
        place,
        engine,
        (lowest, highest),
        throttled,
        _checked_time(step_ms),
        series,
        time_of((ms, error_ms, spread), processes),
        {},
        plan,
        weights,
    )
    return Entry(number, run)


def time_of(values: Sequence[Any], processes: int = 1) -> Time:
    """A time of its median, error and spread; SQLite keeps NaN as NULL.

    Raises:
        sqlite3.DatabaseError: no time has these values.
    """
    ms, error_ms, spread = (nan if value is None else _checked_time(value) for value in values)
    if isnan(ms):
        raise sqlite3.DatabaseError("malformed time: NULL")
    return Time(ms, error_ms, spread, processes)


def nodes_of(text: object) -> tuple[str, ...]:
    """The nodes of a group, from their JSON.

    Raises:
        sqlite3.DatabaseError: something else.
    """
    try:
        nodes = read_json(text) if isinstance(text, str) else None
    except ValueError as error:
        raise sqlite3.DatabaseError(f"malformed nodes of a group ({error}): {text!r:.60}") from None
    if not isinstance(nodes, list) or not nodes or not all(isinstance(n, str) for n in nodes):
        raise sqlite3.DatabaseError(f"malformed nodes of a group: {text!r:.60}")
    return tuple(nodes)


def number_of(value: object) -> int:
    """The number of a row.

    Raises:
        sqlite3.DatabaseError: it is none.
    """
    if type(value) is not int:
        raise sqlite3.DatabaseError(f"malformed number of a row: {value!r:.60}")
    return value


def _type_of(name: str) -> type | None:
    """The type of a column; None of times, which `_checked_time` looks at."""
    return None if name in _TIMES else int if name in _WHOLE else str


_RUN_TYPES = [_type_of(name) for name in RUN]


def _require_types(row: Sequence[object], types: Sequence[type | None]) -> None:
    for value, kind in zip(row, types, strict=True):
        if kind is not None and type(value) is not kind:
            raise sqlite3.DatabaseError(f"malformed run: {value!r:.60}")


def _checked_time(value: Any) -> float:
    """A time, an error or a spread; an error for what no measurement gives."""
    is_time = type(value) in (int, float) and (value == 0 or _SMALLEST <= value <= _LARGEST)
    if not is_time:
        raise sqlite3.DatabaseError(f"malformed time: {value!r:.60}")
    return float(value)
