"""``trtcore profile`` where CUDA ends the run: what it saves, prints and says, and how it ends."""

from __future__ import annotations

import gc
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from planted_errors import IDS, LEFT, PASSES, ROUND, SYNC, Pass, Plant, line_of, sizes

from trtcore.cli import main
from trtcore.measure.loops.native import NativeLoops
from trtcore.result.saved import load_profile

pytestmark = pytest.mark.usefixtures("brief_warm_up", "engines")


class Command(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Command]:
    """Runs ``trtcore``; what libraries write to the streams themselves is heard too."""

    def run_main(*arguments: object) -> Command:
        code = main([str(argument) for argument in arguments])
        gc.collect()  # what is cleaned up may have something to say
        return Command(code, *capfd.readouterr())

    return run_main


def command(plan: Path, *more: object) -> list[object]:
    options = ["--iterations", 10 * ROUND, "--no-cache", "--no-calibration", "--peak", "none"]
    return ["profile", plan, *options, *more]


@pytest.mark.parametrize(
    ("one", "sticky", "quiet"),
    [
        *((one, True, []) for one in PASSES),
        (PASSES[1], False, []),
        (PASSES[3], True, ["--quiet"]),
    ],
    ids=[*IDS, "not sticky", "quiet"],
)
def test_a_command_saves_what_it_has_and_tells_the_error_once(
    plan: Path, tmp_path: Path, plant: Plant, run: Any, one: Pass, sticky: bool, quiet: list[str]
) -> None:
    plant.of_cuda(one.method, 5, sticky=sticky)
    saved = tmp_path / "result.json"
    ran = run(*command(plan, "--save", saved, *quiet))
    left = load_profile(saved)
    assert sizes(left) == LEFT[one.phase]
    said = line_of(one, left.counts.measured)
    warnings = [line for line in ran.err.splitlines() if "warning: " in line]
    assert ran.code == 1
    assert ran.err.splitlines() == [*warnings, f"trtcore: error: {said}"]
    assert not [line for line in warnings if "failed" in line]
    words = " ".join(ran.out.split())
    assert [text in words for text in ("ended by an error", said)] == [not quiet] * 2


def test_an_error_before_the_first_round_is_one_line_and_no_file(
    plan: Path, tmp_path: Path, driver: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach = NativeLoops.attach

    def planted(loops: NativeLoops, recorder: Any) -> None:
        attach(loops, recorder)
        driver.fail("*")

    monkeypatch.setattr(NativeLoops, "attach", planted)
    saved = tmp_path / "result.json"
    ran = run(*command(plan, "--save", saved))
    said = f"trtcore: error: {SYNC} (CUDA error 700): nothing was logged\n"
    assert ran == (1, "", said)
    assert not saved.exists()


def test_every_form_of_a_failed_run_is_written(
    plan: Path, tmp_path: Path, plant: Plant, run: Any
) -> None:
    plant.of_cuda("time_gated", 5)
    # The page needs the extra `report`, which the environment of the sanitizers does without.
    has_html = all(importlib.util.find_spec(name) for name in ("plotly", "jinja2"))
    page, table = tmp_path / "page.html", tmp_path / "rows.csv"
    html = ("--html", page) if has_html else ()
    ran = run(*command(plan, *html, "--csv", table, "--format", "json"))
    assert ran.code == 1
    assert ran.err == f"trtcore: error: {line_of(PASSES[1], 60)}\n"
    assert json.loads(ran.out)
    assert not has_html or "the run failed in iteration 65 of the gated pass" in page.read_text()
    assert len(table.read_text().splitlines()) == 3


def test_a_saved_result_says_that_it_is_partial_wherever_it_is_used(
    plan: Path, tmp_path: Path, plant: Plant, run: Any
) -> None:
    """As one that Ctrl-C has cut, it can be shown, compared and kept; and nothing hides it."""
    whole, cut = tmp_path / "whole.json", tmp_path / "cut.json"
    assert run(*command(plan, "--save", whole, "--quiet")).code == 0
    plant.of_cuda("time_layers", 5)
    assert run(*command(plan, "--save", cut, "--quiet")).code == 1
    said = line_of(PASSES[3], 65)
    for asked in (("report", cut), ("compare", whole, cut), ("compare", cut, whole)):
        ran = run(*asked)
        assert ran.code == 0
        assert said in " ".join(ran.out.split())
    database = tmp_path / "history.sqlite"
    assert run("history", "add", cut, "--db", database).code == 0
