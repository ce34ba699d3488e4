"""What changed between two profiles of one model, layer by layer, however each of them was fused.

Rows are the smallest sets of model nodes that both profiles can be timed for, so fp32 compares
with fp16, TensorRT with Caffe, and last week's TensorRT with this week's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trtcore.alignment import Side, Span, align, spans
from trtcore.comparison import (
    APPEARED,
    ELIMINATED,
    REFUSED,
    SAME,
    VANISHED,
    Change,
    Comparison,
)
from trtcore.errors import ResultError
from trtcore.histogram import ACCURACY
from trtcore.judgement import RowTimes, judge_rows, judge_series
from trtcore.resampling import batch_medians
from trtcore.result import Profile
from trtcore.series import EVENT_RESOLUTION_MS
from trtcore.statistics import summarise_layers

_CPU_RESOLUTION_MS = 0.001

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Timed:
    """One side with its times: (L,) medians and (B, L) medians of batches."""

    side: Side
    medians: Floats
    batches: Floats

    def rows(self, groups: Sequence[tuple[int, ...]]) -> RowTimes:
        columns = [self.batches[:, list(layers)].sum(axis=1) for layers in groups]
        empty = np.empty((len(self.batches), 0))
        rows_ms = np.stack(columns, axis=1) if columns else empty
        return RowTimes(rows_ms, self.batches.sum(axis=1))

    def sum_at(self, layers: tuple[int, ...]) -> float:
        return float(self.medians[list(layers)].sum())


def compare_profiles(base: Profile, new: Profile, *, allow_partial: bool = False) -> Comparison:
    """Compares two profiles of one model.

    Args:
        base: before.
        new: after.
        allow_partial: go on although the models are not the same; what only one has is listed.

    Raises:
        ResultError: not the same model, nothing measured, or a time that is not a number.
    """
    for profile in (base, new):
        _check_times(profile)
    sides = align(base, new, allow_partial=allow_partial)
    before, after = (_timed(side) for side in sides)
    found = spans(*sides)
    rows = _judge([_change(span, before, after) for span in found], found, before, after)
    return Comparison(
        base=base,
        new=new,
        rows=tuple(sorted(rows, key=lambda row: -abs(row.difference_ms))),
        total=_total(before, after),
        layers=Change(
            "time over all layers", float(before.medians.sum()), float(after.medians.sum())
        ),
        rest=Change("markers and unattributed", _rest_ms(before), _rest_ms(after)),
        notes=_notes(base, new),
    )


def _check_times(profile: Profile) -> None:
    times, name = profile.samples.layer_ms, f"'{profile.model.name}' ({profile.backend})"
    if times.size == 0:
        raise ResultError(f"{name}: the profile has no times to compare")
    bad = np.flatnonzero(~np.isfinite(times).all(axis=0))
    if bad.size:
        layer = profile.layers[bad[0]].name
        raise ResultError(f"{name}: layer '{layer}' has a time that is not a number")


def _timed(side: Side) -> _Timed:
    medians = np.array([row.median_ms for row in summarise_layers(side.profile)])
    return _Timed(side, medians, batch_medians(side.profile.samples.layer_ms))


def _change(span: Span, base: _Timed, new: _Timed) -> Change:
    return Change(
        name=" + ".join(span.nodes),
        base_ms=base.sum_at(span.base_layers),
        new_ms=new.sum_at(span.new_layers),
        kind=_kind(span, new.side),
        nodes=span.nodes,
        base_layers=tuple(base.side.profile.layers[i].name for i in span.base_layers),
        new_layers=tuple(new.side.profile.layers[i].name for i in span.new_layers),
        order=min(span.new_layers or span.base_layers),
    )


def _kind(span: Span, new: Side) -> str:
    if span.is_refused:
        return REFUSED
    if not span.new_layers:
        free = {*new.fusion.eliminated, *new.fusion.folded}
        return ELIMINATED if free.issuperset(span.nodes) else VANISHED
    return SAME if span.base_layers else APPEARED


def _judge(rows: list[Change], found: tuple[Span, ...], base: _Timed, new: _Timed) -> list[Change]:
    """Judges the rows that both sides have; the others stay as they are."""
    both = [i for i, span in enumerate(found) if span.base_layers and span.new_layers]
    before = base.rows([found[i].base_layers for i in both])
    after = new.rows([found[i].new_layers for i in both])
    step_ms = max(_resolution_ms(timed.side.profile) for timed in (base, new))
    judged = dict(
        zip(both, judge_rows([rows[i] for i in both], before, after, step_ms), strict=True)
    )
    blur = (1 + _blur(base)) * (1 + _blur(new))
    return [_widened(judged.get(i, row), blur) for i, row in enumerate(rows)]


def _blur(timed: _Timed) -> float:
    """By how much, as a part of them, the medians may be off."""
    return ACCURACY if timed.side.profile.samples.layer_histograms is not None else 0.0


def _widened(row: Change, factor: float) -> Change:
    low, high = row.interval
    return replace(row, interval=(low / factor, high * factor))


def _resolution_ms(profile: Profile) -> float:
    return _CPU_RESOLUTION_MS if profile.backend == "onnxruntime" else EVENT_RESOLUTION_MS


def _total(base: _Timed, new: _Timed) -> Change:
    pair = (base.side.profile.samples, new.side.profile.samples)
    for name, series in (
        ("un-profiled GPU time", [samples.gpu_ms for samples in pair]),
        ("un-profiled latency", [samples.wall_ms for samples in pair]),
    ):
        if all(times.size > 1 for times in series):
            return judge_series(name, series[0], series[1])
    base_ms, new_ms = (_whole_ms(side) for side in (base, new))
    return Change("one forward pass", base_ms, new_ms)


def _whole_ms(timed: _Timed) -> float:
    wall = timed.side.profile.samples.wall_ms
    return float(np.median(wall)) if wall.size else float(timed.medians.sum())


def _rest_ms(timed: _Timed) -> float:
    fusion = timed.side.fusion
    return timed.sum_at((*fusion.markers, *fusion.unattributed))


def _notes(base: Profile, new: Profile) -> tuple[str, ...]:
    notes = []
    for word, values in (
        ("batch", (base.batch, new.batch)),
        ("device", (base.environment.device, new.environment.device)),
    ):
        if all(values) and values[0] != values[1]:
            notes.append(f"{word} {values[0]} is compared with {word} {values[1]}")
    walls = [bool(profile.samples.wall_ms.size) for profile in (base, new)]
    if walls[0] != walls[1]:
        words = (
            ("a latency", "a sum over layers") if walls[0] else ("a sum over layers", "a latency")
        )
        notes.append(f"the forward pass of base is {words[0]}, that of new {words[1]}")
    for word, profile in (("base", base), ("new", new)):
        if profile.samples.layer_histograms is not None:
            notes.append(
                f"{word} was streamed: medians of its layers are within {ACCURACY:.1%}; noise and "
                f"un-profiled times are judged by its last {len(profile.samples.layer_ms)} "
                "iterations"
            )
        if len(profile.samples.layer_ms) == 1:
            notes.append(f"{word} holds one figure per layer, so noise cannot be judged")
        notes += [f"{word}: {warning}" for warning in profile.warnings]
    return tuple(notes)
