"""What the GPU itself takes, of two profiles: un-profiled GPU time with the launch overhead hidden.

Where the host is the slower one, the total of a comparison shows the host, and hides what changed
on the GPU.
"""

from __future__ import annotations

from trtcore.compare.comparison import GATED_TIME, Change
from trtcore.compare.significance.noise import judge_total
from trtcore.compare.significance.processes import series_times
from trtcore.result.records.profile import Profile

_SERIES = "gated_ms"


TOTALS = 2
"""How many totals are judged where this one is: itself and the un-profiled GPU time."""


def gated_row(base: Profile, new: Profile) -> Change | None:
    """The row of a report; None unless both have the time."""
    if not have_both(base, new):
        return None
    step_ms = max(profile.timed_by.clock_step_ms for profile in (base, new))
    return judge_total(GATED_TIME, *series_times(base, new, _SERIES), step_ms, TOTALS)


def have_both(base: Profile, new: Profile) -> bool:
    """Whether both sides have the time, and the un-profiled GPU time beside it."""
    return all(
        min(profile.samples.gated_ms.size, profile.samples.gpu_ms.size) > 1
        for profile in (base, new)
    )
