"""What a professional would warn about before anybody trusts the figures of a profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from trtcore.errors import argument
from trtcore.result.analysis.reconcile import reconciliation_obstacle
from trtcore.result.analysis.steadiness import steadiness_warnings
from trtcore.result.analysis.summary import Latency, summarise_latency, summarise_layers
from trtcore.result.layers import is_marker
from trtcore.result.records import Counts, Profile
from trtcore.result.samples import PASSES, Samples
from trtcore.stats.arrays import FloatArray
from trtcore.stats.intervals import TimeSummary
from trtcore.system.records import Clocks

ENQUEUE_BOUND = 0.8
"""Share of the GPU time at which the enqueue call holds the GPU up. Source: trtexec."""

UNSTEADY_VARIATION = 0.025
"""Standard deviation over mean above which times are unsteady. Source: trtexec."""

UNSTEADY_SPREAD = 0.10
"""Quartile distance over median above which times are unsteady. Source: torch.utils.benchmark."""

CLOCK_CHANGE = 0.02
SUM_TOLERANCE = 0.05


def diagnose(profile: Profile) -> tuple[str, ...]:
    """Returns the warnings that follow from the figures of a profile, one sentence each.

    Those that only the run could see are in ``profile.warnings``.
    """
    latency = summarise_latency(profile)
    lines = (
        _interrupted(profile),
        *_unsettled(profile.counts),
        _opaque(profile),
        _enqueue_bound(latency),
        _unsteady(latency),
        *steadiness_warnings(profile),
        _clocks(profile.environment.clocks),
        _throttled(profile.environment.clocks),
        _streams(profile),
        *_odd_times(profile),
        _not_reconciled(profile),
        _sum(profile, latency),
    )
    return tuple(line for line in lines if line)


def _interrupted(profile: Profile) -> str:
    counts = profile.counts
    if not counts.interrupted:
        return ""
    if counts.measured == counts.asked:
        return f"the run was interrupted after its {counts.asked} iterations: what follows is cut"
    asked = f" of {counts.asked}" if counts.asked else ""
    return f"the run was interrupted: {counts.measured}{asked} profiled iterations were measured"


def _unsettled(counts: Counts) -> Iterator[str]:
    if counts.warm_up.startswith("not "):
        yield f"the warm-up ended {counts.warm_up}"
    if counts.stopped.startswith("not "):
        yield f"the run ended {counts.stopped}"


def _opaque(profile: Profile) -> str:
    verbosity = profile.build.verbosity if profile.build else "DETAILED"
    if verbosity == "DETAILED" or profile.timed_by.is_unfused:
        return ""
    return (
        f"the plan is opaque: its profiling verbosity is {verbosity}, so layers have no model "
        "nodes, formats or tactics; build it with DETAILED to see them"
    )


def _enqueue_bound(latency: Latency) -> str:
    if latency.gpu is None or latency.enqueue is None:
        return ""
    enqueue, gpu = latency.enqueue.median_ms, latency.gpu.median_ms
    if gpu <= 0 or enqueue <= ENQUEUE_BOUND * gpu:
        return ""
    return (
        f"enqueue-bound: the enqueue call takes {enqueue:.4f} ms of {gpu:.4f} ms GPU time, so the "
        "GPU waits for the host; a CUDA graph or a larger batch would help"
    )


def _unsteady(latency: Latency) -> str:
    what, series = _main_series(latency)
    if series is None:
        return ""
    found = []
    if series.variation > UNSTEADY_VARIATION:
        found.append(f"CoV {series.variation:.1%}, steady is below {UNSTEADY_VARIATION:.1%}")
    if series.spread > UNSTEADY_SPREAD:
        found.append(f"IQR/median {series.spread:.1%}, steady is below {UNSTEADY_SPREAD:.0%}")
    return f"the un-profiled {what} is unsteady: {'; '.join(found)}" if found else ""


def _clocks(clocks: Clocks) -> str:
    slow = clocks.sm_mhz_min or min(clocks.sm_mhz_before, clocks.sm_mhz_after)
    fast = clocks.sm_mhz_max or max(clocks.sm_mhz_before, clocks.sm_mhz_after)
    changed = slow > 0 and (fast - slow) / fast > CLOCK_CHANGE
    if not changed and not clocks.throttle_reasons:
        return ""
    found = [f"the SM clock went from {slow} to {fast} MHz"] if changed else []
    if clocks.throttle_reasons:
        found.append(f"held down by {', '.join(clocks.throttle_reasons)}")
    return f"unstable clock: {'; '.join(found)}"


def _throttled(clocks: Clocks) -> str:
    rounds = clocks.throttled_rounds
    if not rounds:
        return ""
    numbers = ", ".join(map(str, rounds))
    return (
        f"heat or a power brake slowed the GPU in {len(rounds)} of the rounds of passes "
        f"({numbers}, counted from 0); the samples are kept"
    )


def _streams(profile: Profile) -> str:
    used = {layer.stream for layer in profile.layers if not is_marker(layer) and layer.stream >= 0}
    auxiliary = profile.build.auxiliary_streams if profile.build else 0
    count = max(len(used), auxiliary + 1)
    if count < 2 or profile.timed_by.is_unfused:
        return ""
    return (
        f"layers run on {count} streams, so their times overlap and do not add up to the latency; "
        f"an engine built without auxiliary streams ({argument('serial', True)}) does not overlap"
    )


def _odd_times(profile: Profile) -> Iterator[str]:
    below = _places(profile.samples, "min_ms", lambda ms: ms < 0)
    if below:
        cause = _cause(profile)
        yield f"times are below zero: {below}; the device's event times cannot be trusted{cause}"
    # The least of some times is a number where one of them is not; their mean is none then.
    unknown = _places(profile.samples, "mean_ms", lambda ms: ~np.isfinite(ms))
    if unknown:
        yield f"times are not numbers: {unknown}; figures that rest on them are not to be trusted"


def _places(
    samples: Samples, figure: str, is_odd: Callable[[FloatArray], NDArray[np.bool_]]
) -> str:
    """Where such times are, and how many; of a streamed run only which have some, by a figure."""
    histograms = samples.layer_histograms
    if histograms is None:
        found = _counted(int(is_odd(samples.layer_ms).sum()), "", "layer time")
    else:
        found = _counted(int(is_odd(getattr(histograms, figure)).sum()), "those of ", "layer")
    for one in PASSES:
        all_times = samples.histogram_of(one.series)
        if all_times is None:
            count = int(is_odd(getattr(samples, one.series)).sum())
            found += [f"{count} of the un-profiled {one.title}"] if count else []
        elif is_odd(getattr(all_times, figure)).any():
            found.append(f"some of the un-profiled {one.title}")
    return ", ".join(found)


def _counted(count: int, before: str, noun: str) -> list[str]:
    return [f"{before}{count} {noun}{'' if count == 1 else 's'}"] if count else []


def _cause(profile: Profile) -> str:
    if profile.environment.confidential_computing != "on":
        return ""
    return ", as is known of Confidential Computing (NVIDIA/TensorRT#4740)"


def _not_reconciled(profile: Profile) -> str:
    obstacle = reconciliation_obstacle(profile)
    return f"the layer times are not reconciled with the latency: {obstacle}" if obstacle else ""


def _sum(profile: Profile, latency: Latency) -> str:
    what, series = _main_series(latency)
    if series is None or series.count < 2 or not series.median_ms > 0:
        return ""
    if profile.samples.gated_ms.size:
        return ""  # the reconciliation says it line by line
    ratio = sum(row.median_ms for row in summarise_layers(profile)) / series.median_ms
    if not abs(ratio - 1) > SUM_TOLERANCE:
        return ""
    why = _why_not_one(ratio, on_cpu=latency.gpu is None)
    return (
        f"the layer times add up to {ratio:.2f}x the un-profiled {what}: {why}; compare layers "
        f"with each other, not with the {what}"
    )


def _why_not_one(ratio: float, *, on_cpu: bool) -> str:
    if on_cpu:
        if ratio > 1:
            return "profiling costs time of its own"
        return "the machine was slower in the un-profiled pass, or the threads waited between nodes"
    if ratio > 1:
        return (
            "the profiler puts an event between layers, which weighs most on the small ones, and "
            "without gated passes its cost cannot be taken off"
        )
    return "time passes between the layers that belongs to none of them"


def _main_series(latency: Latency) -> tuple[str, TimeSummary | None]:
    """The time that layers are a part of, and what it is called."""
    return ("GPU time", latency.gpu) if latency.gpu else ("latency", latency.wall)
