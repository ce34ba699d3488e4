"""Compares profiles of one model in several precisions: what each node costs in each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trtcore.compare.alignment import Side, groups_of, node_sets
from trtcore.compare.comparison import GATED_TIME, GPU_TIME, LATENCY
from trtcore.compare.precisions.comparison import PrecisionComparison, PrecisionRow, RelativeTime
from trtcore.compare.precisions.verdict import verdict
from trtcore.compare.significance.noise import CLOCK_STEPS, compare_times
from trtcore.compare.significance.times import (
    LayerTimes,
    SampledTimes,
    event_costs,
    sample_series,
    time_layers,
)
from trtcore.errors import ResultError
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.analysis.reconciliation.reconcile import (
    TRACED,
    Reconciliation,
    reconcile_profile,
)
from trtcore.result.records.profile import Profile
from trtcore.result.records.warnings import RunWarning

# The whole network, by the names of its series.
_TOTALS = (
    (LATENCY, "wall_ms"),
    (GPU_TIME, "gpu_ms"),
    (GATED_TIME, "gated_ms"),
    ("un-profiled GPU time, CUDA graph", "graph_ms"),
)

# Timed by the host's clock, whose steps are nanoseconds: far below what its latencies scatter.
_HOST_SERIES = "wall_ms"

Layers = Sequence[int]


def compare_runs(
    profiles: Sequence[Profile], notes: Sequence[RunWarning] = ()
) -> PrecisionComparison:
    """Compares profiles of one model, which carry the same graph, with the first of them.

    Args:
        profiles: measured interleaved, one for each precision.
        notes: warnings beside those of the profiles.

    Raises:
        ResultError: a profile without times.
    """
    analyses = [Analysis(profile) for profile in profiles]
    runs, is_corrected = _timed(analyses)
    rows = _rows(runs)
    everything = [range(len(profile.layers)) for profile in profiles]
    precisions = tuple(profile.precision for profile in profiles)
    reformats = _row("reformats, casts and copies", runs, [run.reformats for run in runs])
    layers = _row("time over all layers", runs, everything)
    totals = _totals(runs)
    return PrecisionComparison(
        precisions=precisions,
        profiles=tuple(profiles),
        rows=rows,
        reformats=reformats,
        rest=_row("stream sync and unattributed", runs, [run.rest for run in runs]),
        layers=layers,
        totals=totals,
        is_corrected=is_corrected,
        verdict=verdict(profiles, totals, reformats, layers),
        notes=tuple(notes),
    )


def _timed(analyses: Sequence[Analysis]) -> tuple[list[LayerTimes], bool]:
    """The times of all runs, and whether they are without the cost of events."""
    for profile in (analysis.profile for analysis in analyses):
        if profile.samples.layer_ms.size == 0:
            raise ResultError(f"{profile.precision}: there are no times to compare")
    costs = [event_costs(found) for found in _reconciled(analyses)]
    # Of all or of none: a corrected precision beside an uncorrected one would look faster.
    is_corrected = all(cost is not None for cost in costs)
    return [
        time_layers(Side(analysis), seed, cost if is_corrected else None)
        for seed, (analysis, cost) in enumerate(zip(analyses, costs, strict=True))
    ], is_corrected


def _reconciled(analyses: Sequence[Analysis]) -> list[Reconciliation | None]:
    """All corrected by one method: by CUPTI's event cost only where all have that."""
    found = [analysis.reconciliation for analysis in analyses]
    if all(one is not None and one.event_cost_source == TRACED for one in found):
        return found
    return [
        reconcile_profile(analysis.profile, use_kernels=False)
        if one is not None and one.event_cost_source == TRACED
        else one
        for one, analysis in zip(found, analyses, strict=True)
    ]


def _rows(runs: Sequence[LayerTimes]) -> tuple[PrecisionRow, ...]:
    """One row for each set of nodes that any precision has a layer for, in order of execution."""
    sets = [
        (nodes, [_layers_of(run, nodes) for run in runs])
        for nodes in node_sets([run.side for run in runs])
    ]
    timed = [(nodes, layers) for nodes, layers in sets if any(layers)]
    timed.sort(key=lambda pair: _place(runs, pair[1]))
    times = _relative_layers(runs, [layers for _, layers in timed])
    return tuple(
        PrecisionRow(" + ".join(nodes), row, nodes)
        for (nodes, _), row in zip(timed, times, strict=True)
    )


def _place(runs: Sequence[LayerTimes], layers: Sequence[Layers]) -> float:
    """How far into the first run that has layers of a row it begins, 0 to 1."""
    run, own = next((run, own) for run, own in zip(runs, layers, strict=True) if own)
    # As a fraction, because engines of other precisions have other numbers of layers.
    return min(own) / run.times.medians.size


def _layers_of(run: LayerTimes, nodes: Sequence[str]) -> tuple[int, ...]:
    groups = groups_of(run.side, nodes)
    return tuple(i for group in groups for i in group.layers if i not in group.reformats)


def _row(name: str, runs: Sequence[LayerTimes], layers: Sequence[Layers]) -> PrecisionRow:
    return PrecisionRow(name, _relative_layers(runs, [layers])[0])


def _totals(runs: Sequence[LayerTimes]) -> tuple[PrecisionRow, ...]:
    rows, samples = [], [run.side.profile.samples for run in runs]
    for name, field in _TOTALS:
        if all(getattr(own, field).size for own in samples):
            times = [sample_series(own, field, seed) for seed, own in enumerate(samples)]
            step_ms = 0.0 if field == _HOST_SERIES else max(run.step_ms for run in runs)
            rows.append(PrecisionRow(name, _relative(times, step_ms)[0]))
    return tuple(rows)


def _relative_layers(
    runs: Sequence[LayerTimes], rows: Sequence[Sequence[Layers]]
) -> list[tuple[RelativeTime, ...]]:
    """The times of R rows, each of which is some layers in every run."""
    times = [run.times.sums(layers[i] for layers in rows) for i, run in enumerate(runs)]
    return _relative(times, max(run.step_ms for run in runs))


def _relative(times: Sequence[SampledTimes], step_ms: float) -> list[tuple[RelativeTime, ...]]:
    """R rows of times relative to the first ones; two steps of the clock are noise."""
    base, *others = times
    columns = [[RelativeTime(float(ms)) for ms in base.medians]]
    for own in others:
        judgement = compare_times(base, own)
        reach = zip(judgement.low, judgement.high, judgement.is_noise, strict=True)
        columns.append(
            [
                _beside(float(base_ms), float(new_ms), bounds, step_ms)
                for base_ms, new_ms, bounds in zip(base.medians, own.medians, reach, strict=True)
            ]
        )
    return list(zip(*columns, strict=True))


def _beside(
    base_ms: float, new_ms: float, reach: tuple[float, float, bool], step_ms: float
) -> RelativeTime:
    if not (base_ms > 0 and new_ms > 0):
        return RelativeTime(new_ms)
    ratio, (low, high, is_noise) = new_ms / base_ms, reach
    if np.isnan(low):
        return RelativeTime(new_ms, ratio)
    is_within_clock = abs(new_ms - base_ms) <= CLOCK_STEPS * step_ms
    return RelativeTime(new_ms, ratio, (float(low), float(high)), bool(is_noise) or is_within_clock)
