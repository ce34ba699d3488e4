"""Measures what one profiler event costs on this machine, apart from any profile it corrects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from trtcore.backends.tensorrt.bindings import Bindings
from trtcore.backends.tensorrt.builder import BuildOptions, build_plan
from trtcore.calibration import fit_event_cost, load_event_cost, save_event_cost
from trtcore.clocks import ClockMonitor
from trtcore.environment import capture_environment
from trtcore.errors import TrtcoreError
from trtcore.inspector import match_layers
from trtcore.markers import is_marker
from trtcore.models.chain import convolution_chain
from trtcore.result import EventCost
from trtcore.session.engine_run import RunOptions, run_engine
from trtcore.session.run import Length

Progress = Callable[[str, int, int], None]

_LAYERS = (16, 32, 48, 64, 96, 128)
_ITERATIONS = 200


def event_cost(
    bindings: Bindings, progress: Progress | None = None, *, use_cache: bool = True
) -> EventCost | None:
    """Returns the cost of one event, from the cache or by measuring it (some seconds).

    Args:
        bindings: the TensorRT to calibrate.
        progress: called with the phase, engines done and engines in all.
        use_cache: keep and use the result in the user's cache folder.

    Returns:
        None where it cannot be measured: passes are not gated, or the fit gives no cost.
    """
    environment = capture_environment(bindings.label)
    known = load_event_cost(environment) if use_cache else None
    if known is not None:
        return known
    try:
        points = measure_points(bindings, progress)
        cost = fit_event_cost(points)
    except TrtcoreError:
        return None
    if use_cache:
        save_event_cost(cost, environment)
    return cost


def measure_points(bindings: Bindings, progress: Progress | None = None) -> list[tuple[int, float]]:
    """Profiles serial engines of known layer counts.

    Returns:
        (layers, sum of gated layer medians - median un-profiled gated span in ms) of each; fewer
        than two where the passes cannot be gated.

    Raises:
        TrtcoreError: an engine cannot be built or run.
    """
    points = []
    for done, count in enumerate(_LAYERS):
        if progress is not None:
            progress("calibrating the event cost", done, len(_LAYERS))
        point = _measure_point(bindings, count)
        if point is None:
            break
        points.append(point)
    return points


def _measure_point(bindings: Bindings, count: int) -> tuple[int, float] | None:
    model = convolution_chain(count)
    plan = build_plan(bindings, model, BuildOptions(max_aux_streams=0))
    with ClockMonitor() as monitor:
        ran = run_engine(
            bindings, plan.content, model.name, RunOptions(Length(_ITERATIONS)), monitor
        )
    samples = ran.run.samples
    if samples.gated_ms.size == 0:
        return None
    layers = match_layers(ran.information.layers, ran.run.layer_names)
    timed = sum(not is_marker(layer) for layer in layers)
    total = float(np.median(samples.layer_ms, axis=0).sum())
    return timed, total - float(np.median(samples.gated_ms))
