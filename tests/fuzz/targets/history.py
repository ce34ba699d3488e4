"""A history whose file was damaged, or whose rows hold what trtcore never writes."""

from __future__ import annotations

import sqlite3
from functools import cache
from math import nan
from pathlib import Path

from fuzz.edits import Bytes
from fuzz.trying import file_of, refusing

from trtcore.history.chart import Point, draw
from trtcore.history.check import Against, check
from trtcore.history.database import opened, writing
from trtcore.history.records import Place, Run, Setup, Time
from trtcore.history.store import (
    add_run,
    find_run,
    group_trend,
    groups_of,
    groups_with,
    latest_runs,
)

TABLES = ("setup", "place", "run", "node_group", "group_time")
GROUPS = {("a", "b"): Time(0.5, 0.01, 0.1), ("c",): Time(0.25, nan, nan)}
SETUP = Setup("net", "m", "tensorrt_rtx", "fp16", 1, "{}")
PLACE = Place("a GPU", "a CPU", "1", "13", "9.0", "TensorRT-RTX", 1, "on", "off", "off")


def run_of(number: int) -> Run:
    """A run of three that differ by their times and dates."""
    total = Time(1.0 + number / 100, 0.01, 0.1)
    kept = (f"c{number}", "f.json", f"2026-01-0{number}", "main", "c0ffee", SETUP, PLACE, "e")
    return Run(*kept, (1000, 1500), 0, 0.0, "gpu_ms", total, GROUPS)


def fuzz_one(data: bytes) -> None:
    # The first byte chooses: the file's bytes are changed, or values in its rows.
    read = Bytes(data)
    path = file_of(_bytes_changed(read) if read.number() % 2 else _sound(), ".db")
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    if not data[:1] or data[0] % 2 == 0:
        _change_rows(path, read)
    with refusing(), opened(path) as connection:
        entries = latest_runs(connection)
        for entry in entries:
            groups_of(connection, entry.number)
        find_run(connection, 2)
        groups = list(groups_with(connection, "net", "a"))
        trends = [group_trend(connection, "net", nodes) for nodes in groups]
        times = [entry.run.total for entry in entries] + [t for one in trends for t in one.values()]
        draw([Point("", time.ms, time.error_ms) for time in times], 80)
        for entry in entries:
            entry.run.place.differences(PLACE), entry.run.setup.words(), entry.run.date[:16]
        check(connection, run_of(4), Against("", 5), any_place=True)


@cache
def _sound() -> bytes:
    path = file_of(b"", ".made.db")
    with opened(path, create=True) as connection:
        with writing(connection):
            for number in (1, 2, 3):
                add_run(connection, run_of(number))
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("VACUUM")
    return path.read_bytes()


def _bytes_changed(read: Bytes) -> bytes:
    content = bytearray(_sound())
    while read:
        place = int.from_bytes(read.take(3), "big") % len(content)
        new = read.take(1 + read.number() % 16)
        content[place : place + len(new)] = new
    return bytes(content)


def _change_rows(path: Path, read: Bytes) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    while read:
        table = TABLES[read.number() % len(TABLES)]
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        column, value = columns[read.number() % len(columns)], read.value()
        if isinstance(value, (list, dict)):
            value = bytes(read.take(4))
        try:
            connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
        except (sqlite3.Error, OverflowError, UnicodeEncodeError):
            continue  # SQLite itself refuses the value
    connection.close()
