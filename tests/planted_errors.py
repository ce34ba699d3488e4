"""Errors of CUDA and TensorRT, planted in a pass of a run on the made-up driver."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import pytest
from scripted_engines import Engines

from trtcore.measure.loops.native import NativeLoops
from trtcore.result.phases import Phase
from trtcore.result.records.profile import Profile

# Ten rounds of 20, which is more than a chunk of the warm-up has: so they are told apart.
ROUND = 20
WHOLE_ROUNDS = 3
WHOLE = WHOLE_ROUNDS * ROUND
SYNC = "cuStreamSynchronize failed: made up"
ENQUEUE = "enqueueV3 failed"
NAME = "cudaErrorIllegalAddress"


class Pass(NamedTuple):
    """A pass, the method that runs it, whether it is of the profiled context, and what it waits by.

    Gated iterations overlap, so that each waits for its own event and not for the stream.
    """

    phase: Phase
    method: str
    is_profiled: bool = False
    wait: str = "cuStreamSynchronize"

    @property
    def error(self) -> str:
        """What is told of it once its wait fails."""
        return f"{self.wait} failed: made up"


PASSES = (
    Pass(Phase.ENQUEUED, "time_inference"),
    Pass(Phase.GATED, "time_gated", wait="cuEventSynchronize"),
    Pass(Phase.GRAPH, "time_graph"),
    Pass(Phase.LAYERS, "time_layers", is_profiled=True),
)
IDS = [one.phase.value for one in PASSES]
WAITS = {one.method: one.wait for one in PASSES}


class Plant:
    """Makes a pass fail after so many iterations of its fourth round."""

    def __init__(self, patch: pytest.MonkeyPatch, driver: Any, engines: Engines) -> None:
        self.patch, self.driver, self.engines = patch, driver, engines

    def fault(self, method: str, before: Callable[[], None], *, sticky: bool) -> None:
        run, rounds = getattr(NativeLoops, method), count()

        def planted(loops: NativeLoops, *arguments: Any) -> Any:
            # What warms up, and what is calibrated, has other numbers of iterations.
            if ROUND not in arguments or next(rounds) != WHOLE_ROUNDS:
                return run(loops, *arguments)
            before()
            times = run(loops, *arguments)
            # From now on CUDA answers nothing else; or it is as if nothing had been.
            self.driver.fail("*" if sticky else "")
            return times

        self.patch.setattr(NativeLoops, method, planted)

    def of_cuda(self, method: str, whole: int, *, sticky: bool = True) -> None:
        self.fault(method, lambda: self.driver.fail(WAITS[method], whole), sticky=sticky)

    def of_tensorrt(self, one: Pass, whole: int, *, sticky: bool) -> None:
        """What TensorRT refuses; CUDA tells the reason when it is asked next, or knows of none."""

        def before() -> None:
            contexts = self.engines.profiled if one.is_profiled else self.engines.contexts
            contexts[2].fail_at = contexts[2].runs + whole
            if sticky:
                waited = whole if one.wait == "cuStreamSynchronize" else 0
                self.driver.fail("cuStreamSynchronize", waited)

        self.fault(one.method, before, sticky=sticky)


def sizes(profile: Profile) -> list[int]:
    """Iterations kept of each pass: un-profiled, with events, gated, as a graph, profiled."""
    samples = profile.samples
    times = (samples.wall_ms, samples.gpu_ms, samples.gated_ms, samples.graph_ms)
    assert len(samples.profiled_wall_ms) == len(samples.layer_ms) == profile.counts.measured
    return [*map(len, times), len(samples.layer_ms)]


# How far each pass is in the fourth round when one of them fails after five iterations.
LEFT = {
    Phase.ENQUEUED: [65, 60, 60, 60, 60],
    Phase.GATED: [80, 80, 65, 60, 60],
    Phase.GRAPH: [80, 80, 80, 65, 60],
    Phase.LAYERS: [80, 80, 80, 80, 65],
}


def line_of(one: Pass, measured: int) -> str:
    """What is said of a pass that CUDA ended in its fourth round, after five iterations."""
    return (
        f"the run failed in iteration 65 of the {one.phase.value}: {one.error} (CUDA error 700, "
        f"{NAME}): nothing was logged; {measured} of 200 profiled iterations were measured "
        "before it"
    )
