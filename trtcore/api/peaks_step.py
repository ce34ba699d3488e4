"""The last step of a call: the peaks that the network's rates are compared with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trtcore.api.options.values import Options
from trtcore.errors import TrtcoreError
from trtcore.result.analysis.cost.given_peaks import MEASURE, parse_peaks
from trtcore.result.analysis.cost.work import has_work
from trtcore.result.phases import Phase, Stopwatch
from trtcore.result.records.peaks import Peaks
from trtcore.result.records.profile import Profile
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.system.progress import Progress

if TYPE_CHECKING:
    from trtcore.engine.tensorrt.bindings import Bindings


def with_peaks(
    profile: Profile,
    options: Options,
    bindings: Bindings | None,
    progress: Progress | None,
    watch: Stopwatch,
) -> Profile:
    """Returns the profile with peaks: the given ones, those measured before, or measured here.

    A GPU's are measured on request only: they would double the time of a first short run. Nothing
    is measured where there is no work to compare with them, or after Ctrl-C. A failure must not
    lose the profile: it becomes a warning.
    """
    is_requested = options.peak == MEASURE
    if options.peak is not None and not is_requested:
        return replace(profile, peaks=parse_peaks(options.peak))
    if not has_work(profile) or profile.counts.interrupted:
        return profile
    try:
        with watch.phase(Phase.PEAKS):
            if bindings is not None and not profile.timed_by.on_cpu and not is_requested:
                return replace(profile, peaks=_kept(profile, options))
            peaks, reason = _measured(profile, options, bindings, progress)
            profile = replace(profile, peaks=peaks)
    except TrtcoreError as error:
        reason = str(error)
    except KeyboardInterrupt:
        reason = "interrupted"
    if not reason:
        return profile
    warning = RunWarning(WarningKind.NO_PEAKS, note=reason)
    return replace(profile, warnings=(*profile.warnings, warning))


def _kept(profile: Profile, options: Options) -> Peaks | None:
    from trtcore.measure.peaks.peaks import kept_peaks

    return kept_peaks(profile) if options.use_cache else None


def _measured(
    profile: Profile, options: Options, bindings: Bindings | None, progress: Progress | None
) -> tuple[Peaks, str]:
    """The peaks, and why some are missing."""
    from trtcore.measure.peaks.peaks import cpu_peaks, gpu_peaks

    if bindings is None or profile.timed_by.on_cpu:
        return cpu_peaks(profile, use_cache=options.use_cache), ""
    return gpu_peaks(bindings, profile, progress, use_cache=options.use_cache)
