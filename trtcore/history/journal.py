"""Labels and commits beside the database, one line of JSON a run: results do not hold them."""

from __future__ import annotations

import json
import os
from pathlib import Path

from trtcore.errors import WriteError
from trtcore.history.records import Run
from trtcore.system.json_text import read_json


def journal_of(database: str | Path) -> Path:
    """The journal of a database: ``history.db.labels``."""
    return Path(f"{database}.labels")


def note_run(database: str | Path, run: Run) -> None:
    """Appends a run's label and commit, if it has any; called before the transaction ends.

    Raises:
        WriteError: it cannot be written.
    """
    if not (run.label or run.commit):
        return
    line = json.dumps({"content": run.content, "label": run.label, "commit": run.commit}) + "\n"
    path = journal_of(database)
    try:
        # One write of a file that is only appended to: a reader never sees half of another's line.
        with path.open("ab", buffering=0) as file:
            file.write(line.encode())
            os.fsync(file.fileno())
    except OSError as error:
        raise WriteError(f"{path}: cannot be written ({error.strerror})") from None


def known_labels(database: str | Path) -> dict[str, tuple[str, str]]:
    """Returns label and commit by a run's content: of the latest line that is not damaged."""
    known: dict[str, tuple[str, str]] = {}
    try:
        lines = journal_of(database).read_bytes().splitlines()
    except FileNotFoundError:
        return known
    for line in lines:
        try:
            entry = read_json(line)
            label, commit = known.get(entry["content"], ("", ""))
            known[entry["content"]] = (entry["label"] or label, entry["commit"] or commit)
        except (ValueError, KeyError, TypeError):
            continue  # cut off by a full disk or a crash
    return known
