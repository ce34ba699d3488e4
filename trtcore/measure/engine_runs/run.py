"""What a run of an engine measured, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trtcore.result.analysis.failures import failure_error
from trtcore.result.records.counts import Counts
from trtcore.result.records.energy import Energy
from trtcore.result.records.failure import RunFailure
from trtcore.result.records.samples import Samples
from trtcore.result.records.warnings import RunWarning


@dataclass(frozen=True)
class Run:
    """The results of a run.

    Attributes:
        layer_names: (L,) of the layers.
        samples: their times, and those of whole iterations.
        counts: of iterations.
        problems: why passes were skipped.
        energy: of the longest enqueued pass; None if nothing measured it.
    """

    layer_names: tuple[str, ...]
    samples: Samples
    counts: Counts
    problems: tuple[RunWarning, ...]
    energy: Energy | None = None

    def cut(self, failure: RunFailure | None = None) -> Run:
        """The same run, marked as ended early: by Ctrl-C, or by a failure."""
        failure = self.counts.failure or failure
        return replace(self, counts=replace(self.counts, interrupted=True, failure=failure))

    def whole(self) -> Run:
        """Returns this run.

        Raises:
            RunError: a failure ended it.
            KeyboardInterrupt: Ctrl-C ended it.
        """
        if self.counts.failure is not None:
            raise failure_error(self.counts.failure)
        if self.counts.interrupted:
            raise KeyboardInterrupt
        return self
