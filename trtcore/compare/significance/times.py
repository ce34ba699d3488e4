"""Times of one run, with what a comparison needs to tell change from chance.

Besides each median there are resampled medians for its uncertainty, and medians of batches of
neighbouring iterations for how the run varied. Of a streamed run medians and draws come from the
distribution of all times; only the autocorrelation is estimated from its last iterations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trtcore.compare.alignment import Side
from trtcore.result.analysis.reconciliation.reconcile import Reconciliation
from trtcore.result.records.samples import Samples
from trtcore.stats.arrays import Floats
from trtcore.stats.batches import batch_medians, batch_size
from trtcore.stats.bootstrap import draw_medians, draw_ranks
from trtcore.stats.histogram import ACCURACY, TimeHistograms, ends_at, medians, value_at
from trtcore.stats.intervals import MOST_AUTOCORRELATION, widening
from trtcore.stats.series import autocorrelation

WANTED_BATCHES = 16
"""Of fewer iterations than fill so many batches of 32, batches are shorter. A trade-off: with fewer
the t-test misses changes, and shorter ones are more correlated with each other."""
DRAWS = 400
"""Of each median; a second for 20 000 iterations of 200 layers. Each end of a 95 % interval rests
on the 10 draws beyond it."""


@dataclass(frozen=True, eq=False)
class SampledTimes:
    """Times of C series, such as layers or rows of a comparison, in ms.

    Attributes:
        medians: (C,) over all iterations.
        batches: (B, C) medians of batches of neighbouring iterations.
        draws: (D, C) the medians of resampled runs; see `trtcore.stats.bootstrap`.
        is_streamed: batches are of the last iterations only, and medians are within `ACCURACY`.
        of_processes: batches are the medians of fresh processes, which are independent.
    """

    medians: Floats
    batches: Floats
    draws: Floats
    is_streamed: bool = False
    of_processes: bool = False

    @property
    def blur(self) -> float:
        """By how much, as a part of them, the medians may be off because of buckets."""
        return ACCURACY if self.is_streamed else 0.0

    def sums(self, rows: Iterable[Sequence[int]]) -> SampledTimes:
        """Returns R times, each of which is the sum of some of these."""
        chosen = [list(row) for row in rows]
        return SampledTimes(
            np.array([self.medians[at].sum() for at in chosen]),
            _sums(self.batches, chosen),
            _sums(self.draws, chosen),
            self.is_streamed,
            self.of_processes,
        )

    def less(self, ms: Floats) -> SampledTimes:
        """Returns these times without what was added to each, (C,) or one figure, in ms."""
        return replace(
            self,
            medians=self.medians - ms,
            batches=self.batches - ms,
            draws=self.draws - ms,
        )

    def without(self, part: SampledTimes) -> SampledTimes:
        """Returns these times without a part of each, (C,) or (1,), of the same run."""
        return replace(
            self,
            medians=self.medians - part.medians,
            batches=self.batches - part.batches,
            draws=self.draws - part.draws,
        )

    def over(self, total: SampledTimes) -> SampledTimes:
        """Returns each time over what is left of a total, (1,), without it."""
        rest = total.without(self)
        with np.errstate(divide="ignore", invalid="ignore"):
            return replace(
                self,
                medians=self.medians / rest.medians,
                batches=self.batches / rest.batches,
                draws=self.draws / rest.draws,
            )


def sample_series(samples: Samples, name: str, seed: int = 0) -> SampledTimes:
    """Returns the times of one series of a run, such as ``wall_ms``; C is 1.

    Args:
        samples: of the run; the series has at least one sample.
        name: of the series.
        seed: of the draws; runs that are compared need different ones.
    """
    return sample_times(getattr(samples, name)[:, None], samples.histogram_of(name), seed)


def sample_times(
    times: NDArray[np.float32], histograms: TimeHistograms | None = None, seed: int = 0
) -> SampledTimes:
    """Returns the times of C series of a run.

    Args:
        times: (N, C) samples in the order they were taken; of a streamed run the last ones. N is
            at least 1.
        histograms: of a streamed run: all times.
        seed: of the draws; runs that are compared need different ones.
    """
    size = batch_size(len(times), WANTED_BATCHES)
    batches = batch_medians(times, size)
    if histograms is None:
        middle = np.median(times, axis=0).astype(np.float64)
        return SampledTimes(middle, batches, draw_medians(times, DRAWS, size, seed))
    drawn = draw_streamed(times, histograms, 0.5, DRAWS, seed)
    return SampledTimes(medians(histograms), batches, drawn, is_streamed=True)


def _sums(times: Floats, chosen: Sequence[Sequence[int]]) -> Floats:
    columns = [times[:, at].sum(axis=1) for at in chosen]
    return np.stack(columns, axis=1) if columns else np.empty((len(times), 0))


def draw_streamed(
    last: NDArray[np.float32], histograms: TimeHistograms, share: float, draws: int, seed: int
) -> Floats:
    """Returns (D, C) quantiles of a resampled streamed run, each within 0.4 %.

    They are of the same ranks in all series, so that sums of series do not scatter too little.

    Args:
        last: (N, C) the last iterations.
        histograms: all iterations.
        share: which quantile, between 0 and 1.
        draws: D.
        seed: of the draws.
    """
    ranks = draw_ranks(histograms.count, share, draws, seed)
    order, place = np.argsort(ranks), share * (histograms.count - 1)
    away = np.outer(dependence(last, histograms, share), ranks[order] - place)
    widened = np.rint(place + away).clip(0, histograms.count - 1).astype(np.int64)
    # `value_at` wants ascending ranks; stored in the order they were drawn, so that the draws of
    # one run do not follow those of another.
    drawn = np.empty((draws, len(widened)))
    drawn[order] = value_at(histograms, widened).T
    return drawn


def dependence(last: NDArray[np.float32], histograms: TimeHistograms, share: float = 0.5) -> Floats:
    """Returns (C,) factors that widen what takes the iterations of a streamed run as independent.

    Its last iterations show it in two ways: neighbours are correlated, or more of them lie on one
    side of the quantile than two standard deviations allow, so that the run varied slowly.

    Args:
        last: (N, C) the last iterations.
        histograms: all iterations.
        share: of which quantile, between 0 and 1.
    """
    rank = np.full((last.shape[1], 1), share * (histograms.count - 1), dtype=np.int64)
    lower, upper = (ends[:, 0] for ends in ends_at(histograms, rank))
    sides = (last < lower, last > upper)
    r = np.max([_correlations(part) for part in (last, *sides)], axis=0)
    expected = np.array([[share], [1 - share]]) * len(last)
    excess = (np.array([side.sum(axis=0) for side in sides]) - expected).max(axis=0)
    unlike = excess / np.sqrt(len(last) * share * (1 - share)) / 2
    factor: Floats = np.maximum(widening(r), unlike)
    return factor


def _correlations(columns: NDArray[np.float32] | NDArray[np.bool_]) -> Floats:
    """(C,) correlations of neighbours, 0 to 0.99; 0 for too few to tell."""
    correlations = np.nan_to_num([autocorrelation(column) for column in columns.T])
    clipped: Floats = correlations.clip(0.0, MOST_AUTOCORRELATION)
    return clipped


@dataclass(frozen=True, eq=False)
class LayerTimes:
    """One side of a comparison with its times.

    Attributes:
        side: the profile and its groups.
        times: of its L layers.
    """

    side: Side
    times: SampledTimes

    @property
    def step_ms(self) -> float:
        """The resolution of the clock that layers were timed with."""
        return self.side.profile.timed_by.clock_step_ms

    @property
    def all_layers(self) -> SampledTimes:
        """The time over all layers."""
        return self.times.sums([range(self.times.medians.size)])

    @property
    def rest(self) -> tuple[int, ...]:
        """The positions of stream sync layers and of layers that are mapped to no node."""
        return (*self.side.fusion.markers, *self.side.fusion.unattributed)

    @property
    def reformats(self) -> tuple[int, ...]:
        """The positions of reformat, cast and copy layers."""
        return tuple(i for group in self.side.fusion.groups for i in group.reformats)


def time_layers(side: Side, seed: int, event_ms: Floats | None = None) -> LayerTimes:
    """Returns a side with the times of its layers.

    Args:
        side: has times.
        seed: of the draws; sides that are compared need different ones.
        event_ms: (L,) what to take off each layer, see `event_costs`; None for nothing.
    """
    samples = side.profile.samples
    times = sample_times(samples.layer_ms, samples.layer_histograms, seed)
    return LayerTimes(side, times if event_ms is None else times.less(event_ms))


def event_costs(reconciled: Reconciliation | None) -> Floats | None:
    """Returns (L,) what the profiler's events cost each layer, in ms; None if that is not known."""
    if reconciled is None or not reconciled.is_corrected:
        return None
    return reconciled.raw_ms - reconciled.corrected_ms
