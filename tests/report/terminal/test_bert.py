"""Reports of BERT: whole texts at 80 and 120 columns and in a pipe, and comparisons within them."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from networks import measured
from paths import DATA
from rich.console import Console

from trtcore.compare.comparison import Comparison
from trtcore.compare.precisions.rows import compare_runs
from trtcore.compare.profiles import compare_profiles
from trtcore.report.terminal.comparison import render_baseline, render_comparison
from trtcore.report.terminal.precisions import print_precisions, render_precisions
from trtcore.report.terminal.profile import print_table
from trtcore.result.records.profile import Profile


def expected(name: str) -> str:
    return (DATA / "reports" / f"{name}.txt").read_text()


@cache
def made_slower(profile: Profile) -> Profile:
    """Every third layer takes a tenth longer."""
    layer_ms = profile.samples.layer_ms.copy()
    layer_ms[:, ::3] *= np.float32(1.1)
    return replace(profile, samples=replace(profile.samples, layer_ms=layer_ms))


def screen(width: int, *, is_terminal: bool) -> tuple[io.StringIO, Console]:
    out = io.StringIO()
    return out, Console(file=out, width=width, force_terminal=is_terminal, color_system=None)


def shown(out: io.StringIO) -> str:
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


@cache
def compared(name: str) -> Comparison:
    return compare_profiles(measured(name), made_slower(measured(name)))


@pytest.mark.parametrize(
    ("width", "is_terminal", "text"),
    [(80, True, "bert_80"), (120, True, "bert_120"), (30, False, "bert_pipe")],
)
def test_profile(width: int, is_terminal: bool, text: str) -> None:
    out, console = screen(width, is_terminal=is_terminal)
    print_table(measured("bert_base"), console, top=12)
    assert shown(out) == expected(text)


@pytest.mark.parametrize(
    ("width", "text"), [(80, "bert_compared_80"), (None, "bert_compared_pipe")]
)
def test_comparison(width: int | None, text: str) -> None:
    assert f"{render_comparison(compared('bert_base'), top=8, width=width)}\n" == expected(text)


@pytest.mark.parametrize(
    ("width", "is_terminal", "text"),
    [(80, True, "bert_precisions_80"), (30, False, "bert_precisions_pipe")],
)
def test_precisions(width: int, is_terminal: bool, text: str) -> None:
    fp32 = measured("bert_base")
    fp16 = replace(made_slower(fp32), precision="fp16")
    out, console = screen(width, is_terminal=is_terminal)
    print_precisions(compare_runs((fp32, fp16)), console, top=8)
    assert shown(out) == expected(text)


@pytest.mark.parametrize("width", [80, None])
@pytest.mark.parametrize("name", ["bert_base", "mobilenet_v3_large"])
def test_no_line_of_a_comparison_is_wider(name: str, width: int | None) -> None:
    comparison, profile = compared(name), measured(name)
    several = compare_runs((profile, replace(made_slower(profile), precision="int8")))
    texts = (
        render_comparison(comparison, width=width),
        render_baseline(comparison, width=width),
        render_precisions(several, width=width),
    )
    for text in texts:
        assert max(map(len, text.splitlines())) <= (width or 120)


def test_full_names_are_all_there() -> None:
    comparison = compared("vit_b_16")
    several = compare_runs((measured("vit_b_16"), made_slower(measured("vit_b_16"))))
    texts = (
        render_comparison(comparison, full_names=True),
        render_baseline(comparison, full_names=True),
        render_precisions(several, full_names=True),
    )
    for text in texts:
        assert all(" + ".join(row.nodes) in text for row in comparison.rows)
