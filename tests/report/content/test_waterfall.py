"""The steps from one total to the other: nothing left out, nothing blown up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trtcore.compare.comparison import Change, Comparison
from trtcore.report.content.waterfall import waterfall_lines

HEAD = "Where the change of the time over all layers came from, in ms"


def make_comparison(profile, *changes_ms: float, rest_ms: float = 0.0) -> Comparison:
    rows = [Change(f"n{i}", 1.0, 1.0 + ms) for i, ms in enumerate(changes_ms)]
    rest = Change("rest", rest_ms, rest_ms)
    base_ms = sum(row.base_ms for row in rows) + rest_ms
    layers = Change("layers", base_ms, base_ms + sum(changes_ms))
    return Comparison(profile, profile, tuple(rows), layers, layers, rest)


def steps(comparison: Comparison, count: int = 10) -> list[list[str]]:
    lines = waterfall_lines(comparison, count)
    assert lines[0] == HEAD
    return [line.split() for line in lines[1:]]


def test_bars_are_to_scale(gpu_profile):
    assert steps(make_comparison(gpu_profile, 0.5, -0.25, 0.01)) == [
        ["base", "3.0000"],
        ["n0", "+0.5000", "+" * 24],
        ["n1", "-0.2500", "-" * 12],
        ["n2", "+0.0100"],
        ["new", "3.2600"],
    ]


@pytest.mark.parametrize("change", [0.0, 0.00004, -0.00004])
def test_no_change_has_no_bar(gpu_profile, change):
    (_, step, _) = steps(make_comparison(gpu_profile, change))
    assert step[1].lstrip("+-") == "0.0000"
    assert len(step) == 2


def test_whole_bars_are_a_hundredth_of_the_total_at_least(gpu_profile):
    (_, small, _, _) = steps(make_comparison(gpu_profile, 0.005, 0.0))
    assert small == ["n0", "+0.0050", "+" * 6]
    (_, whole, _, _) = steps(make_comparison(gpu_profile, 0.021, 0.0))
    assert whole == ["n0", "+0.0210", "+" * 24]


@pytest.mark.parametrize(
    ("shown", "name", "change"), [(2, "1 further row", -0.1), (1, "2 further rows", 0.1)]
)
def test_further_rows_are_one_step(gpu_profile, shown, name, change):
    comparison = make_comparison(gpu_profile, 0.4, 0.2, -0.1)
    lines = waterfall_lines(comparison, shown)
    assert lines[-2].split("  ")[1] == name
    assert f"{change:+.4f}" in lines[-2]
    assert len(lines) == shown + 4


def test_what_no_row_tells_is_a_step(gpu_profile):
    comparison = make_comparison(gpu_profile, 0.5, rest_ms=2.0)
    comparison = replace(comparison, rest=Change("rest", 2.0, 2.25))
    assert steps(comparison)[2] == ["rest", "+0.2500", "+" * 12]
