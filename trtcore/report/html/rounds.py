"""Clocks and temperature of the rounds that a result was measured in."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from trtcore.report.html.tables import Table
from trtcore.result.records.profile import Profile

_UNKNOWN = "-"


def round_data(profile: Profile) -> dict[str, Any] | None:
    """Returns where each round ends, in iterations, with its clock and temperature; None without.

    The script draws them behind the times of the iterations.
    """
    rounds = profile.environment.clocks.rounds
    if not any(one.sm_mhz for one in rounds):
        return None
    return {
        "ends": list(accumulate(one.iterations for one in rounds)),
        "mhz": [one.sm_mhz or None for one in rounds],
        "celsius": [one.temperature_c or None for one in rounds],
    }


def round_table(profile: Profile) -> Table | None:
    """Returns a line for each round; None where no clock was read."""
    rounds = profile.environment.clocks.rounds
    if not any(one.sm_mhz for one in rounds):
        return None
    rows = tuple(
        (
            str(i),
            str(one.iterations),
            str(one.sm_mhz or _UNKNOWN),
            str(one.temperature_c or _UNKNOWN),
            f"{one.power_w:.0f}" if one.power_w else _UNKNOWN,
        )
        for i, one in enumerate(rounds)
    )
    return Table(("Round", "iterations", "lowest SM clock, MHz", "highest C", "highest W"), rows)
