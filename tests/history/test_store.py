"""Runs in and out of the database, and that each question reads no more than its answer."""

from __future__ import annotations

import time
from dataclasses import replace
from math import isnan, nan
from pathlib import Path

import pytest

from trtcore.history.database import opened, writing
from trtcore.history.records import Run, Time
from trtcore.history.rows import Entry
from trtcore.history.store import (
    GROUP_TREND,
    add_run,
    earlier_runs,
    find_run,
    group_trend,
    groups_of,
    groups_with,
    latest_runs,
)


def numbers(entries: list[Entry]) -> list[int]:
    return [entry.number for entry in entries]


def test_a_run_comes_back_as_it_went_in(database: Path, runs: list[Run]) -> None:
    with opened(database) as connection:
        entry, groups = find_run(connection, 2), groups_of(connection, 2)
    assert entry is not None
    assert replace(entry.run, groups=groups) == runs[1]
    assert list(groups) == list(runs[1].groups)


def test_a_run_of_several_processes_comes_back_with_their_number(
    database: Path, runs: list[Run]
) -> None:
    times = {("a",): Time(1.0, 0.1, nan, 5), ("b",): Time(2.0, 0.1, 0.2, 5)}
    many = replace(runs[0], content="many", total=Time(3.0, 0.1, 0.2, 5), groups=times)
    with opened(database) as connection, writing(connection):
        number, _ = add_run(connection, many)
        entry, groups = find_run(connection, number), groups_of(connection, number)
    assert entry is not None
    assert entry.run.total == many.total
    assert [time.processes for time in groups.values()] == [5, 5]


def test_unknown_errors_come_back_as_nan(database: Path, runs: list[Run]) -> None:
    odd = replace(runs[0], content="odd", groups={("a",): Time(1.0, nan, nan)})
    with opened(database) as connection, writing(connection):
        number, is_new = add_run(connection, odd)
        (found,) = groups_of(connection, number).values()
    assert is_new
    assert (found.ms, isnan(found.error_ms), isnan(found.spread)) == (1.0, True, True)


def test_the_same_file_is_one_run_and_keeps_its_label(database: Path, runs: list[Run]) -> None:
    with opened(database) as connection, writing(connection):
        assert add_run(connection, replace(runs[2], label="", commit="new")) == (3, False)
        entry = find_run(connection, 3)
        assert len(latest_runs(connection)) == 5
    assert entry is not None
    assert (entry.run.label, entry.run.commit) == ("main", "new")


def test_latest_and_earlier_runs(database: Path, runs: list[Run]) -> None:
    with opened(database) as connection:
        assert numbers(latest_runs(connection, model="net", label="main", most=2)) == [4, 5]
        assert latest_runs(connection, model="other") == []
        assert latest_runs(connection, label="other") == []

        def before(run: Run, label: str = "", *, any_place: bool = False) -> list[int]:
            found = earlier_runs(connection, run, label=label, most=3, any_place=any_place)
            return numbers(found)

        assert before(runs[5]) == [5, 4, 3]
        assert before(runs[1]) == [1]
        assert before(runs[5], "main") == [5, 4, 3]
        assert before(runs[5], "other") == []
        elsewhere = replace(runs[5], place=replace(runs[5].place, driver="580.1"))
        assert before(elsewhere) == []
        assert before(elsewhere, any_place=True) == [5, 4, 3]
        assert before(replace(runs[5], setup=replace(runs[5].setup, batch=2))) == []


def test_the_trend_of_a_group(database: Path, runs: list[Run]) -> None:
    with opened(database) as connection:
        assert list(groups_with(connection, "net", "conv1")) == [("conv1",)]
        assert list(groups_with(connection, "net", "conv")) == []
        trend = group_trend(connection, "net", ("conv1",))
    assert trend == {i + 1: run.groups["conv1",] for i, run in enumerate(runs[:5])}


def plan(connection, query: str, *values: object) -> str:
    return " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values))


def test_a_trend_reads_one_range_and_a_check_one_index(database: Path) -> None:
    with opened(database) as connection:
        trend = plan(connection, GROUP_TREND, "net", '["conv1"]')
        asked: list[str] = []
        connection.set_trace_callback(asked.append)
        latest_runs(connection, most=3)
        groups_of(connection, 1)
        connection.set_trace_callback(None)
        latest, groups = (
            plan(connection, next(query for query in asked if words in query))
            for words in ("ORDER BY r.date", "FROM group_time")
        )
    assert "SEARCH t USING PRIMARY KEY (node_group=?)" in trend
    assert "USING INDEX run_by_date" in latest
    assert "TEMP B-TREE" not in latest
    assert "SEARCH t USING INDEX group_time_by_run (run=?)" in groups


@pytest.mark.slow
def test_ten_thousand_runs_of_two_hundred_groups(tmp_path: Path, runs: list[Run]) -> None:
    """Prints its times; asserts only how the effort grows, by SQLite's steps."""
    groups = {(f"node{i}",): Time(1.0, 0.1, 0.01) for i in range(200)}
    steps: dict[int, int] = {}
    with opened(tmp_path / "large.db", create=True) as connection:
        for count, upto in ((0, 1000), (1000, 10_000)):
            with writing(connection):
                for i in range(count, upto):
                    date = f"2026-{i:05}"
                    add_run(connection, replace(runs[0], content=str(i), date=date, groups=groups))
            steps[upto] = counted(connection, lambda: group_trend(connection, "net", ("node7",)))
        begun = time.perf_counter()
        with writing(connection):
            add_run(connection, replace(runs[0], content="one more", groups=groups))
        added = time.perf_counter()
        assert len(group_trend(connection, "net", ("node7",))) == 10_001
        assert len(latest_runs(connection)) == 10_001
        read = time.perf_counter()
    print(f"add {1000 * (added - begun):.1f} ms, trend of all runs {1000 * (read - added):.0f} ms")
    assert 9 < steps[10_000] / steps[1000] < 11


def counted(connection, ask) -> int:
    """How often SQLite's machine went 10 instructions further."""
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    connection.set_progress_handler(count, 10)
    ask()
    connection.set_progress_handler(None, 0)
    return calls
