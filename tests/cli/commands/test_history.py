"""``trtcore history``: its actions, from files to exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recorded_runs import dealt, recorded_run

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("results")
    return [recorded_run(folder, i + 1, part) for i, part in enumerate(dealt(1, 6))]


@pytest.fixture
def history(run: Run, results: list[Path], tmp_path: Path) -> Path:
    path = tmp_path / "h.db"
    ran = run(
        "history", "add", *results[:5], "--label", "main", "--commit", "c0ffee1", "--db", path
    )
    lines = "".join(f"run {i + 1}: {file}\n" for i, file in enumerate(results[:5]))
    assert (ran.code, ran.out, ran.err) == (0, lines, "")
    return path


def test_list_and_show(run: Run, history: Path, results: list[Path]) -> None:
    listed = run("history", "list", "--last", "1", "--db", history)
    begin, _, end = listed.out.partition("  main  ")
    assert begin == "    5  2026-01-05T00:00  c0ffee1 "
    assert end.endswith(" ms  net fp16, batch 1, onnxruntime\n")
    shown = run("history", "show", "2", "--db", history).out.splitlines()
    assert shown[:2] == [
        "run 2: net fp16, batch 1, onnxruntime",
        "measured 2026-01-02T00:00:00+00:00, on a CPU",
    ]
    assert shown[3] == f"saved in {results[1]}"
    assert [line.split()[-1] for line in shown[6:9]] == ["conv0", "relu0", "conv1"]


def test_trend_of_the_total_and_of_a_group(run: Run, history: Path) -> None:
    total = run("history", "trend", "net", "--db", history).out.splitlines()
    assert total[:2] == [
        "net fp16, batch 1, onnxruntime: total, ms with its 95 % interval",
        "on a CPU",
    ]
    assert [line.split()[0] for line in total[2:]] == ["1", "2", "3", "4", "5"]
    assert all("o" in line for line in total[2:])
    group = run("history", "trend", "net", "--group", "conv1", "--last", "2", "--db", history)
    assert [line.split()[0] for line in group.out.splitlines()] == ["net", "on", "4", "5"]


def test_check_exits_with_3_when_slower(run: Run, history: Path, tmp_path: Path) -> None:
    part = dealt(1, 6)[5]
    equal = run(
        *("history", "check", recorded_run(tmp_path, 6, part), "--against", "last:5"),
        *("--db", history),
    )
    assert (equal.code, equal.err) == (0, "")
    assert equal.out.splitlines()[1].startswith("same ")
    slow = recorded_run(tmp_path, 7, part, slower=1.05)
    ran = run("history", "check", slow, "--against", "label:main", "--db", history)
    assert (ran.code, ran.err) == (3, "")
    assert ran.out.splitlines()[1].startswith("slower ")


def test_another_environment_is_refused_or_said(run: Run, history: Path, tmp_path: Path) -> None:
    other = recorded_run(tmp_path, 8, dealt(1, 6)[5], cpu="another CPU")
    ran = run("history", "check", other, "--against", "last:5", "--db", history)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "--any-environment compares all the same" in ran.err
    allowed = run(
        *("history", "check", other, "--against", "last:5", "--any-environment"),
        *("--db", history),
    )
    assert allowed.err == "trtcore: other environment: cpu another CPU (was a CPU)\n"


def test_rebuild(run: Run, history: Path, results: list[Path]) -> None:
    ran = run("history", "rebuild", results[0].parent, "--db", history)
    assert (ran.code, ran.out, ran.err) == (0, f"{history}: 6 runs\n", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "9"), "has no run of that number"),
        (("trend", "other"), "has no run of 'other'"),
        (("trend", "net", "--group", "x"), "--group x: no run of 'net' has such a group or node"),
        (("list", "--last", "-1"), "--last is -1, must be 0 or more"),
        (("add", "none.json"), "none.json"),
        (("rebuild", "no/folder"), "is no folder"),
        (("check", "none.json", "--against", "last:1"), "--against last:1: must be last:N"),
        (("check", "none.json", "--against", "last:5", "--margin", "0"), "--margin is 0"),
    ],
)
def test_bad_input_is_one_line(run: Run, history: Path, arguments, words: str) -> None:
    ran = run("history", *arguments, "--db", history)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err


def test_without_a_history(run: Run, tmp_path: Path) -> None:
    ran = run("history", "list", "--db", tmp_path / "none.db")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []
