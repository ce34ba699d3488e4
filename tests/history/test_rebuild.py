"""The database made again from saved results."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from trtcore.errors import ResultError
from trtcore.history.database import opened
from trtcore.history.journal import note_run
from trtcore.history.rebuild import rebuild
from trtcore.history.records import Run
from trtcore.history.store import groups_of, latest_runs


def all_runs(path: Path) -> list[Run]:
    with opened(path) as connection:
        return [
            replace(entry.run, groups=groups_of(connection, entry.number))
            for entry in latest_runs(connection)
        ]


def test_it_is_what_adding_made(database: Path, results: list[Path], runs: list[Run]) -> None:
    assert all_runs(database) == runs[:5]
    done = rebuild(database, results[0].parent)
    assert (done.runs, done.refused) == (6, ())
    assert all_runs(database) == [*runs[:5], replace(runs[5], label="", commit="")]


def test_labels_come_back_where_the_database_is_gone(
    results: list[Path], runs: list[Run], tmp_path: Path
) -> None:
    for run in runs:
        note_run(tmp_path / "h.db", run)
    rebuild(tmp_path / "h.db", results[0].parent)
    assert all_runs(tmp_path / "h.db") == runs


def test_runs_that_the_folder_lacks_are_dropped_only_on_demand(
    database: Path, results: list[Path], runs: list[Run], tmp_path: Path
) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    shutil.copy(results[5], folder)
    with pytest.raises(ResultError, match=r"5 of its runs are not in .*; nothing was changed"):
        rebuild(database, folder)
    assert all_runs(database) == runs[:5]
    assert rebuild(database, folder, drop=True).runs == 1
    assert [run.content for run in all_runs(database)] == [runs[5].content]


def test_bad_files_are_named_and_others_passed_over(results: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    shutil.copy(results[0], folder)
    text = results[0].read_text()
    (folder / "cut.json").write_text(text[: len(text) // 2])
    (folder / "other.json").write_text("{}")
    done = rebuild(tmp_path / "h.db", folder)
    assert done.runs == 1
    (line,) = done.refused
    assert line.startswith(f"{folder / 'cut.json'}: not a saved trtcore profile")


def test_a_folder_without_results_changes_nothing(
    database: Path, runs: list[Run], tmp_path: Path
) -> None:
    with pytest.raises(ResultError, match="holds no saved result that can be read"):
        rebuild(database, tmp_path, drop=True)
    with pytest.raises(ResultError, match="is no folder"):
        rebuild(database, tmp_path / "none")
    assert all_runs(database) == runs[:5]
