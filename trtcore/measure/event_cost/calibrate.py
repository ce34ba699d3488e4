"""Measures what one profiler event costs on this machine, apart from any profile it corrects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from trtcore.engine.tensorrt.bindings import Bindings
from trtcore.engine.tensorrt.builder import BuildOptions, build_plan
from trtcore.errors import EngineLoadError, TrtcoreError
from trtcore.measure.engine_runs.engines import run_engines
from trtcore.measure.engine_runs.records import EngineRun, PlanToRun, RunOptions
from trtcore.measure.engine_runs.rounds import RunLength
from trtcore.measure.event_cost.fit import fit_event_cost, load_runs, save_runs
from trtcore.measure.length.warmup import WarmUpRule
from trtcore.models.builtin.chain import convolution_chain
from trtcore.models.onnx.graph import serialized
from trtcore.result.readers.inspector.inspector import match_layers
from trtcore.result.records.layers import is_marker
from trtcore.result.records.profile import EventCost
from trtcore.system.cache import cache_entry, read_entry, write_entry
from trtcore.system.clocks import ClockMonitor
from trtcore.system.device import current_device
from trtcore.system.environment import capture_environment
from trtcore.system.progress import Progress

_PHASE = "calibrating the event cost"
# Five are the fewest of which a slope has an interval at all (Sen's, 95 %). Points lie 1.4 us off
# their line (median, on an H200), which is 0.5 % of the cost over 64 layers: a seventh of what
# processes differ by. More layers or iterations only take longer.
_LAYERS = (16, 32, 48, 64, 80)
# What later processes add: the ends have the whole width, and points of one process scatter less
# than the slopes of processes do. They are 96 layers to load and run instead of 240.
_ENDS = (_LAYERS[0], _LAYERS[-1])
_ITERATIONS = 100
ENOUGH_RUNS = 3
"""Calibrations to keep: the third still narrows the interval by a fifth, and takes a second or two.
"""

# The engines have the same kernels: through the cache folder what is compiled for one serves all.
_CACHE_KEY = b"event-cost chain"
# The first engine has brought the clocks up: the others only have to be run in.
_BRIEF = WarmUpRule(least_ms=50.0, window=32, window_ms=25.0, at_most_ms=1000.0)

_measured_here: set[tuple[str, str, str]] = set()
"""What this process has calibrated: it adds a run once, as its own runs share what processes have.
"""


def event_cost(
    bindings: Bindings, progress: Progress | None = None, *, use_cache: bool = True
) -> EventCost | None:
    """Returns the cost of one event, by measuring it or from the cache.

    A process measures once. Until `ENOUGH_RUNS` have, each adds its points to those kept, which
    narrows the interval; all but the first run two engines only.

    Args:
        bindings: the TensorRT to calibrate.
        progress: called with the phase, engines done and engines in all.
        use_cache: keep and use points in the user's cache folder.

    Returns:
        None where it cannot be measured because passes are not gated.

    Raises:
        TrtcoreError: an engine cannot be built or run, or the fit gives no cost.
    """
    environment = capture_environment(bindings.label)
    here = (environment.device, environment.driver, environment.runtime)
    runs = load_runs(environment) if use_cache else []
    if len(runs) >= ENOUGH_RUNS or (runs and here in _measured_here):
        return fit_event_cost(runs)
    try:
        counts = _ENDS if runs else _LAYERS
        points = measure_points(bindings, counts, progress, use_cache=use_cache)
        if points:
            fit_event_cost([points])
            runs = [*runs, points]
            _measured_here.add(here)
    except TrtcoreError:
        if not runs:
            raise
    if use_cache and runs:
        save_runs(runs, environment)
    return fit_event_cost(runs) if runs else None


def measure_points(
    bindings: Bindings,
    counts: Sequence[int] = _LAYERS,
    progress: Progress | None = None,
    *,
    use_cache: bool = True,
) -> list[tuple[int, float]]:
    """Profiles serial engines of known layer counts, in turns, so that what drifts hits all alike.

    Args:
        bindings: the TensorRT to calibrate.
        counts: of the layers of each engine.
        progress: called with the phase, engines done and engines in all.
        use_cache: keep and use plans and kernels in the user's cache folder.

    Returns:
        (layers, sum of gated layer medians - median un-profiled gated span in ms) of each engine;
        none where the passes cannot be gated.

    Raises:
        TrtcoreError: an engine cannot be built or run.
        KeyboardInterrupt: Ctrl-C; what was measured by then is no cost of anything.
    """
    plans = list(_plans(bindings, counts, progress, use_cache=use_cache))
    if progress is not None:
        progress(_PHASE, len(counts), len(counts))
    try:
        runs = _run(bindings, plans, use_cache=use_cache)
    except EngineLoadError:
        # Kept plans can be of a TensorRT or a GPU that only looks the same: build them anew.
        plans = list(_plans(bindings, counts, progress, use_cache=False))
        runs = _run(bindings, plans, use_cache=use_cache)
    points = []
    for ran in runs:
        ran.run.whole()
        points.append(_point(ran))
    return [point for point in points if point is not None]


def _plans(
    bindings: Bindings, counts: Sequence[int], progress: Progress | None, *, use_cache: bool
) -> Iterator[bytes]:
    for done, count in enumerate(counts):
        if progress is not None:
            progress(_PHASE, done, len(counts))
        yield chain_plan(bindings, count, use_cache=use_cache)


def chain_plan(bindings: Bindings, count: int, *, use_cache: bool = True) -> bytes:
    """A serial engine of so many equal layers, built here or kept from another process.

    Args:
        bindings: the TensorRT to build with.
        count: of layers.
        use_cache: keep and use it in the user's cache folder, for this TensorRT and GPU.

    Raises:
        BuildError: TensorRT could not build it.
    """
    model = convolution_chain(count)
    device = current_device()
    where = f"{device.name} {device.compute_capability}" if device else ""
    key = (bindings.name, bindings.version, where, serialized(model))
    path = cache_entry("event-cost-plan", *key) if use_cache else None
    stored = read_entry(path)
    if stored is None:
        stored = build_plan(bindings, model, BuildOptions(max_aux_streams=0)).content
        write_entry(path, stored)
    return stored


def _run(bindings: Bindings, plans: Sequence[bytes], *, use_cache: bool) -> tuple[EngineRun, ...]:
    options = RunOptions(RunLength(_ITERATIONS, only_layers=True), use_cache=use_cache)
    with ClockMonitor() as monitor:
        waiting = [
            PlanToRun(
                plan,
                "calibration",
                monitor,
                cache_key=_CACHE_KEY,
                warm_up=_BRIEF if done else WarmUpRule(),
            )
            for done, plan in enumerate(plans)
        ]
        return run_engines(bindings, waiting, options)


def _point(ran: EngineRun) -> tuple[int, float] | None:
    samples = ran.run.samples
    if samples.gated_ms.size == 0:
        return None
    layers = match_layers(ran.information.layers, ran.run.layer_names)
    timed = sum(not is_marker(layer) for layer in layers)
    total = float(np.median(samples.layer_ms, axis=0).sum())
    return timed, total - float(np.median(samples.gated_ms))
