"""Un-profiled iterations on one time axis, as other tools' files need them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trtcore.result.records.samples import Samples


@dataclass(frozen=True)
class Iteration:
    """An iteration on a common time axis, in ms.

    Attributes:
        number: counted from 0 over the whole run.
        start_ms: when it was enqueued, right after the previous one had ended.
        end_ms: when it had ended.
        enqueue_ms: host time of the enqueue call; 0 if not measured.
        compute_ms: time on the GPU; without one, of the whole iteration.
    """

    number: int
    start_ms: float
    end_ms: float
    enqueue_ms: float
    compute_ms: float

    @property
    def compute_start_ms(self) -> float:
        """When the GPU began: it ends with the iteration."""
        return max(self.start_ms, self.end_ms - self.compute_ms)


def unprofiled_iterations(samples: Samples) -> Iterator[Iteration]:
    """Yields the un-profiled iterations whose times were kept.

    Host times come from iterations without events, GPU times from iterations of their own, because
    events cost host time. They are paired in order, so that an iteration here combines two. It
    lasts as long as the longer of both, because nothing can be computed before it is enqueued; a
    negative GPU time counts as 0.
    """
    first, start = first_iteration(samples), 0.0
    walls = samples.wall_ms.tolist()
    computes = samples.gpu_ms.tolist() or walls
    enqueues = samples.enqueue_ms.tolist() or [0.0] * len(walls)
    # After Ctrl-C there can be fewer GPU times than host times.
    for i, times in enumerate(zip(walls, enqueues, computes, strict=False)):
        wall, enqueue, compute = times[0], times[1], max(times[2], 0.0)
        end = start + max(wall, compute)
        yield Iteration(first + i, start, end, enqueue, compute)
        start = end


def first_iteration(samples: Samples) -> int:
    """Returns the number of the first iteration that was kept: above 0 in a streamed run."""
    whole = samples.histogram_of("wall_ms")
    return 0 if whole is None else whole.count - samples.wall_ms.size


def iterations_left_out(samples: Samples, most: int | None = None) -> str:
    """Returns which iterations of a streamed run are written; ``""`` if all are.

    Args:
        samples: of the run.
        most: iterations in the file; None for all that were kept.
    """
    first = first_iteration(samples)
    if not first:
        return ""
    kept = len(samples.wall_ms)
    shown = kept if most is None else min(most, kept)
    part = f"the first {shown} of the last {kept}" if shown < kept else f"the last {kept}"
    return f"the run was streamed: of {first + kept} iterations {part} are written"
