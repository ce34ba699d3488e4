"""Labels and commits beside the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from trtcore.errors import WriteError
from trtcore.history.journal import journal_of, known_labels, note_run
from trtcore.history.records import Run


def test_the_latest_line_of_a_run_counts_and_damaged_ones_are_skipped(
    runs: list[Run], tmp_path: Path
) -> None:
    path = tmp_path / "history.db"
    assert known_labels(path) == {}
    note_run(path, runs[0])
    note_run(path, replace(runs[1], label="", commit=""))
    with journal_of(path).open("a") as file:
        file.write('{"content": "cut off\n[]\n{"content": 1}\n')
        file.write("[" * 100_000 + "\n")
    note_run(path, replace(runs[0], label="release", commit=""))
    assert known_labels(path) == {runs[0].content: ("release", "c0ffee")}


def test_a_journal_that_cannot_be_written_is_one_line(runs: list[Run], tmp_path: Path) -> None:
    journal_of(tmp_path / "h.db").mkdir()
    with pytest.raises(WriteError, match=r"h\.db\.labels: cannot be written \(Is a directory\)"):
        note_run(tmp_path / "h.db", runs[0])
