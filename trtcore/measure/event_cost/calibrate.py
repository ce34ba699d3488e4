"""Measures what one profiler event costs on this machine, apart from any profile it corrects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.builder import BuildOptions, build_plan
from trtcore.measure.engines import EngineRun, PlanToRun, RunOptions, run_engines
from trtcore.measure.event_cost.fit import fit_event_cost, load_event_cost, save_event_cost
from trtcore.measure.rounds import RunLength
from trtcore.models.builtin.chain import convolution_chain
from trtcore.result.layers import is_marker
from trtcore.result.readers.inspector import match_layers
from trtcore.result.records import EventCost
from trtcore.system.clocks import ClockMonitor
from trtcore.system.environment import capture_environment
from trtcore.system.progress import Progress

_PHASE = "calibrating the event cost"
# From few layers to as many as engines often have: the wider the counts, the better known is the
# slope. More engines add build time, and one bad point spoils five of these fifteen pairs only.
_LAYERS = (16, 32, 48, 64, 96, 128)
# The least from which the spread between repeats can be estimated; each takes half of the time.
_REPEATS = 2
# More would make the points more precise, but repeats differ by more than the points of one do.
_ITERATIONS = 200


def event_cost(
    bindings: Bindings, progress: Progress | None = None, *, use_cache: bool = True
) -> EventCost | None:
    """Returns the cost of one event, from the cache or by measuring it (20 s on an H200).

    Args:
        bindings: the TensorRT to calibrate.
        progress: called with the phase, engines done and engines in all.
        use_cache: keep and use the result in the user's cache folder.

    Returns:
        None where it cannot be measured because passes are not gated.

    Raises:
        TrtcoreError: an engine cannot be built or run, or the fit gives no cost.
    """
    environment = capture_environment(bindings.label)
    known = load_event_cost(environment) if use_cache else None
    if known is not None:
        return known
    points = measure_points(bindings, progress)
    if not points:
        return None
    cost = fit_event_cost(points)
    if use_cache:
        save_event_cost(cost, environment)
    return cost


def measure_points(bindings: Bindings, progress: Progress | None = None) -> list[tuple[int, float]]:
    """Profiles serial engines of known layer counts, in turns, so that what drifts hits all alike.

    Everything but the plans is made anew for each repeat: two calibrations differ by more than
    the points of one do.

    Returns:
        (layers, sum of gated layer medians - median un-profiled gated span in ms) of each engine
        in each repeat; none where the passes cannot be gated.

    Raises:
        TrtcoreError: an engine cannot be built or run.
        KeyboardInterrupt: Ctrl-C; what was measured by then is no cost of anything.
    """
    plans = list(_plans(bindings, progress))
    if progress is not None:
        progress(_PHASE, len(_LAYERS), len(_LAYERS))
    points = []
    for _ in range(_REPEATS):
        for ran in _run(bindings, plans):
            if ran.run.counts.interrupted:
                raise KeyboardInterrupt
            points.append(_point(ran))
    return [point for point in points if point is not None]


def _plans(bindings: Bindings, progress: Progress | None) -> Iterator[bytes]:
    for done, count in enumerate(_LAYERS):
        if progress is not None:
            progress(_PHASE, done, len(_LAYERS))
        yield build_plan(
            bindings, convolution_chain(count), BuildOptions(max_aux_streams=0)
        ).content


def _run(bindings: Bindings, plans: Sequence[bytes]) -> tuple[EngineRun, ...]:
    with ClockMonitor() as monitor:
        waiting = [PlanToRun(plan, "calibration", monitor) for plan in plans]
        return run_engines(bindings, waiting, RunOptions(RunLength(_ITERATIONS)))


def _point(ran: EngineRun) -> tuple[int, float] | None:
    samples = ran.run.samples
    if samples.gated_ms.size == 0:
        return None
    layers = match_layers(ran.information.layers, ran.run.layer_names)
    timed = sum(not is_marker(layer) for layer in layers)
    total = float(np.median(samples.layer_ms, axis=0).sum())
    return timed, total - float(np.median(samples.gated_ms))
