"""Rounds in the page: where they end, and their clocks as a table."""

from __future__ import annotations

from dataclasses import replace

from findings_evidence import convolution, profile_of

from trtcore.report.html.page import render_html
from trtcore.report.html.rounds import round_data, round_table
from trtcore.result.records.profile import Profile
from trtcore.system.records import RoundClocks

ROUNDS = (RoundClocks(100, 1980, 41, 300.4), RoundClocks(50, 1755, 0, 0.0))


def with_rounds(*rounds: RoundClocks) -> Profile:
    made = profile_of([convolution(0)], [0.4])
    clocks = replace(made.environment.clocks, rounds=rounds)
    return replace(made, environment=replace(made.environment, clocks=clocks))


def test_rounds_for_the_script_and_as_a_table() -> None:
    profile = with_rounds(*ROUNDS)
    assert round_data(profile) == {"ends": [100, 150], "mhz": [1980, 1755], "celsius": [41, None]}
    table = round_table(profile)
    assert table is not None
    assert table.rows == (("0", "100", "1980", "41", "300"), ("1", "50", "1755", "-", "-"))
    assert "Clock and temperature by round" in render_html(profile)


def test_without_a_clock_there_is_nothing_to_draw() -> None:
    for rounds in ((), (RoundClocks(100), RoundClocks(100))):
        profile = with_rounds(*rounds)
        assert round_data(profile) is None
        assert round_table(profile) is None
    assert "Clock and temperature by round" not in render_html(with_rounds())
