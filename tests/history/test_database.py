"""A database that is locked, damaged, newer, foreign or not there, and several writers."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from trtcore.errors import ResultError, WriteError
from trtcore.history.database import VERSION, opened, writing
from trtcore.history.records import Run
from trtcore.history.store import add_run, find_run, groups_of, latest_runs


def test_threads_take_turns_and_lose_nothing(runs: list[Run], tmp_path: Path) -> None:
    """All of them make the database and add their runs at once."""
    path, at_once = tmp_path / "new.db", threading.Barrier(len(runs))

    def add(run: Run) -> None:
        at_once.wait()
        with opened(path, create=True) as connection, writing(connection):
            add_run(connection, run)

    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(add, runs))
    with opened(path) as connection:
        files = {entry.run.file for entry in latest_runs(connection)}
    assert files == {run.file for run in runs}


@pytest.mark.slow
def test_processes_take_turns_and_lose_nothing(results: list[Path], tmp_path: Path) -> None:
    path, program = tmp_path / "new.db", [sys.executable, "-m", "trtcore", "history", "add"]
    started = [
        subprocess.Popen([*program, str(file), "--db", str(path)], stderr=subprocess.PIPE)
        for file in results
    ]
    assert [(one.communicate()[1], one.returncode) for one in started] == [(b"", 0)] * len(results)
    with opened(path) as connection:
        files = {entry.run.file for entry in latest_runs(connection)}
    assert files == {str(file) for file in results}


def test_a_database_of_the_first_version_is_read_and_added_to(
    database: Path, runs: list[Run]
) -> None:
    with sqlite3.connect(database) as older:
        for column in ("processes", "plan_hash", "weights_hash"):
            older.execute(f"ALTER TABLE run DROP COLUMN {column}")
        older.execute("PRAGMA user_version = 1")
    older.close()
    with opened(database) as connection, writing(connection):
        kept = [entry.run for entry in latest_runs(connection)]
        new = replace(runs[5], plan_hash="p", weights_hash="w")
        number, _ = add_run(connection, new)
        added = find_run(connection, number)
    assert kept == [replace(run, groups={}, weights_hash="", plan_hash="") for run in runs[:5]]
    assert added is not None
    assert added.run == replace(new, groups={})
    with opened(database) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_a_locked_database_is_one_line_and_unchanged(database: Path, runs: list[Run]) -> None:
    holder = sqlite3.connect(database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with (
        pytest.raises(WriteError, match=r"locked by another program for 0\.01 s") as caught,
        opened(database, wait_s=0.01) as connection,
        writing(connection),
    ):
        add_run(connection, runs[5])
    assert caught.value.exit_code == 1
    with opened(database, wait_s=0.01) as connection:  # reading goes on beside a writer
        assert len(latest_runs(connection)) == 5
    holder.close()


def test_what_fails_half_way_changes_nothing(database: Path, runs: list[Run]) -> None:
    def interrupted() -> None:
        with opened(database) as connection, writing(connection):
            add_run(connection, runs[5])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with opened(database) as connection:
        assert len(latest_runs(connection)) == 5


def test_a_full_disk_changes_nothing(database: Path, runs: list[Run]) -> None:
    many = {(f"node{i}",): runs[5].total for i in range(2000)}

    def add_to_a_full_disk() -> None:
        with opened(database) as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
            with writing(connection):
                add_run(connection, replace(runs[5], groups=many))

    with pytest.raises(WriteError, match="full"):
        add_to_a_full_disk()
    with opened(database) as connection:
        assert len(latest_runs(connection)) == 5


@pytest.mark.parametrize("content", [b"no database at all, but long enough" * 100, b"SQLite"])
def test_what_is_no_database_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "h.db"
    path.write_bytes(content)
    with pytest.raises(ResultError, match="is damaged or no SQLite database"), opened(path):
        pass
    assert path.read_bytes() == content


def test_a_damaged_page_is_one_line(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    database.write_bytes(content)
    with pytest.raises(ResultError, match="is damaged"), opened(database) as connection:
        latest_runs(connection)


def read_all(database: Path) -> None:
    with opened(database) as connection:
        for entry in latest_runs(connection):
            groups_of(connection, entry.number)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE run SET ms = 'soon'", "malformed time: 'soon'"),
        ("UPDATE run SET ms = 9e999", "malformed time: inf"),
        ("UPDATE run SET error_ms = -1", "malformed time: -1.0"),
        ("UPDATE run SET date = x'ff'", "malformed run: b'\\xff'"),
        ("UPDATE run SET file = CAST(x'ff' AS TEXT)", "Could not decode to UTF-8"),
        ("UPDATE setup SET batch = 0.5", "malformed run: 0.5"),
        ("UPDATE node_group SET nodes = '[1' || id || ']'", "malformed nodes of a group: '[11]'"),
        (
            "UPDATE node_group SET nodes = replace(hex(zeroblob(50000)), '0', '[') || id",
            f"malformed nodes of a group (nested too deeply): '{'[' * 59}",
        ),
        ("UPDATE run SET processes = 'many'", "malformed run: 'many'"),
        ("UPDATE run SET place = 7", "malformed run: no place 7"),
        ("ALTER TABLE place RENAME TO elsewhere", "no such table"),
    ],
)
def test_values_that_no_run_has_are_one_line(database: Path, change: str, words: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(change)
    connection.close()
    with pytest.raises(ResultError, match=f"is damaged.*{re.escape(words)}") as caught:
        read_all(database)
    assert "\n" not in str(caught.value)


def test_a_newer_one_is_left_as_it_is(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with (
        pytest.raises(
            ResultError,
            match=f"is a history of version {VERSION + 1}, this trtcore reads {VERSION}",
        ),
        opened(database, create=True),
    ):
        pass


def test_another_program_s_database_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mail(x)")
    connection.close()
    with pytest.raises(ResultError, match="of another program"), opened(path, create=True):
        pass


def test_none_at_all_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="there is no history yet"), opened(tmp_path / "h.db"):
        pass
    assert list(tmp_path.iterdir()) == []
    with (
        pytest.raises(ResultError, match="cannot be opened"),
        opened(tmp_path / "no" / "h.db", create=True),
    ):
        pass
