"""A history of six recorded runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_runs import dealt, recorded_run

from trtcore.history.database import opened, writing
from trtcore.history.records import Run
from trtcore.history.store import add_run
from trtcore.history.summary import read_run


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six saved runs of the same network."""
    folder = tmp_path_factory.mktemp("results")
    return [recorded_run(folder, i + 1, part) for i, part in enumerate(dealt(1, 6))]


@pytest.fixture(scope="session")
def runs(results: list[Path]) -> list[Run]:
    """The same as runs of the history, labelled ``main``."""
    return [read_run(path, label="main", commit="c0ffee") for path in results]


@pytest.fixture
def database(runs: list[Run], tmp_path: Path) -> Path:
    """A history of the first five."""
    path = tmp_path / "history.db"
    with opened(path, create=True) as connection, writing(connection):
        for run in runs[:5]:
            add_run(connection, run)
    return path
