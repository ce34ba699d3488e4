"""Outliers, modes and drift in the samples of a profile.

No sample is dropped. Of a streamed run only the last iterations are there in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trtcore.errors import few
from trtcore.result.records.layers import is_marker
from trtcore.result.records.profile import Profile
from trtcore.result.records.samples import PASSES, Samples
from trtcore.stats.intervals import (
    NO_INTERVAL,
    Interval,
    TimeSummary,
    longest_layers,
    median_interval,
)
from trtcore.stats.series import Series, describe, estimate


@dataclass(frozen=True, eq=False)
class ObservedTimes:
    """A pass or layer: its times, how they behave, and whether they are only the end of a run."""

    name: str
    ms: NDArray[np.float32]
    series: Series
    is_end: bool

    @property
    def iterations(self) -> str:
        """Such as ``200``, or ``the last 1024`` of more."""
        return f"the last {self.series.count}" if self.is_end else str(self.series.count)


@dataclass(frozen=True, eq=False)
class Steadiness:
    """How the times of a profile behave, in the order they were taken.

    Attributes:
        passes: the un-profiled passes that have enough samples.
        layers: those that hold most of the time, the longest first; none where no GPU was timed.
    """

    passes: Sequence[ObservedTimes]
    layers: Sequence[ObservedTimes]


class _Finding(NamedTuple):
    """A finding about times: when it applies, as a sentence of its own, and in a list of many."""

    applies: Callable[[Series], bool]
    sentence: Callable[[ObservedTimes], str]
    of_many: str
    in_list: Callable[[ObservedTimes], str]


def observe(profile: Profile) -> Steadiness:
    """Describes the passes and the longest layers of a profile.

    Layers are described only where a GPU was timed: on a CPU they follow the state of the machine,
    nearly all of them at once, and the latency shows that too.
    """
    on_gpu = profile.samples.gpu_ms.size or profile.samples.gated_ms.size
    return Steadiness(_passes(profile), _long_layers(profile) if on_gpu else ())


def interval_of(samples: Samples, name: str, summary: TimeSummary | None) -> Interval:
    """Returns the 95 % interval of a series' median, in ms, widened for autocorrelation.

    It is that of independent samples, widened as `trtcore.stats.series.estimate` does, but not
    beyond the range of the samples. Of a streamed run the last iterations give the factor.

    Args:
        samples: the run.
        name: the series, such as ``wall_ms``.
        summary: of the series; None if it was not measured.

    Returns:
        (low, high); (NaN, NaN) with fewer than 6 samples.
    """
    if summary is None:
        return NO_INTERVAL
    ms, whole, median = getattr(samples, name), samples.histogram_of(name), summary.median_ms
    longest = float(ms.max() if whole is None else whole.max_ms[0])
    (low, high), wider = summary.interval, _widening(ms)
    return (
        float(np.maximum(median - (median - low) * wider, summary.min_ms)),
        float(np.minimum(median + (high - median) * wider, longest)),
    )


def outlier_text(steadiness: Steadiness) -> str:
    """Returns the numbers of outliers, and which passes are autocorrelated; ``""`` for too few."""
    passes = steadiness.passes
    if not passes:
        return ""
    counts = ", ".join(
        f"{times.name} {times.series.mild} and {times.series.severe} of {times.iterations}"
        for times in passes
    )
    text = f"outliers 1.5 to 3 and beyond 3 IQR from the quartiles, all kept: {counts}"
    correlated = ", ".join(
        f"{times.name} (correlation {times.series.autocorrelation:.2f})"
        for times in passes
        if times.series.is_autocorrelated
    )
    if correlated:
        text += f"; autocorrelated samples; confidence intervals widened: {correlated}"
    return text


def steadiness_warnings(steadiness: Steadiness) -> Iterator[str]:
    """Yields which times jump between two values or drift, one sentence each."""
    for times in steadiness.passes:
        sentences = [item.sentence(times) for item in _FINDINGS if item.applies(times.series)]
        if sentences:
            yield f"un-profiled {times.name} {'; it '.join(sentences)}"
    # The layers by finding, not one by one: what slows a machine down shows in all of them, and is
    # one line then.
    for finding in _FINDINGS:
        yield from _of_layers(steadiness.layers, finding)


def _widening(ms: ArrayLike) -> float:
    """How much wider the interval is than one of independent samples; 1 where that is unknown."""
    low, high = median_interval(ms)
    # Quantised times can have an interval of no width, which no factor makes wider.
    if not high > low:
        return 1.0
    median, half_width = estimate(ms)
    return half_width / max(high - median, median - low)


def _passes(profile: Profile) -> Sequence[ObservedTimes]:
    samples = profile.samples
    passes = (
        _describe(
            timed.title,
            getattr(samples, timed.series),
            samples.histogram_of(timed.series) is not None,
        )
        for timed in PASSES
    )
    return [times for times in passes if times.series.is_labelled]


def _long_layers(profile: Profile) -> Sequence[ObservedTimes]:
    ms = profile.samples.layer_ms
    if not len(ms):
        return ()
    is_end = profile.samples.layer_histograms is not None
    return [
        _describe(profile.layers[i].name, ms[:, i], is_end)
        for i in longest_layers(np.median(ms, axis=0))
        if not is_marker(profile.layers[i])
    ]


def _describe(name: str, ms: NDArray[np.float32], is_end: bool) -> ObservedTimes:
    return ObservedTimes(name, ms, describe(ms), is_end)


def _of_layers(layers: Sequence[ObservedTimes], finding: _Finding) -> Iterator[str]:
    affected = [times for times in layers if finding.applies(times.series)]
    if len(affected) == 1:
        yield f"layer {affected[0].name} {finding.sentence(affected[0])}"
    elif affected:
        named = few(f"{times.name} ({finding.in_list(times)})" for times in affected)
        yield f"{len(affected)} of the {len(layers)} longest layers {finding.of_many}: {named}"


def _jumps(times: ObservedTimes) -> str:
    low, high = np.quantile(times.ms, (0.25, 0.75))
    return (
        f"is bimodal ({_modes(times)}): the median is not representative, use the quartiles "
        f"({low:.4f} and {high:.4f} ms)"
    )


def _modes(times: ObservedTimes) -> str:
    low, high = times.series.modes_ms
    return f"{low:.4f} and {high:.4f} ms"


def _drifts(times: ObservedTimes) -> str:
    of = f" of {times.iterations} iterations" if times.is_end else ""
    return f"drifts: the second half{of} is {_change(times)} than the first"


def _change(times: ObservedTimes) -> str:
    drift = times.series.drift
    return f"{abs(drift):.1%} {'longer' if drift > 0 else 'shorter'}"


_FINDINGS = (
    _Finding(lambda series: series.is_bimodal, _jumps, "are bimodal", _modes),
    _Finding(lambda series: series.is_drifting, _drifts, "drift", _change),
)
