"""Where the time went, in lines."""

from __future__ import annotations

from trtcore.report.content.facts.phases import phase_lines, phase_text
from trtcore.result.phases import Phase, PhaseTime


def test_the_lines_say_the_parts_and_the_sum() -> None:
    assert phase_lines((PhaseTime(Phase.LOAD, 0.25), PhaseTime(Phase.WARM_UP, 0.75))) == (
        "Where 1.000 s went:",
        "  load        0.250 s   25.0%",
        "  warm-up     0.750 s   75.0%",
    )
    assert phase_lines(()) == ("Where 0.000 s went:",)


def test_in_one_line() -> None:
    phases = (PhaseTime(Phase.LOAD, 0.25), PhaseTime(Phase.WARM_UP, 0.75))
    assert phase_text(phases) == "1.0 s: load 0.2, warm-up 0.8"
