"""A comparison of one model in several precisions, row by row of its own nodes, as data."""

from __future__ import annotations

from dataclasses import dataclass

from trtcore.errors import NotJudgedError, PrecisionNotMetError
from trtcore.result.analysis.requirements import require_precision
from trtcore.result.phases import PhaseTime
from trtcore.result.records.profile import Profile
from trtcore.result.records.warnings import RunWarning

Interval = tuple[float, float]


@dataclass(frozen=True)
class RelativeTime:
    """A time in one precision, relative to the time in the first one.

    Attributes:
        median_ms: 0 where nothing was timed for it.
        ratio: to the first precision's time; None for the first itself, and where either is 0.
        interval: 95 % interval of the ratio; None where there are too few samples for one.
        is_noise: whether the difference may be chance; None where that cannot be judged.
    """

    median_ms: float
    ratio: float | None = None
    interval: Interval | None = None
    is_noise: bool | None = None


@dataclass(frozen=True)
class PrecisionRow:
    """A line of the comparison.

    Attributes:
        name: model nodes, or what the line is about.
        times: one for each precision.
        nodes: the model nodes, if it is a row of the table.
    """

    name: str
    times: tuple[RelativeTime, ...]
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PrecisionComparison:
    """A model in several precisions, measured interleaved.

    Rows, ``reformats`` and ``rest`` add up to ``layers``.

    Attributes:
        precisions: in the order requested; the first is what the others are compared with.
        profiles: one for each precision.
        rows: the smallest sets of model nodes that every precision can be timed for, in order of
            execution, without reformats.
        reformats: reformat, cast and copy layers, wherever they are.
        rest: stream sync layers and layers that are mapped to no node.
        layers: the time over all layers.
        totals: the whole network in each un-profiled series that all have.
        is_corrected: rows, reformats and layers are without the cost of the profiler's events.
        verdict: the outcome, in one sentence.
        notes: warnings beside those of the profiles.
        phases: how long each phase of the call took; empty if that was not recorded.
    """

    precisions: tuple[str, ...]
    profiles: tuple[Profile, ...]
    rows: tuple[PrecisionRow, ...]
    reformats: PrecisionRow
    rest: PrecisionRow
    layers: PrecisionRow
    totals: tuple[PrecisionRow, ...]
    is_corrected: bool
    verdict: str
    notes: tuple[RunWarning, ...] = ()
    phases: tuple[PhaseTime, ...] = ()

    def require(self, tolerance: float | None = None) -> None:
        """Raises if an engine lacks its precision or an output exceeds the tolerance.

        Args:
            tolerance: the largest relative L2 error of an output; None accepts any.

        Raises:
            PrecisionNotMetError: names the precision and what is wrong with it; its ``result`` is
                this comparison.
            NotJudgedError: nothing is wrong, but a tolerance has nothing to judge by.
        """
        not_judged: NotJudgedError | None = None
        for precision, profile in zip(self.precisions, self.profiles, strict=True):
            try:
                require_precision(profile, tolerance)
            except PrecisionNotMetError as error:
                named = PrecisionNotMetError(f"{precision}: {error}")
                named.result = self
                raise named from None
            # Raised at the end only: an engine further on may plainly fail, which matters more.
            except NotJudgedError as error:
                not_judged = not_judged or NotJudgedError(f"{precision}: {error}")
        if not_judged is not None:
            not_judged.result = self
            raise not_judged
