"""Times of one run, with what a comparison needs to tell change from chance.

A median says how long a thing takes, draws of it say how sure that is, and medians of batches of
neighbouring iterations say how the run varied. Of a streamed run medians and draws come from the
distribution of all times; only how neighbours resemble each other is known of its last iterations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trtcore.batches import batch_medians, batch_size
from trtcore.bootstrap import draw_medians, draw_ranks
from trtcore.histogram import ACCURACY, medians, value_at
from trtcore.result import Samples, TimeHistograms
from trtcore.series import autocorrelation, widening

WANTED_BATCHES = 16
"""Of fewer iterations than fill so many batches of 32, batches are shorter."""
DRAWS = 400
"""Of each median; a second for 20 000 iterations of 200 layers."""

_MOST_AUTOCORRELATION = 0.99

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SampledTimes:
    """Times of C things, such as layers or rows of a comparison, in ms.

    Attributes:
        medians: (C,) over all iterations.
        batches: (B, C) medians of batches of neighbouring iterations.
        draws: (D, C) the medians of runs that were drawn again; see `trtcore.bootstrap`.
        is_streamed: batches are of the last iterations only, and medians are within `ACCURACY`.
    """

    medians: Floats
    batches: Floats
    draws: Floats
    is_streamed: bool = False

    @property
    def blur(self) -> float:
        """By how much, as a part of them, the medians may be off because of buckets."""
        return ACCURACY if self.is_streamed else 0.0

    @property
    def levels(self) -> Floats:
        """(C,) what is tested: means over batches vary less than medians, where all are there."""
        means: Floats = self.batches.mean(axis=0)
        return self.medians if self.is_streamed else means

    def sums(self, rows: Iterable[Sequence[int]]) -> SampledTimes:
        """Returns R times, each of which is the sum of some of these."""
        chosen = [list(row) for row in rows]
        return SampledTimes(
            np.array([self.medians[at].sum() for at in chosen]),
            _sums(self.batches, chosen),
            _sums(self.draws, chosen),
            self.is_streamed,
        )

    def less(self, ms: Floats) -> SampledTimes:
        """Returns these times without what was added to each, (C,) or one figure, in ms."""
        return replace(
            self,
            medians=self.medians - ms,
            batches=self.batches - ms,
            draws=self.draws - ms,
        )

    def over_rest(self, total: SampledTimes) -> SampledTimes:
        """Returns each time over what is left of a total, (1,), without it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return replace(
                self,
                medians=self.medians / (total.medians - self.medians),
                batches=self.batches / (total.batches - self.batches),
                draws=self.draws / (total.draws - self.draws),
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
    if histograms is not None:
        return _sample_streamed(times, batches, histograms, seed)
    middle = np.median(times, axis=0).astype(np.float64)
    return SampledTimes(middle, batches, draw_medians(times, DRAWS, size, seed))


def _sample_streamed(
    times: NDArray[np.float32], batches: Floats, histograms: TimeHistograms, seed: int
) -> SampledTimes:
    middle = medians(histograms)
    drawn = draw_streamed(times, histograms, middle, 0.5, seed)
    return SampledTimes(middle, batches, drawn, is_streamed=True)


def draw_streamed(
    last: NDArray[np.float32], histograms: TimeHistograms, levels: Floats, share: float, seed: int
) -> Floats:
    """Returns (D, C) quantiles of a streamed run that was drawn again, each within `ACCURACY`.

    They are of the same ranks in all series, so that sums of series do not scatter too little.

    Args:
        last: (N, C) the last iterations.
        histograms: all iterations.
        levels: (C,) the quantiles as they are.
        share: which quantile, between 0 and 1.
        seed: of the draws.
    """
    ranks = draw_ranks(histograms.count, share, DRAWS, seed)
    order, place = np.argsort(ranks), share * (histograms.count - 1)
    away = np.outer(dependence(last, levels, share), ranks[order] - place)
    widened = np.rint(place + away).clip(0, histograms.count - 1).astype(np.int64)
    drawn = np.empty((DRAWS, len(levels)))
    drawn[order] = value_at(histograms, widened).T
    return drawn


def dependence(times: NDArray[np.float32], levels: Floats, share: float = 0.5) -> Floats:
    """Returns (C,) factors that widen what takes the iterations of a streamed run as independent.

    Its last iterations tell in two ways: neighbours resemble each other, or more of them lie on one
    side of the quantile than two deviations of chance allow, so that the run varied slowly.

    Args:
        times: (N, C) the last iterations.
        levels: (C,) a quantile of all iterations.
        share: which one, between 0 and 1.
    """
    is_beyond = (times > levels).astype(np.float64)
    columns = zip(times.T, is_beyond.T, strict=True)
    found = [(autocorrelation(a), autocorrelation(b)) for a, b in columns]
    r = np.nan_to_num(np.array(found)).max(axis=1, initial=0.0).clip(max=_MOST_AUTOCORRELATION)
    count = len(times)
    excess = np.abs(is_beyond.sum(axis=0) - count * (1 - share))
    unlike = excess / np.sqrt(count * share * (1 - share)) / 2
    factor: Floats = np.maximum(widening(r), unlike)
    return factor


def _sums(times: Floats, chosen: Sequence[Sequence[int]]) -> Floats:
    columns = [times[:, at].sum(axis=1) for at in chosen]
    return np.stack(columns, axis=1) if columns else np.empty((len(times), 0))
