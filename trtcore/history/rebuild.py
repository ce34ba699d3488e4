"""The database made again from the saved results of a folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from trtcore.errors import ResultError, argument
from trtcore.history.database import opened, writing
from trtcore.history.journal import known_labels
from trtcore.history.store import add_run
from trtcore.history.summary import read_run
from trtcore.result.saved import SCHEMA

# The schema is the first key of a saved result; other JSON files of the folder are passed over.
_HEAD_BYTES = 200


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did.

    Attributes:
        runs: how many were read.
        refused: one line for each saved result that cannot be read.
    """

    runs: int
    refused: tuple[str, ...]


def rebuild(database: str | Path, folder: str | Path, *, drop: bool = False) -> Rebuilt:
    """Replaces all runs of a database by the saved results of a folder, in one transaction.

    Args:
        database: is made if it is not there.
        folder: with its subfolders.
        drop: also where the database has runs that the folder does not.

    Raises:
        ResultError: no such folder, no saved result in it, or runs that would be lost.
    """
    if not Path(folder).is_dir():
        raise ResultError(f"{folder}: is no folder")
    with opened(database, create=True) as connection, writing(connection):
        kept = {row[0]: row[1:] for row in connection.execute(_KNOWN)}
        files = {content: str(file) for content, (_, _, file) in kept.items()}
        labels = {content: (label, commit) for content, (label, commit, _) in kept.items()}
        # The database knows best; the journal is for one that is gone.
        labels = {**known_labels(database), **labels}
        for table in _EMPTIED:
            connection.execute(f"DELETE FROM {table}")
        rebuilt = _fill(connection, folder, labels, files)
        if not rebuilt.runs:
            raise ResultError(f"{folder}: holds no saved result that can be read")
        if files and not drop:
            raise ResultError(
                f"{database}: {len(files)} of its runs are not in {folder}, such as "
                f"{next(iter(files.values()))}; nothing was changed, "
                f"{argument('drop', True)} drops them"
            )
    return rebuilt


_KNOWN = "SELECT content, label, git_commit, file FROM run"
# In this order: rows that others refer to go last.
_EMPTIED = ("group_time", "node_group", "run", "setup", "place")


def _fill(
    connection: sqlite3.Connection,
    folder: str | Path,
    labels: dict[str, tuple[str, str]],
    missing: dict[str, str],
) -> Rebuilt:
    """Adds every saved result, and takes it off those that are missing."""
    refused, runs = [], 0
    for file in _results(folder):
        try:
            run = read_run(file)
        except ResultError as error:
            refused.append(str(error))
            continue
        label, commit = labels.get(run.content, ("", ""))
        missing.pop(run.content, None)
        runs += add_run(connection, replace(run, label=label, commit=commit))[1]
    return Rebuilt(runs, tuple(refused))


def _results(folder: str | Path) -> Iterator[Path]:
    """The saved results in a folder, by name."""
    for file in sorted(Path(folder).rglob("*.json")):
        if file.is_file():
            with file.open("rb") as opened_file:
                head = opened_file.read(_HEAD_BYTES)
            if f'"{SCHEMA}"'.encode() in head:
                yield file
