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
from trtcore.bootstrap import draw_medians
from trtcore.histogram import ACCURACY, medians
from trtcore.result import Samples, TimeHistograms
from trtcore.streamed_draws import draw_streamed

WANTED_BATCHES = 16
"""Of fewer iterations than fill so many batches of 32, batches are shorter."""
DRAWS = 400
"""Of each median; a second for 20 000 iterations of 200 layers."""

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
