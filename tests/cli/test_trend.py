"""The trend of a history as a page: its runs, their intervals, and changes of the environment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from recorded_runs import dealt, recorded_run

from trtcore.history.database import opened, writing
from trtcore.history.store import add_run
from trtcore.history.summary import read_run

Run = Callable[..., Any]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Three runs, the last one with another driver."""
    path = tmp_path / "h.db"
    with opened(path, create=True) as connection, writing(connection):
        for i, part in enumerate(dealt(1, 3)):
            one = read_run(recorded_run(tmp_path, i + 1, part), label=f"v{i}", commit="c0ffee")
            driver = "590.1" if i == 2 else ""
            add_run(connection, replace(one, place=replace(one.place, driver=driver)))
    return path


def test_a_page_of_a_groups_time(run: Run, history: Path, tmp_path: Path) -> None:
    page = tmp_path / "trend.html"
    ran = run("history", "trend", "net", "--group", "conv1", "--html", page, "--db", history)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    text = page.read_text()
    (data,) = (json.loads(one) for one in re.findall(r'class="data">(.*?)</script>', text))
    runs = data["runs"]
    assert [one["short"] for one in runs] == ["v0", "v1", "v2"]
    assert [one["change"] for one in runs] == ["", "", "driver 590.1 (was unknown)"]
    assert all(one["low"] < one["ms"] < one["high"] for one in runs)
    printed = run("history", "trend", "net", "--group", "conv1", "--db", history).out
    # The figures are those of the terminal.
    assert [f"{one['ms']:.4f}" for one in runs] == re.findall(r" v\d +([\d.]+)", printed)
    assert "environment: driver 590.1 (was unknown)" in printed
    assert "<title>History of net: conv1 - trtcore</title>" in text


def test_one_run_is_no_trend_from_and_to(run: Run, history: Path, tmp_path: Path) -> None:
    page = tmp_path / "trend.html"
    assert run("history", "trend", "net", "--last", "1", "--html", page, "--db", history).code == 0
    assert re.search(r">1 run, \d+\.\d{4} ms\.<", page.read_text())


def test_what_is_wrong_is_said_before_anything_is_written(
    run: Run, history: Path, tmp_path: Path
) -> None:
    page = tmp_path / "trend.html"
    for options, words in (
        (["other"], f"{history}: has no run of 'other'"),
        (["net", "--group", "conv99"], "--group conv99: no run of 'net' has such a group or node"),
        (["net", "--last", "-1"], "--last is -1, must be 0 or more"),
    ):
        ran = run("history", "trend", *options, "--html", page, "--db", history)
        assert (ran.code, ran.err) == (2, f"trtcore: error: {words}\n")
        assert not page.exists()
    ran = run("history", "trend", "net", "--html", history, "--db", history)
    assert (ran.code, ran.err.startswith("trtcore: error: --html ")) == (2, True)
