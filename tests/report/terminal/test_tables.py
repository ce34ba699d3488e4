"""Reports on a narrow terminal: columns are left out before names become stacks of letters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trtcore.compare.profiles import compare_profiles
from trtcore.report.terminal.comparison import render_comparison
from trtcore.report.terminal.profile import render_table


def heading(text: str, first: str) -> list[str]:
    line = next(line for line in text.split("\n") if line.startswith(first))
    return line.removeprefix(first).split("  ")


@pytest.mark.parametrize(
    ("width", "columns", "missing"),
    [
        (80, ["median ms", "share", "p95 ms", "min ms"], ""),
        (56, ["median ms", "share", "p95 ms", "min ms"], ""),
        (50, ["median ms", "share", "p95 ms"], "No room for min ms."),
        (40, ["median ms", "share"], "No room for p95 ms, min ms."),
        (30, ["median ms"], "No room for share, p95 ms, min ms."),
    ],
)
def test_layers(cpu_profile, width, columns, missing):
    text = render_table(cpu_profile, width=width)
    found = [word.strip() for word in heading(text, "Layer") if word.strip()]
    assert found == columns
    assert missing in " ".join(text.split())
    assert ("No room" in text) == bool(missing)
    assert any(line.startswith("swish [HardSigmoid] ") for line in text.split("\n"))


def test_full_width_leaves_nothing_out(cpu_profile):
    assert "No room" not in render_table(cpu_profile)


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (None, ["base ms", "new ms", "change ms", "ratio", "95 % interval"]),
        (80, ["base ms", "new ms", "change ms", "ratio", "95 % interval"]),
        (79, ["base ms", "new ms", "change ms", "ratio"]),
        (60, ["base ms", "new ms", "ratio"]),
        (40, ["new ms", "ratio"]),
    ],
)
def test_comparisons_keep_the_mark_of_noise(cpu_profile, width, columns):
    samples = cpu_profile.samples
    slower = replace(cpu_profile, samples=replace(samples, layer_ms=samples.layer_ms * 1.0001))
    text = render_comparison(compare_profiles(cpu_profile, slower), width=width)
    found = [word.strip() for word in heading(text, "Nodes") if word.strip()]
    assert found == columns
    row = next(line for line in text.split("\n") if line.startswith("fc "))
    assert row.endswith(" noise")
    every = ["base ms", "new ms", "change ms", "ratio", "95 % interval"]
    missing = [heading for heading in every if heading not in columns]
    words = " ".join(text.split())
    assert words.count("No room for") == bool(missing)
    assert f"No room for {', '.join(missing)}." in words or not missing


def test_a_footnote_is_about_the_columns_that_are_there(cpu_profile):
    words = " ".join(render_table(cpu_profile, width=30).split())
    assert "No room for share, p95 ms, min ms." in words
    assert "; the total is of the medians." in words
    assert "the shares" not in words
    assert "the total and the shares are of the medians." in render_table(cpu_profile)
