"""What the GPU itself takes, of two profiles: un-profiled GPU time with the launch overhead hidden.

Where the host is the slower one, the total of a comparison shows the host, and hides what changed
on the GPU.
"""

from __future__ import annotations

from trtcore.compare.comparison import Change
from trtcore.compare.precisions.verdict import GATED_TIME
from trtcore.compare.significance.noise import judge_total
from trtcore.compare.significance.processes import both_have_processes, process_times
from trtcore.compare.significance.times import SampledTimes, sample_series
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


def series_times(base: Profile, new: Profile, series: str) -> tuple[SampledTimes, SampledTimes]:
    """The times of a series of both sides, over processes where both have them.

    Args:
        base: before.
        new: after.
        series: name of an array of `Samples`, which both have.
    """
    if both_have_processes(base, new):
        first, second = (side.processes.of(series) for side in (base, new) if side.processes)
        if first is not None and second is not None:
            return process_times(first[:, None], 0), process_times(second[:, None], 1)
    return sample_series(base.samples, series, 0), sample_series(new.samples, series, 1)


def _have_both(base: Profile, new: Profile) -> bool:
    return all(profile.samples.gated_ms.size > 1 for profile in (base, new))
