"""What the GPU itself takes, of two profiles: un-profiled GPU time with the launch overhead hidden.

Where the host is the slower one, the total of a comparison shows the host, and hides what changed
on the GPU.
"""

from __future__ import annotations

from trtcore.compare.comparison import GATED_TIME, Change
from trtcore.compare.significance.noise import judge_total
from trtcore.compare.significance.processes import series_times
from trtcore.errors import OptionError
from trtcore.result.records.profile import Profile

_SERIES = "gated_ms"


def gated_row(base: Profile, new: Profile) -> Change | None:
    """The row of a report; None unless both have the time.

    It is not judged: another test would add to the alarms that chance may raise.
    """
    if not _have_both(base, new):
        return None
    before, after = series_times(base, new, _SERIES)
    return Change(GATED_TIME, float(before.medians[0]), float(after.medians[0]))


def judged_gated_row(base: Profile, new: Profile) -> Change:
    """The same with its interval, and whether it may be chance, where someone asks for it.

    Raises:
        OptionError: not both have the time.
    """
    if not _have_both(base, new):
        raise OptionError(
            f"not both sides have the {GATED_TIME}: TensorRT has it with a GPU, other backends and "
            "tools do not; use 'total'"
        )
    step_ms = max(profile.timed_by.clock_step_ms for profile in (base, new))
    return judge_total(GATED_TIME, *series_times(base, new, _SERIES), step_ms)


def _have_both(base: Profile, new: Profile) -> bool:
    return all(profile.samples.gated_ms.size > 1 for profile in (base, new))
