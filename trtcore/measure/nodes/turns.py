"""Passes interleaved in rounds, so that a drifting machine affects all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

from trtcore.system.progress import Progress, is_live

# The first iteration allocates and loads, the second runs as later ones do; neither is kept.
WARM_UP = 2
# A thousand is the number of an engine's iterations too, so both medians are as well known.
MOST_ITERATIONS = 1000
# With fewer, the 95 % interval of a median spans nearly all samples.
LEAST_ITERATIONS = 10
# As many as for engines: a drift is spread over all passes to a tenth of the run.
_ROUNDS = 10

T = TypeVar("T")


@dataclass(frozen=True)
class NodeRunLength:
    """How long the passes go on.

    Attributes:
        iterations: of each pass; None for as many as fit the seconds.
        seconds: time for all passes together, warm-up included.
        fewest: iterations of each pass even if the time is over.
        progress: called with (phase, done, total) after every iteration.
    """

    iterations: int | None
    seconds: float = 10.0
    fewest: int = LEAST_ITERATIONS
    progress: Progress | None = None

    def total(self, done: int, elapsed: float) -> int:
        """How many iterations there will be, estimated from the pace so far."""
        if self.iterations is not None:
            return self.iterations
        # Before the first round nothing is done, so that round takes a tenth of the fewest.
        return max(min(int(self.seconds * done / elapsed), MOST_ITERATIONS), self.fewest)


@dataclass(frozen=True)
class Pass(Generic[T]):
    """One way to run the model: ``run`` does one iteration and returns its times."""

    phase: str
    run: Callable[[], T]


def interleave(passes: Sequence[Pass[T]], length: NodeRunLength) -> tuple[list[list[T]], bool]:
    """Warms all passes up and runs them interleaved, a tenth of the iterations at a time.

    Returns:
        What each iteration of each pass returned, and whether Ctrl-C ended it early; then a pass
        may have fewer iterations than the one before it.

    Raises:
        KeyboardInterrupt: Ctrl-C before the first pass had anything to keep.
    """
    kept: list[list[T]] = [[] for _ in passes]
    try:
        _run_rounds(passes, kept, length)
    except KeyboardInterrupt:
        if not kept[0]:
            raise
        return kept, True
    return kept, False


def _run_rounds(passes: Sequence[Pass[T]], kept: list[list[T]], length: NodeRunLength) -> None:
    start, done = perf_counter(), 0
    for timed_pass in passes:
        for _ in range(WARM_UP):
            timed_pass.run()
    # The total is estimated anew before each round, as the pace becomes better known.
    while done < (total := length.total(done, perf_counter() - start)):
        count = min(-(-total // _ROUNDS), total - done)
        for timed_pass, results in zip(passes, kept, strict=True):
            for _ in range(count):
                results.append(timed_pass.run())
                if length.progress is not None and not is_live(length.progress):
                    length.progress(timed_pass.phase, len(results), total)
            # A terminal is drawn on between passes only; see `LiveProgress`.
            if is_live(length.progress):
                length.progress(timed_pass.phase, len(results), total)
        done += count
