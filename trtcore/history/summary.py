"""A saved result as a run of the history: its times with their spread, and what it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trtcore.compare.significance.noise import FEWEST_BATCHES, batch_widening
from trtcore.compare.significance.times import WANTED_BATCHES
from trtcore.errors import ResultError
from trtcore.history.records import Place, Run, Setup, Time
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.checks import check_times
from trtcore.result.records.profile import Profile
from trtcore.result.saved import parse_profile
from trtcore.stats.arrays import Floats
from trtcore.stats.batches import batch_medians, batch_size
from trtcore.system.files import decode_text, read_content


def read_run(path: str | Path, *, label: str = "", commit: str = "") -> Run:
    """Reads a saved result.

    Raises:
        ResultError: not a saved profile, or one without times.
    """
    content = read_content(path, ResultError)
    profile = parse_profile(decode_text(content, path), str(path))
    check_times(profile, str(path))
    clocks = profile.environment.clocks
    series, total = _total(profile, str(path))
    return Run(
        content=hashlib.sha256(content).hexdigest(),
        file=str(Path(path).absolute()),
        date=profile.environment.date,
        label=label,
        commit=commit,
        setup=_setup(profile, series),
        place=_place(profile),
        engine_hash=_hash([[x.name, x.kind, x.tactic, list(x.nodes)] for x in profile.layers]),
        sm_mhz=(clocks.sm_mhz_min, clocks.sm_mhz_max),
        throttled=len(clocks.throttled_rounds),
        clock_step_ms=profile.timed_by.clock_step_ms,
        series=series,
        total=total,
        groups=_groups(profile),
        plan_hash=profile.build.plan_hash if profile.build else "",
        weights_hash=profile.model.weights_hash,
    )


def _setup(profile: Profile, series: str) -> Setup:
    nodes = profile.model.nodes
    # Without a model the layers stand for it; names alone, as tactics may change between builds.
    graph = [[n.name, n.op, list(n.inputs), list(n.outputs)] for n in nodes] or [
        [layer.name] for layer in profile.layers
    ]
    io = [[t.name, list(t.shape), t.dtype, t.format, t.mode] for t in profile.io]
    method = profile.method
    options = {"io": io, "timer": method.timer.value, "sync": method.sync, "total": series}
    return Setup(
        profile.model.name,
        _hash(graph),
        profile.backend,
        profile.precision,
        profile.batch,
        json.dumps({**options, "threads": method.threads}, sort_keys=True),
    )


def _place(profile: Profile) -> Place:
    where = profile.environment
    return Place(
        where.device,
        where.cpu,
        where.driver,
        where.cuda,
        where.compute_capability,
        where.runtime,
        where.clocks.memory_mhz,
        where.ecc,
        where.mig,
        where.confidential_computing,
    )


def _hash(tree: object) -> str:
    return hashlib.sha256(json.dumps(tree).encode()).hexdigest()[:16]


def _total(profile: Profile, source: str) -> tuple[str, Time]:
    """The GPU time of an un-profiled iteration, else its latency, else the sum over layers."""
    analysis, samples = Analysis(profile), profile.samples
    for name in ("gpu_ms", "wall_ms"):
        summary = analysis.series[name]
        if summary is not None:
            time = _time(getattr(samples, name), summary.median_ms)
            medians = None if profile.processes is None else profile.processes.of(name)
            return name, time if medians is None else _of_processes(time, medians)
    if samples.layer_ms.size == 0:
        raise ResultError(f"{source}: holds no times")
    summed = sum(row.median_ms for row in analysis.rows)
    time = _time(samples.layer_ms.sum(axis=1), summed)
    if profile.processes is not None:
        time = _of_processes(time, profile.processes.layer_ms.sum(axis=1))
    return "layer_ms", time


def _groups(profile: Profile) -> dict[tuple[str, ...], Time]:
    analysis, times = Analysis(profile), profile.samples.layer_ms
    if times.size == 0:
        return {}
    medians = np.array([row.median_ms for row in analysis.rows])
    groups = [(group.nodes, sorted(group.layers)) for group in analysis.fusion.groups]
    found = {}
    for nodes, layers in sorted(groups, key=lambda pair: pair[1]):
        if nodes and layers:
            summed = times[:, layers].sum(axis=1, dtype=np.float64)
            time = _time(summed, float(medians[layers].sum()))
            if profile.processes is not None:
                time = _of_processes(time, profile.processes.layer_ms[:, layers].sum(axis=1))
            found[tuple(nodes)] = time
    return found


def _of_processes(time: Time, medians: Floats) -> Time:
    """The time as (P,) fresh processes tell it: their mean, and its error by their spread."""
    count = len(medians)
    if count < 2:
        return time
    error = float(medians.std(ddof=1)) / np.sqrt(count)
    return Time(float(medians.mean()), float(error), time.spread, count)


def _time(samples: NDArray[np.float32] | Floats, median_ms: float) -> Time:
    """A series of (N,) samples; of a streamed run the last ones give the spread."""
    column = np.asarray(samples, dtype=np.float32)[:, None]
    quartiles = np.quantile(column, (0.25, 0.75))
    # Quartiles of fewer than four samples are nothing but interpolation.
    is_known = len(column) > 3 and median_ms > 0
    spread = float(quartiles[1] - quartiles[0]) / median_ms if is_known else float("nan")
    batches = batch_medians(column, batch_size(len(column), WANTED_BATCHES))
    if len(batches) < FEWEST_BATCHES:
        return Time(median_ms, float("nan"), spread)
    error = batches.std(axis=0, ddof=1) / np.sqrt(len(batches)) * batch_widening(batches)
    return Time(median_ms, float(error[0]), spread)
