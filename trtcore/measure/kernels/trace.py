"""Kernel times by CUPTI: un-profiled iterations with and without it, in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import NamedTuple

import numpy as np

from trtcore.errors import RunError
from trtcore.measure.kernels.alignment import map_by_sequence
from trtcore.measure.kernels.cupti import open_trace
from trtcore.measure.kernels.mapping import (
    KernelMap,
    map_by_name,
    map_by_order,
    map_by_streams,
)
from trtcore.measure.kernels.memsets import merge_memsets
from trtcore.measure.kernels.profiled import trace_profiled
from trtcore.measure.kernels.traced_loops import CAPACITY, TracedLoops
from trtcore.measure.loops.native import NativeLoops
from trtcore.measure.loops.times import ignore
from trtcore.result.records.kernel_pass import KernelPass, MappingObstacle, ProfiledKernels
from trtcore.result.records.layers import Layer
from trtcore.result.records.samples import no_samples
from trtcore.stats.arrays import FloatArray
from trtcore.system.progress import Progress


class _Round(NamedTuple):
    """Times of the iterations of a round, with and without CUPTI; see `KernelPass`."""

    wall_ms: FloatArray
    plain_wall_ms: FloatArray
    plain_gated_ms: FloatArray


# Rounds of plain and traced iterations: enough that a drifting clock affects both alike.
_ROUNDS = 5
# More would make the trace longer and hardly move the medians.
_MOST_ITERATIONS = 300
# The fewest with a median that one slow iteration does not decide.
_LEAST_ITERATIONS = 3
# CUPTI sets itself up in the first traced iterations; these are not kept.
_WARM_UP = 4
# What tracing may add to a run, beside the 15 s that measuring may take.
_SECONDS = 3.0
# In a round: plain, plain and gated, traced, traced and gated.
_PASSES = 4


def trace_kernels(
    loops: NativeLoops,
    layers: Sequence[Layer],
    iterations: int,
    progress: Progress | None = None,
) -> tuple[KernelPass | None, bool]:
    """Traces the kernels of un-profiled iterations and leads them to layers.

    Rounds of plain and traced iterations take turns, so that a drifting clock hits both. Where the
    stream can be held, kernel times are of gated iterations, whose gaps are the GPU's own. Some
    profiled iterations are traced at the end: in them kernels run alone. CUPTI stays in the process
    from then on, so this comes after everything else that is timed.

    Args:
        loops: of an engine that has run before.
        layers: (L,) as the profiler reports them.
        iterations: the most to trace; fewer where they take long.
        progress: called with the phase, iterations done and iterations in all.

    Returns:
        The kernels, or None if Ctrl-C came before any were traced; and whether Ctrl-C was pressed.

    Raises:
        BackendError: CUPTI is not installed, or cannot be used here.
        RunError: CUPTI refuses, or recorded nothing of use.
    """
    traced = TracedLoops(loops, open_trace())
    try:
        rounds = _run_rounds(traced, iterations, progress)
        found = _kernel_pass(traced, layers, rounds) if rounds else None
    except (RuntimeError, RunError, MemoryError) as error:
        if traced.interrupted:
            return None, True
        if isinstance(error, RunError):
            raise
        words = "there is not enough host memory" if isinstance(error, MemoryError) else error
        raise RunError(f"kernels cannot be traced: {words}") from error
    return found, traced.interrupted


def version_words(version: int) -> str:
    """Returns a version as people know it: 130001 is ``13.0``; before CUDA 13 it is a number."""
    if version < 130000:
        return f"API version {version}"
    return f"{version // 10000}.{version // 100 % 100}"


def _run_rounds(traced: TracedLoops, requested: int, progress: Progress | None) -> list[_Round]:
    """Returns the times of each round, without CUPTI and with it; Ctrl-C ends them early."""
    done: list[_Round] = []
    try:
        rounds, count = _warm_up(traced, requested)
        for i in range(rounds):
            if progress is not None:
                progress("tracing kernels", i * count, rounds * count)
            plain = traced.loops.time_inference(count, ignore).whole()
            plain_gated = _plain_gated_ms(traced.loops, count)
            with_cupti = traced.time_inference(count)
            done.append(_Round(with_cupti.wall_ms, plain.wall_ms, plain_gated))
            with_cupti.whole()
    except KeyboardInterrupt:
        traced.interrupted = True
    return done


def _plain_gated_ms(loops: NativeLoops, count: int) -> FloatArray:
    gated = loops.time_gated_singly(count)
    return no_samples() if gated is None else gated.whole().gpu_ms


def _warm_up(traced: TracedLoops, requested: int) -> tuple[int, int]:
    """Returns how many rounds to run, and iterations in each."""
    wall_ms = float(np.median(traced.loops.time_inference(_WARM_UP, ignore).whole().wall_ms))
    kernels = traced.warm_up(_WARM_UP)
    if kernels == 0:
        raise RunError(f"CUPTI recorded no kernels ({traced.losses})")
    return _plan(requested, wall_ms, ceil(kernels / _WARM_UP))


def _plan(requested: int, wall_ms: float, kernels: int) -> tuple[int, int]:
    """How many rounds, and iterations in each, fit the time and the trace's capacity.

    Args:
        requested: the most iterations.
        wall_ms: of an iteration.
        kernels: of an iteration, in all passes of a round that are traced.
    """
    fits = int(_SECONDS * 1000 / (_PASSES * max(wall_ms, 1e-3)))
    total = max(min(requested, _MOST_ITERATIONS, fits), min(requested, _LEAST_ITERATIONS))
    rounds = min(_ROUNDS, total)
    return rounds, min(ceil(total / rounds), max(CAPACITY // kernels, 1))


def _kernel_pass(
    traced: TracedLoops, layers: Sequence[Layer], rounds: Sequence[_Round]
) -> KernelPass:
    is_gated = traced.loops.gated is not None and traced.gated.iterations > 0
    records = traced.gated if is_gated else traced.free
    table = records.table(traced.trace.names)
    if not table.iterations:
        raise RunError(f"none of {records.iterations} traced iterations is whole: {traced.losses}")
    profiled = trace_profiled(traced, table.names, len(layers))
    mapped = _map(layers, table.names, table.streams, profiled)
    walls, plain_walls, plain_gated = (np.concatenate(part) for part in zip(*rounds, strict=True))
    return KernelPass(
        names=table.names,
        streams=table.streams,
        layers=mapped.layers,
        mapping=mapped.mapping,
        kernel_ms=table.kernel_ms,
        start_ms=table.start_ms,
        wall_ms=walls,
        plain_wall_ms=plain_walls,
        is_gated=is_gated,
        discarded=table.discarded,
        source=f"CUPTI {version_words(traced.trace.version)}",
        gated_ms=np.concatenate(traced.gated_ms) if is_gated else no_samples(),
        plain_gated_ms=plain_gated if is_gated else no_samples(),
        profiled=None if isinstance(profiled, MappingObstacle) else profiled,
    )


def _map(
    layers: Sequence[Layer],
    names: Sequence[str],
    streams: Sequence[int],
    profiled: ProfiledKernels | MappingObstacle,
) -> KernelMap:
    """Maps kernels to layers, and each memset to the layer of its kernel.

    Args:
        layers: as the profiler reports them.
        names: (K,) of un-profiled iterations, in the order of launch.
        streams: (K,) number of the stream each ran on.
        profiled: the kernels of profiled iterations, to tell by times, or why there are none.
    """
    merge = merge_memsets(names, streams)
    if merge is None:
        return _map_kernels(layers, names, streams, profiled)
    if not isinstance(profiled, MappingObstacle):
        profiled = merge.merged(profiled)
    kernels = [names[i] for i in merge.columns]
    return merge.spread(
        _map_kernels(layers, kernels, [streams[i] for i in merge.columns], profiled)
    )


def _map_kernels(
    layers: Sequence[Layer],
    names: Sequence[str],
    streams: Sequence[int],
    profiled: ProfiledKernels | MappingObstacle,
) -> KernelMap:
    """Maps by order, within streams if need be; else by times on one stream, else by name."""
    by_order = map_by_order(layers, names, streams)
    if by_order.is_complete:
        return by_order
    if len(set(streams)) > 1:
        by_streams = map_by_streams(layers, names, streams)
        if by_streams.is_complete:
            return by_streams
        return map_by_name(layers, names, _obstacles(by_order, by_streams))
    by_times = _map_by_times(layers, names, profiled)
    if by_times.is_empty:
        return map_by_name(layers, names, _obstacles(by_order, by_times))
    mapping = replace(by_times.mapping, obstacles=_obstacles(by_order))
    return replace(by_times, mapping=mapping)


def _obstacles(*maps: KernelMap) -> tuple[MappingObstacle, ...]:
    """Why none of these led further."""
    return tuple(one.obstacle for one in maps if one.obstacle is not None)


def _map_by_times(
    layers: Sequence[Layer], names: Sequence[str], profiled: ProfiledKernels | MappingObstacle
) -> KernelMap:
    if isinstance(profiled, MappingObstacle):
        return KernelMap.unknown(len(names), profiled)
    times = (profiled.layer_ms, profiled.start_ms, profiled.kernel_ms)
    return map_by_sequence(layers, names, *times)
