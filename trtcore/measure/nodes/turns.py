"""Passes that take turns in rounds, so that a machine that drifts hits all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

from trtcore.system.progress import Progress

WARM_UP = 2
MOST_ITERATIONS = 1000
LEAST_ITERATIONS = 10
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
        """How many iterations there will be, as far as can be told by now."""
        if self.iterations is not None:
            return self.iterations
        return max(min(int(self.seconds * done / elapsed), MOST_ITERATIONS), self.fewest)


@dataclass(frozen=True)
class Pass(Generic[T]):
    """One way to run the model: ``run`` does one iteration and returns what it took."""

    phase: str
    run: Callable[[], T]


def take_turns(passes: Sequence[Pass[T]], length: NodeRunLength) -> tuple[list[list[T]], bool]:
    """Warms all passes up and runs them in rounds, a tenth of the iterations at a time.

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
    for one in passes:
        for _ in range(WARM_UP):
            one.run()
    while done < (total := length.total(done, perf_counter() - start)):
        count = min(-(-total // _ROUNDS), total - done)
        for one, results in zip(passes, kept, strict=True):
            for _ in range(count):
                results.append(one.run())
                if length.progress is not None:
                    length.progress(one.phase, len(results), total)
        done += count
