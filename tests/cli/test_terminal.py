"""The live view: on a terminal only, and drawn between rounds."""

from __future__ import annotations

import io
from typing import Any

import pytest

from trtcore.cli.terminal import round_text, shown_progress
from trtcore.system.progress import RoundReport, is_live

NAN = float("nan")


@pytest.mark.parametrize(
    ("report", "text"),
    [
        (RoundReport(1, NAN, NAN, NAN), "round 1"),
        (RoundReport(2, 0.25123, NAN, NAN), "round 2, 0.2512 ms"),
        (
            RoundReport(9, 0.25123, 0.2508, 0.2519, 1980),
            "round 9, 0.2512 ms (0.2508 to 0.2519), 1980 MHz",
        ),
    ],
)
def test_a_round_in_words(report: RoundReport, text: str) -> None:
    assert round_text(report) == text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("no_color", ["", "1"])
def test_what_a_terminal_shows(monkeypatch: pytest.MonkeyPatch, no_color: str) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "140")
    with shown_progress(quiet=False) as progress:
        assert is_live(progress)
        progress("measuring", 100, 1000)
        progress.round_done(RoundReport(3, 0.25, 0.24, 0.26, 1980))
    assert "measuring" in screen.getvalue()
    assert "round 3, 0.2500 ms (0.2400 to 0.2600), 1980 MHz" in screen.getvalue()
    assert ("\x1b[3" in screen.getvalue()) == (not no_color)


@pytest.mark.parametrize(("quiet", "is_terminal"), [(True, True), (False, False)])
def test_nothing_elsewhere(monkeypatch: pytest.MonkeyPatch, quiet: bool, is_terminal: bool) -> None:
    screen: Any = Terminal() if is_terminal else io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    with shown_progress(quiet) as progress:
        assert progress is None
    assert screen.getvalue() == ""
