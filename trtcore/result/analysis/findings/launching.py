"""Rules about the time that is spent on starting kernels, not in them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trtcore.result.analysis.cost.roofline import Bound
from trtcore.result.analysis.findings.evidence import Evidence
from trtcore.result.analysis.findings.finding import Finding, FindingKind, Part

# Host times where both were taken: they hold what a caller waits for. Older results have the times
# between events only.
_PAIRS = (("wall_ms", "graph_wall_ms"), ("gpu_ms", "graph_ms"))
# Below a third, a larger batch gains at most a sixth per item, and other findings come first.
_LEAST_LATENCY_BOUND = 1 / 3


def cuda_graph(evidence: Evidence) -> Iterator[Finding]:
    """A CUDA graph takes less than enqueueing: both were measured, and chance is not enough.

    Of several processes each has to save something, and the one in the middle is told.
    """
    for series in _PAIRS:
        enqueued, graph = (evidence.summary_of(one) for one in series)
        if enqueued is None or graph is None:
            continue
        numbers = _in_processes(evidence, series)
        if numbers:  # the host's time differs more between processes than within one
            is_told = numbers[2] > 0
        else:
            numbers = enqueued.median_ms, graph.median_ms
            # Of too few iterations there are no intervals, which are NaN: the medians decide.
            is_told = not enqueued.interval[0] <= graph.interval[1]
        if is_told:
            saved, part = numbers[0] - numbers[1], Part.BETWEEN_LAYERS
            yield Finding(FindingKind.CUDA_GRAPH, saved, part, numbers, is_measured=True)
        return


def _in_processes(evidence: Evidence, series: tuple[str, str]) -> tuple[float, ...]:
    """Both times of the process whose saving is in the middle, and the numbers of all of them.

    Empty where there is one process only, or one that has no graph.
    """
    processes = evidence.profile.processes
    if processes is None or processes.count < 2:
        return ()
    enqueued, graph = (processes.of(one) for one in series)
    if enqueued is None or graph is None:
        return ()
    saved = enqueued - graph
    middle = np.argsort(saved, kind="stable")[(len(saved) - 1) // 2]
    extremes = float(saved.min()), float(saved.max())
    return float(enqueued[middle]), float(graph[middle]), *extremes, len(saved)


def gaps(evidence: Evidence) -> Iterator[Finding]:
    """No kernel runs between two of them: CUPTI saw it."""
    totals = evidence.kernel_totals
    if totals is not None:
        numbers = (totals.gap_ms, totals.span_ms)
        yield Finding(FindingKind.GAPS, totals.gap_ms, Part.BETWEEN_LAYERS, numbers)


def larger_batch(evidence: Evidence) -> Iterator[Finding]:
    """Groups have too little to do: twice the items take them no longer."""
    cost, batch = evidence.cost, evidence.profile.batch
    if cost is None or not batch:
        return
    groups = [group for group in cost.groups if group.bound is Bound.LATENCY]
    ms = sum(group.ms for group in groups)
    part = evidence.part_of(ms)
    if part >= _LEAST_LATENCY_BOUND:
        layers = tuple(i for group in groups for i in group.work.layers)
        numbers = (ms, part, len(groups), batch)
        # Half of it for each item, if twice the batch takes these groups as long as once.
        yield Finding(FindingKind.LARGER_BATCH, ms / 2, Part.PER_ITEM, numbers, layers=layers)
