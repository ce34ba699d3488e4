"""Bars beside the rows: as long as the share, coloured by kind, and only on terminals."""

from __future__ import annotations

import io

import pytest
from networks import measured
from rich.console import Console

from trtcore.cli.screen import Screen
from trtcore.report.content.rows.rows import View, make_rows
from trtcore.report.terminal.bars import BAR_WIDTH, row_bars
from trtcore.report.terminal.profile import print_table
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.profile import Profile


def bars(
    profile: Profile, level: str = "layer", *, is_ascii: bool = False
) -> list[tuple[str, str]]:
    analysis = Analysis(profile)
    rows = make_rows(analysis, View(group_by=level)).shown
    drawn = map(row_bars(analysis, rows, is_ascii=is_ascii), rows)
    return [(bar.plain, str(bar.style)) for bar in drawn]


def test_length_and_colour(gpu_profile: Profile) -> None:
    # 0.0304, 0.1636, 0.0125 and 0.0025 ms.
    assert bars(gpu_profile) == [
        ("██▎", "red"),
        ("████████████", "blue"),
        ("▉", "white"),
        ("▏", "white"),
    ]
    assert [bar for bar, _ in bars(gpu_profile, is_ascii=True)] == ["##", "#" * 12, "#", ""]
    assert bars(gpu_profile, "type")[0] == ("██▎", "red")


@pytest.mark.parametrize("level", ["layer", "node", "block", "type"])
def test_the_longest_row_has_the_whole_width(level: str) -> None:
    lengths = [len(bar) for bar, _ in bars(measured("swin_t"), level)]
    assert max(lengths) == BAR_WIDTH


def printed(profile: Profile, console: Console) -> str:
    print_table(profile, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_colours_are_for_terminals_only(gpu_profile: Profile) -> None:
    def console(*, is_terminal: bool, colour: str | None) -> Console:
        return Console(
            file=io.StringIO(),
            width=120,
            force_terminal=is_terminal,
            color_system=colour,  # type: ignore[arg-type]
        )

    assert "\x1b[34m█" in printed(gpu_profile, console(is_terminal=True, colour="standard"))
    plain = printed(gpu_profile, console(is_terminal=True, colour=None))
    assert "█" in plain
    assert "\x1b" not in plain
    piped = printed(gpu_profile, console(is_terminal=False, colour=None))
    assert not {"█", "\x1b"} & set(piped)


@pytest.mark.parametrize(("value", "system"), [("1", None), ("", "truecolor")])
def test_no_color(monkeypatch: pytest.MonkeyPatch, value: str, system: str | None) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", value)
    assert Screen().color_system == system
