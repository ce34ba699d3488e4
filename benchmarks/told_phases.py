"""``trtcore`` that says on standard error how long each phase took, as soon as it is over.

A run that is cut off has then told where its time went by that moment. Arguments are the command's:
``python benchmarks/told_phases.py profile googlenet --fp16``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from trtcore.cli import main
from trtcore.result.phases import Phase, Stopwatch

START = time.perf_counter()
# They alternate in rounds: what they took is told with the next phase that is not one of them.
ROUNDS = (Phase.WARM_UP, Phase.ENQUEUED, Phase.GATED, Phase.GRAPH, Phase.LAYERS)

timed = Stopwatch.phase
spent: dict[Phase, float] = {}


@contextmanager
def told(watch: Stopwatch, phase: Phase) -> Iterator[None]:
    """Times as the stopwatch does, and prints."""
    start = time.perf_counter()
    inner: AbstractContextManager[None] = timed(watch, phase)
    try:
        with inner:
            yield
    finally:
        seconds = time.perf_counter() - start
        if phase in ROUNDS:
            spent[phase] = spent.get(phase, 0.0) + seconds
        else:
            tell_rounds()
            tell(phase, seconds)


def tell_rounds() -> None:
    """Prints what rounds took since the last time."""
    for phase in ROUNDS:
        if phase in spent:
            tell(phase, spent.pop(phase))


def tell(phase: Phase, seconds: float) -> None:
    """Prints that a phase is over."""
    tell_now(f"{phase.value} {seconds:.2f} s")


def tell_now(words: str) -> None:
    """Prints a line, with the time since this process began to import."""
    since = time.perf_counter() - START
    print(f"  {since:7.2f} s  {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    Stopwatch.phase = told  # type: ignore[method-assign]
    code = main()
    tell_rounds()
    tell_now("end of the command: what is left is the end of the process")
    sys.exit(code)
