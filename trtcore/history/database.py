"""The SQLite file: its tables, and errors of one line for one that is locked, damaged or newer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trtcore.errors import ResultError, WriteError

VERSION = 2
"""1 had no processes and no hashes of the plan and the weights."""
APPLICATION = 0x74727468
"""``trth``, in the header of the file: no other program's database is written to."""
WAIT_SECONDS = 10.0
"""How long a writer waits for others; adding a run takes some 10 ms."""

# group_time is stored in the order of its key, so that a trend of a group reads one range; the
# second index is what `show` and `check` read one run by.
_TABLES = """
CREATE TABLE setup(id INTEGER PRIMARY KEY, model TEXT NOT NULL, model_hash TEXT NOT NULL,
  backend TEXT NOT NULL, precision TEXT NOT NULL, batch INTEGER NOT NULL, options TEXT NOT NULL,
  UNIQUE(model, model_hash, backend, precision, batch, options));
CREATE TABLE place(id INTEGER PRIMARY KEY, device TEXT NOT NULL, cpu TEXT NOT NULL,
  driver TEXT NOT NULL, cuda TEXT NOT NULL, compute_capability TEXT NOT NULL,
  runtime TEXT NOT NULL, memory_mhz INTEGER NOT NULL, ecc TEXT NOT NULL, mig TEXT NOT NULL,
  confidential_computing TEXT NOT NULL,
  UNIQUE(device, cpu, driver, cuda, compute_capability, runtime, memory_mhz, ecc, mig,
    confidential_computing));
CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT NOT NULL UNIQUE,
  file TEXT NOT NULL, date TEXT NOT NULL, label TEXT NOT NULL, git_commit TEXT NOT NULL,
  setup INTEGER NOT NULL REFERENCES setup(id), place INTEGER NOT NULL REFERENCES place(id),
  engine_hash TEXT NOT NULL, sm_mhz_min INTEGER NOT NULL, sm_mhz_max INTEGER NOT NULL,
  throttled INTEGER NOT NULL, clock_step_ms REAL NOT NULL, series TEXT NOT NULL,
  ms REAL NOT NULL, error_ms REAL, spread REAL, processes INTEGER NOT NULL DEFAULT 1,
  plan_hash TEXT NOT NULL DEFAULT '', weights_hash TEXT NOT NULL DEFAULT '');
CREATE INDEX run_by_setup ON run(setup, place, date, id);
CREATE INDEX run_by_label ON run(setup, label, date, id);
CREATE INDEX run_by_date ON run(date, id);
CREATE TABLE node_group(id INTEGER PRIMARY KEY, setup INTEGER NOT NULL REFERENCES setup(id),
  nodes TEXT NOT NULL, UNIQUE(setup, nodes));
CREATE TABLE group_time(node_group INTEGER NOT NULL REFERENCES node_group(id),
  run INTEGER NOT NULL REFERENCES run(id), place_in_run INTEGER NOT NULL, ms REAL NOT NULL,
  error_ms REAL, spread REAL, PRIMARY KEY(node_group, run)) WITHOUT ROWID;
CREATE INDEX group_time_by_run ON group_time(run);
"""


_UPGRADES = {
    1: """
ALTER TABLE run ADD COLUMN processes INTEGER NOT NULL DEFAULT 1;
ALTER TABLE run ADD COLUMN plan_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN weights_hash TEXT NOT NULL DEFAULT '';
"""
}
"""By version, what makes a database of the next one of it."""


@contextmanager
def opened(
    path: str | Path, *, create: bool = False, wait_s: float = WAIT_SECONDS
) -> Iterator[sqlite3.Connection]:
    """Opens a history; what SQLite raises inside the block becomes an error of one line.

    Args:
        path: of the database.
        create: make it if it is not there.
        wait_s: how long to wait for other writers.

    Raises:
        ResultError: not there, damaged, no history, or of a newer trtcore.
        WriteError: locked for longer than the wait, or the disk is full.
    """
    if not create and not Path(path).is_file():
        raise ResultError(f"{path}: there is no history yet; `trtcore history add` begins one")
    with _explained(path, wait_s):
        connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None)
        try:
            _prepare(connection, path)
            yield connection
        finally:
            connection.close()


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: one transaction, begun as a writer so that it cannot fail half-way."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite has ended it by itself where the disk is full
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection, path: str | Path) -> None:
    if _version(connection, path) == VERSION:
        return
    # Readers go on beside a writer; file systems without shared memory keep the older journal.
    connection.execute("PRAGMA journal_mode = WAL")
    with writing(connection):
        # Another process may have made the tables while this one waited.
        found = _version(connection, path)
        steps = [_TABLES] if found == 0 else [_UPGRADES[i] for i in range(found, VERSION)]
        for statement in ";".join(steps).split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _version(connection: sqlite3.Connection, path: str | Path) -> int:
    """The version of the tables; 0 of an empty file."""
    # One snapshot: another process may be making the tables between two of these reads.
    is_own = not connection.in_transaction
    if is_own:
        connection.execute("BEGIN")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if is_own:
        connection.execute("COMMIT")
    if application == APPLICATION and version > VERSION:
        raise ResultError(
            f"{path}: is a history of version {version}, this trtcore reads {VERSION}: update "
            "trtcore, or rebuild the saved results into another file"
        )
    if tables and application != APPLICATION:
        raise ResultError(f"{path}: is a database of another program, name another file")
    return int(version) if tables else 0


# SQLite's own words: Python before 3.11 does not hand on its error codes.
_BUSY = ("is locked",)
_UNFINISHED = ("is full", "disk I/O error")
_CLOSED = ("unable to open", "readonly")


@contextmanager
def _explained(path: str | Path, wait_s: float) -> Iterator[None]:
    try:
        yield
    # Python cannot read what SQLite says of a damaged file where that quotes it.
    except (sqlite3.Error, UnicodeDecodeError) as error:
        text = str(error)
        if any(words in text for words in _BUSY):
            raise WriteError(
                f"{path}: locked by another program for {wait_s:g} s, nothing was changed: try "
                "again"
            ) from None
        if any(words in text for words in _UNFINISHED):
            raise WriteError(f"{path}: cannot be written, nothing was changed ({text})") from None
        if any(words in text for words in _CLOSED):
            raise ResultError(f"{path}: cannot be opened or written ({text})") from None
        # Whatever else SQLite says is about what the file holds: the statements are trtcore's own.
        raise ResultError(
            f"{path}: is damaged or no SQLite database ({text:.200}): move it away, and "
            "`trtcore history rebuild` makes it again from the saved results"
        ) from None
