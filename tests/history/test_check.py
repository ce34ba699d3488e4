"""Which earlier runs a result is checked against, and what limits the verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from trtcore.errors import OptionError, ResultError
from trtcore.history.check import Against, check, parse_against
from trtcore.history.database import opened, writing
from trtcore.history.judged import Verdict
from trtcore.history.records import Run, Time
from trtcore.history.store import add_run


def test_words_for_earlier_runs() -> None:
    assert parse_against("last:5") == Against("", 5)
    assert parse_against("label:main:2") == Against("main:2", 10)


@pytest.mark.parametrize("text", ["last", "last:2", "last:x", "label:", "main", "last:-5", ""])
def test_other_words_are_one_line(text: str) -> None:
    with pytest.raises(OptionError, match=r"against=.*must be last:N, with N of 3 or more"):
        parse_against(text)


def test_a_run_is_judged_by_those_before_it(database: Path, runs: list[Run]) -> None:
    with opened(database) as connection:
        checked = check(connection, runs[5], parse_against("last:5"))
        slower = replace(runs[5], total=Time(runs[5].total.ms * 1.1, 0.001, 0.01))
        found = check(connection, slower, parse_against("label:main"))
    assert [base.number for base in checked.bases] == [5, 4, 3, 2, 1]
    assert [row.name for row in checked.rows[:3]] == ["total", "conv0", "relu0"]
    assert (checked.rows[0].verdict, checked.is_slower) == (Verdict.SAME, False)
    assert checked.notes == ()
    assert (found.rows[0].verdict, found.is_slower) == (Verdict.SLOWER, True)


def test_other_environments_only_on_demand_and_said(database: Path, runs: list[Run]) -> None:
    elsewhere = replace(runs[5], place=replace(runs[5].place, driver="580.1"))
    with opened(database) as connection:
        with pytest.raises(ResultError) as caught:
            check(connection, elsewhere, Against("", 5))
        checked = check(connection, elsewhere, Against("", 5), any_place=True)
    assert "the latest one differs in: driver 580.1 (was unknown); any_environment=True" in str(
        caught.value
    )
    assert checked.notes == ("other environment: driver 580.1 (was unknown)",)


def test_nothing_to_compare_with_is_one_line(database: Path, runs: list[Run]) -> None:
    other = replace(runs[5], setup=replace(runs[5].setup, batch=8))
    with opened(database) as connection, pytest.raises(ResultError, match="no earlier run"):
        check(connection, other, Against("", 5))


def test_other_weights_are_said_where_they_are_known(database: Path, runs: list[Run]) -> None:
    with opened(database) as connection:
        with writing(connection):
            add_run(connection, replace(runs[0], content="w", weights_hash="one"))
        same = check(connection, replace(runs[5], weights_hash="one"), Against("", 5))
        other = check(connection, replace(runs[5], weights_hash="two"), Against("", 6))
    assert (same.notes, other.notes) == ((), ("not all of these runs had the same weights",))


def test_notes_say_what_limits_the_verdict(database: Path, runs: list[Run]) -> None:
    odd = replace(runs[2], engine_hash="another", throttled=2)
    with opened(database) as connection:
        checked = check(connection, odd, Against("", 5))
    assert checked.notes == (
        "2 earlier runs: at least 3 are needed to know their spread",
        "not all of these runs had an engine of the same layers and tactics",
        "the GPU throttled in 2 rounds of this run",
    )
    assert {row.verdict for row in checked.rows} == {Verdict.UNDECIDED}
