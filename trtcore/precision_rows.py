"""Compares profiles of one model in several precisions: what each node costs in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trtcore.alignment import Side, groups_of, node_sets
from trtcore.errors import ResultError
from trtcore.fusion import map_fusion
from trtcore.precision_comparison import PrecisionComparison, PrecisionRow, RelativeTime
from trtcore.precision_verdict import verdict
from trtcore.resampling import batch_medians, compare_batches
from trtcore.result import Profile
from trtcore.series import EVENT_RESOLUTION_MS
from trtcore.statistics import summarise_layers

# The whole network, by the names of its series; the second is what the GPU alone did.
_TOTALS = (
    ("un-profiled latency", "wall_ms"),
    ("un-profiled GPU time", "gpu_ms"),
    ("un-profiled GPU time, gated", "gated_ms"),
    ("un-profiled GPU time, CUDA graph", "graph_ms"),
)

_CPU_RESOLUTION_MS = 0.001

Floats = NDArray[np.float64]
Layers = Sequence[int]


def compare_runs(profiles: Sequence[Profile], notes: Sequence[str] = ()) -> PrecisionComparison:
    """Compares profiles of one model, which carry the same graph, with the first of them.

    Args:
        profiles: measured in turns, one for each precision.
        notes: what a reader has to know beside the profiles' own warnings.

    Raises:
        ResultError: a profile without times.
    """
    is_corrected = all(_has_corrected(profile) for profile in profiles)
    runs = [_timed(profile, is_corrected) for profile in profiles]
    rows = _rows(runs)
    rest = [(*run.side.fusion.markers, *run.side.fusion.unattributed) for run in runs]
    everything = [range(run.medians.size) for run in runs]
    precisions = tuple(profile.precision for profile in profiles)
    tax = _row("reformats, casts and copies", runs, [run.tax for run in runs])
    layers = _row("time over all layers", runs, everything)
    totals = _totals(profiles)
    return PrecisionComparison(
        precisions=precisions,
        profiles=tuple(profiles),
        rows=rows,
        tax=tax,
        rest=_row("markers and unattributed", runs, rest),
        layers=layers,
        totals=totals,
        is_corrected=is_corrected,
        verdict=verdict(profiles, totals, tax, layers),
        notes=(*notes, *_notes(profiles)),
    )


@dataclass(frozen=True, eq=False)
class _Timed:
    """One precision with its times: (L,) medians and (B, L) medians of batches, in ms."""

    side: Side
    medians: Floats
    batches: Floats

    @property
    def step_ms(self) -> float:
        on_cpu = self.side.profile.backend == "onnxruntime"
        return _CPU_RESOLUTION_MS if on_cpu else EVENT_RESOLUTION_MS

    @property
    def tax(self) -> tuple[int, ...]:
        return tuple(i for group in self.side.fusion.groups for i in group.tax)

    def layers_of(self, nodes: Sequence[str]) -> tuple[int, ...]:
        groups = groups_of(self.side, nodes)
        return tuple(i for group in groups for i in group.layers if i not in group.tax)


def _has_corrected(profile: Profile) -> bool:
    return not any(np.isnan(row.corrected_ms) for row in summarise_layers(profile))


def _timed(profile: Profile, is_corrected: bool) -> _Timed:
    if profile.samples.layer_ms.size == 0:
        raise ResultError(f"{profile.precision}: there are no times to compare")
    summaries = summarise_layers(profile)
    raw = np.array([row.median_ms for row in summaries])
    medians = np.array([row.corrected_ms for row in summaries]) if is_corrected else raw
    batches = batch_medians(profile.samples.layer_ms) - (raw - medians)
    return _Timed(Side(profile, map_fusion(profile)), medians, batches)


def _rows(runs: Sequence[_Timed]) -> tuple[PrecisionRow, ...]:
    """One row for each set of nodes that any precision has a layer for."""
    sets = [(nodes, [run.layers_of(nodes) for run in runs]) for nodes in node_sets(_sides(runs))]
    timed = [(nodes, layers) for nodes, layers in sets if any(layers)]
    timed.sort(key=lambda pair: min(pair[1][0], default=0))
    times = _relative_layers(runs, [layers for _, layers in timed])
    return tuple(
        PrecisionRow(" + ".join(nodes), row, nodes)
        for (nodes, _), row in zip(timed, times, strict=True)
    )


def _sides(runs: Sequence[_Timed]) -> list[Side]:
    return [run.side for run in runs]


def _row(name: str, runs: Sequence[_Timed], layers: Sequence[Layers]) -> PrecisionRow:
    return PrecisionRow(name, _relative_layers(runs, [layers])[0])


def _totals(profiles: Sequence[Profile]) -> tuple[PrecisionRow, ...]:
    rows = []
    for name, field in _TOTALS:
        series = [getattr(profile.samples, field) for profile in profiles]
        if all(times.size for times in series):
            medians = [np.median(times[:, None], axis=0) for times in series]
            batches = [batch_medians(times[:, None]) for times in series]
            rows.append(PrecisionRow(name, _relative(medians, batches, 0.0)[0]))
    return tuple(rows)


def _relative_layers(
    runs: Sequence[_Timed], rows: Sequence[Sequence[Layers]]
) -> list[tuple[RelativeTime, ...]]:
    """The times of R rows, each of which is some layers in every run."""
    medians, batches = [], []
    for i, run in enumerate(runs):
        chosen = [list(layers[i]) for layers in rows]
        medians.append(np.array([run.medians[at].sum() for at in chosen]))
        columns = [run.batches[:, at].sum(axis=1) for at in chosen]
        batches.append(np.stack(columns, axis=1) if columns else np.empty((len(run.batches), 0)))
    return _relative(medians, batches, max(run.step_ms for run in runs))


def _relative(
    medians: Sequence[Floats], batches: Sequence[Floats], step_ms: float
) -> list[tuple[RelativeTime, ...]]:
    """R rows of times beside the first ones, with the bootstrap's interval about each ratio.

    Args:
        medians: (R,) for each precision.
        batches: (B, R) for each precision.
        step_ms: resolution of the clock; two steps are noise.
    """
    columns = [[RelativeTime(float(ms)) for ms in medians[0]]]
    for own_ms, own in zip(medians[1:], batches[1:], strict=True):
        found = compare_batches(batches[0], own)
        reach = zip(found.low, found.high, found.is_noise, strict=True)
        columns.append(
            [
                _beside(float(base), float(new), bounds, step_ms)
                for base, new, bounds in zip(medians[0], own_ms, reach, strict=True)
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
    interval = (ratio * float(low), ratio * float(high))
    may_be_none = interval[0] <= 1 <= interval[1] or abs(new_ms - base_ms) <= 2 * step_ms
    return RelativeTime(new_ms, ratio, interval, bool(is_noise) or may_be_none)


def _notes(profiles: Sequence[Profile]) -> tuple[str, ...]:
    """Notes and warnings of all profiles; what all of them have is said once."""
    users: dict[str, list[str]] = {}
    for profile in profiles:
        for line in dict.fromkeys((*profile.model.notes, *profile.warnings)):
            users.setdefault(line, []).append(profile.precision)
    return tuple(
        line if len(found) == len(profiles) else f"{', '.join(found)}: {line}"
        for line, found in users.items()
    )
