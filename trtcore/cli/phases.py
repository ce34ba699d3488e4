"""Prints where the time of a call went."""

from __future__ import annotations

from collections.abc import Sequence

from trtcore.result.phases import PhaseTime


def print_phases(phases: Sequence[PhaseTime]) -> None:
    """Prints the phases of a call, after an empty line."""
    from trtcore.report.content.facts.phases import phase_lines

    print()
    for line in phase_lines(phases):
        print(line)
