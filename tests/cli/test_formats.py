"""``--format`` of profile and report: one form on standard output, and nothing beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
CPU = ("--backend", "onnxruntime", "--iterations", "6")


def test_profile_prints_json_alone(run: Run, small: Path) -> None:
    ran = run("profile", small, *CPU, "--format", "json", "--sort", "time")
    assert ran.code == 0
    assert {row["name"] for row in json.loads(ran.out)["rows"]} == {"conv", "relu"}


@pytest.mark.parametrize("option", [("--baseline", "auto"), ("--verbose",), ("--quiet",)])
def test_nothing_else_goes_to_standard_output(run: Run, small: Path, option: tuple[str]) -> None:
    ran = run("profile", small, *CPU, "--format", "csv", *option)
    assert (ran.code, ran.out) == (2, "")
    assert f"{option[0]} and --format csv: standard output holds the result" in ran.err


def test_a_form_that_cannot_hold_several_precisions(run: Run, small: Path) -> None:
    ran = run("profile", small, "--compare", "fp32,fp16", "--format", "csv")
    assert (ran.code, ran.out) == (2, "")
    assert "--format csv: a comparison of precisions is a table, plain only" in ran.err


def test_plain_is_what_a_pipe_gets(run: Run, small: Path, tmp_path: Path) -> None:
    saved = tmp_path / "net.json"
    run("profile", small, *CPU, "--save", saved, "--quiet")
    plain, piped = run("report", saved, "--format", "plain"), run("report", saved)
    assert (plain.code, plain.out) == (0, piped.out)
