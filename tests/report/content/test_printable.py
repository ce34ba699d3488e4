"""Names from models and files that would control a terminal, in every report that prints them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trtcore.compare.limits import judge, parse_limit
from trtcore.compare.profiles import compare_profiles
from trtcore.report.content.printable import printable, printable_text
from trtcore.report.export.comparison_markdown import comparison_markdown
from trtcore.report.terminal.comparison import render_baseline, render_comparison
from trtcore.report.terminal.engine import render_inspection
from trtcore.report.terminal.profile import render_table
from trtcore.result.records.layers import Layer
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning

ODD = "a\x1b[31m\nb\u202e"
SHOWN = "a\\x1b[31m\\nb\\u202e"


@pytest.fixture
def odd(cpu_profile):
    first, *rest = cpu_profile.layers
    layers = (Layer(ODD, first.kind, (ODD,)), *rest)
    model = replace(cpu_profile.model, name=ODD, source=ODD, notes=(ODD,))
    return replace(
        cpu_profile, layers=layers, model=model, warnings=(RunWarning(WarningKind.OTHER, note=ODD),)
    )


def test_only_what_cannot_be_printed_is_escaped():
    assert printable_text("größe 日本 [red]<b>\\") == "größe 日本 [red]<b>\\"
    assert printable_text("a\tb\r\x07\x7f\udce9") == "a\\tb\\r\\x07\\x7f\\udce9"


def test_what_needs_nothing_comes_back_itself(cpu_profile):
    assert printable(cpu_profile) is cpu_profile
    assert printable(None) is None


def test_every_report(odd):
    comparison = compare_profiles(odd, odd)
    verdict = judge(comparison, (parse_limit("total > 3%"),))
    texts = (
        *(render_table(odd, group_by=level) for level in ("layer", "node", "block", "type")),
        render_inspection(odd),
        render_comparison(comparison, files=(ODD, "b")),
        render_baseline(comparison, base_file=ODD),
        comparison_markdown(comparison, files=(ODD, "b"), verdict=verdict),
    )
    for text in texts:
        assert SHOWN in text
        assert all(line.isprintable() for line in text.split("\n"))
