"""Warnings about a profile's figures that follow from the figures themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from trtcore.result.analysis.reconciliation.reconcile import reconciliation_obstacle
from trtcore.result.analysis.steadiness import Steadiness, steadiness_warnings
from trtcore.result.analysis.summary import Latency
from trtcore.result.records.counts import Counts
from trtcore.result.records.layers import LayerProfile, is_marker
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import PASSES, Samples
from trtcore.result.records.warning_kinds import WarningKind
from trtcore.result.records.warnings import RunWarning
from trtcore.stats.arrays import FloatArray
from trtcore.stats.intervals import TimeSummary
from trtcore.system.records import Clocks

ENQUEUE_BOUND = 0.8
"""Enqueue time over GPU time above which the GPU waits for the host. Source: trtexec."""

UNSTEADY_VARIATION = 0.025
"""Standard deviation over mean above which times are unsteady. Source: trtexec."""

UNSTEADY_SPREAD = 0.10
"""Quartile distance over median above which times are unsteady. Source: torch.utils.benchmark."""

# The same 2 % that a warm-up waits for, see `trtcore.measure.length.warmup`.
CLOCK_CHANGE = 0.02
# Rows and total come from different iterations, which differ by a few percent anyway; a larger
# excess is what the profiler's events, or launch gaps, add.
SUM_TOLERANCE = 0.05


def diagnose(
    profile: Profile, latency: Latency, steadiness: Steadiness, rows: Sequence[LayerProfile]
) -> tuple[RunWarning, ...]:
    """Returns the warnings that follow from the figures of a profile.

    Those that only the run could see are in ``profile.warnings``. The figures are computed by
    `trtcore.result.analysis.analysis.Analysis`, whose ``figure_warnings`` this is.

    Args:
        profile: the profile.
        latency: its un-profiled inference.
        steadiness: outliers, modes and drift of its times.
        rows: one per layer.
    """
    # In the order of a run: what ended it first, then what its figures mean.
    warnings = (
        _interrupted(profile),
        *_unsettled(profile.counts),
        _opaque(profile),
        _enqueue_bound(latency),
        _unsteady(latency),
        *(RunWarning(WarningKind.SERIES, note=line) for line in steadiness_warnings(steadiness)),
        _clocks(profile.environment.clocks),
        _throttled(profile.environment.clocks),
        _streams(profile),
        *_odd_times(profile),
        _not_reconciled(profile),
        _sum(profile, latency, rows),
    )
    return tuple(warning for warning in warnings if warning is not None)


def _interrupted(profile: Profile) -> RunWarning | None:
    counts = profile.counts
    if not counts.interrupted:
        return None
    if counts.failure is not None:
        return RunWarning(WarningKind.FAILED)
    return RunWarning(WarningKind.INTERRUPTED, (counts.measured, counts.asked))


def _unsettled(counts: Counts) -> Iterator[RunWarning]:
    if counts.warm_up is not None and counts.warm_up.is_unsteady:
        yield RunWarning(WarningKind.WARM_UP_NOT_STEADY)
    if counts.stopped is not None and counts.stopped.is_cut_short:
        yield RunWarning(WarningKind.NOT_CONVERGED)


def _opaque(profile: Profile) -> RunWarning | None:
    verbosity = profile.build.verbosity if profile.build else "DETAILED"
    if verbosity == "DETAILED" or profile.timed_by.is_unfused:
        return None
    return RunWarning(WarningKind.PLAN_OPAQUE, names=(verbosity,))


def _enqueue_bound(latency: Latency) -> RunWarning | None:
    if latency.gpu is None or latency.enqueue is None:
        return None
    enqueue, gpu = latency.enqueue.median_ms, latency.gpu.median_ms
    if gpu <= 0 or enqueue <= ENQUEUE_BOUND * gpu:
        return None
    return RunWarning(WarningKind.ENQUEUE_BOUND, (enqueue, gpu))


def _unsteady(latency: Latency) -> RunWarning | None:
    name, series = _main_series(latency)
    if series is None:
        return None
    # Negated, as comparisons with the NaN of too few samples are False.
    if not (series.variation > UNSTEADY_VARIATION or series.spread > UNSTEADY_SPREAD):
        return None
    return RunWarning(WarningKind.UNSTEADY, (series.variation, series.spread), (name,))


def _clocks(clocks: Clocks) -> RunWarning | None:
    # Where no lowest and highest clock were recorded, only the readings before and after are left.
    slow = clocks.sm_mhz_min or min(clocks.sm_mhz_before, clocks.sm_mhz_after)
    fast = clocks.sm_mhz_max or max(clocks.sm_mhz_before, clocks.sm_mhz_after)
    changed = slow > 0 and fast - slow > CLOCK_CHANGE * fast
    if not changed and not clocks.throttle_reasons:
        return None
    numbers = (slow, fast) if changed else ()
    return RunWarning(WarningKind.CLOCK_UNSTABLE, numbers, tuple(clocks.throttle_reasons))


def _throttled(clocks: Clocks) -> RunWarning | None:
    rounds = tuple(clocks.throttled_rounds)
    return RunWarning(WarningKind.THROTTLED, rounds) if rounds else None


def _streams(profile: Profile) -> RunWarning | None:
    used = {layer.stream for layer in profile.layers if not is_marker(layer) and layer.stream >= 0}
    auxiliary = profile.build.auxiliary_streams if profile.build else 0
    count = max(len(used), auxiliary + 1)
    if count < 2 or profile.timed_by.is_unfused:
        return None
    return RunWarning(WarningKind.STREAMS_OVERLAP, (count,))


def _odd_times(profile: Profile) -> Iterator[RunWarning]:
    below = _places(profile.samples, "min_ms", lambda ms: ms < 0)
    if below:
        is_confidential = profile.environment.confidential_computing == "on"
        names = ("confidential computing",) if is_confidential else ()
        yield RunWarning(WarningKind.BELOW_ZERO, names=names, note=below)
    # The minimum of times can be a number although one of them is not; their mean then is not.
    unknown = _places(profile.samples, "mean_ms", lambda ms: ~np.isfinite(ms))
    if unknown:
        yield RunWarning(WarningKind.NOT_NUMBERS, note=unknown)


def _places(
    samples: Samples, figure: str, is_odd: Callable[[FloatArray], NDArray[np.bool_]]
) -> str:
    """Where such times are, and how many; of a streamed run only which have some, by a figure."""
    histograms = samples.layer_histograms
    if histograms is None:
        places = _counted(int(is_odd(samples.layer_ms).sum()), "layer time")
    else:
        places = _counted(int(is_odd(getattr(histograms, figure)).sum()), "layer")
    for timed in PASSES:
        all_times = samples.histogram_of(timed.series)
        if all_times is None:
            count = int(is_odd(getattr(samples, timed.series)).sum())
            times = _counted(count, "iteration")
            places += [f"un-profiled {timed.title} of {text}" for text in times]
        elif is_odd(getattr(all_times, figure)).any():
            places.append(f"un-profiled {timed.title}")
    return ", ".join(places)


def _counted(count: int, noun: str) -> list[str]:
    return [f"{count} {noun}{'' if count == 1 else 's'}"] if count else []


def _not_reconciled(profile: Profile) -> RunWarning | None:
    obstacle = reconciliation_obstacle(profile)
    return RunWarning(WarningKind.NOT_RECONCILED, note=obstacle) if obstacle else None


def _sum(profile: Profile, latency: Latency, rows: Sequence[LayerProfile]) -> RunWarning | None:
    name, series = _main_series(latency)
    # One figure is another tool's total, whose reader has compared it with the rows already.
    if series is None or series.count < 2 or not series.median_ms > 0:
        return None
    if profile.samples.gated_ms.size:
        return None  # the reconciliation says it line by line
    ratio = sum(row.median_ms for row in rows) / series.median_ms
    if not abs(ratio - 1) > SUM_TOLERANCE:
        return None
    place = "CPU" if latency.gpu is None else "GPU"
    return RunWarning(WarningKind.SUM_DIFFERS, (ratio,), (name, place))


def _main_series(latency: Latency) -> tuple[str, TimeSummary | None]:
    """The name of the time that the layers make up, and its summary."""
    return ("GPU time", latency.gpu) if latency.gpu else ("latency", latency.wall)
