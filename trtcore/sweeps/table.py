"""What a sweep found: a row per cell, the best of each figure, and the Pareto front.

Differences within the intervals of two cells are not ranked: both are then best.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trtcore.result.analysis.analysis import Analysis
from trtcore.result.saved import load_profile
from trtcore.stats.intervals import Interval
from trtcore.sweeps.store import Record, Store


@dataclass(frozen=True)
class Figure:
    """A figure of a cell, with its 95 % interval.

    Attributes:
        value: the figure.
        low: lower end of the interval; the value itself of what does not scatter.
        high: upper end.
    """

    value: float
    low: float
    high: float

    def is_below(self, other: Figure) -> bool:
        """Whether it is lower, by more than the intervals of both."""
        return self.high < other.low


FIGURES: Mapping[str, int] = {
    "latency_ms": 1,
    "items_per_s": -1,
    "energy_mj_per_item": 1,
    "memory_bytes": 1,
    "error": 1,
}
"""By name, 1 where the lowest is best and -1 where the highest is."""
FRONT = ("latency_ms", "items_per_s", "error")
"""Figures that the Pareto front weighs."""


@dataclass(frozen=True)
class Row:
    """A cell that was measured.

    Attributes:
        record: which it is.
        figures: by their names in `FIGURES`; without those that were not measured.
        best: names of the figures in which no other cell is clearly better.
        on_front: no other cell is as good in everything and clearly better in something.
        precision: that was measured, which the options may leave to the model.
        batch: the leading dimension of the first input.
        device: that timed it.
        runtime: that timed it, with its version.
    """

    record: Record
    figures: Mapping[str, Figure]
    best: tuple[str, ...] = ()
    on_front: bool = False
    precision: str = ""
    batch: int = 0
    device: str = ""
    runtime: str = ""


@dataclass(frozen=True)
class ModelTable:
    """The cells of one model on one kind of machine.

    Attributes:
        model: as the user named it.
        device: name of the GPU, or of the processor.
        runtime: the library, with its version.
        rows: cells with a result, the smallest latency first.
        failed: cells without one.
    """

    model: str
    device: str
    runtime: str
    rows: tuple[Row, ...]
    failed: tuple[Record, ...] = ()


@dataclass(frozen=True)
class SweepTable:
    """What a sweep found.

    Attributes:
        folder: of the saved results; that of a row is ``FOLDER/KEY.json``.
        models: a table per model and kind of machine, of every cell in the folder.
        planned: keys of the cells of this sweep; the folder may hold those of other plans too.
    """

    folder: str
    models: tuple[ModelTable, ...]
    planned: frozenset[str] = frozenset()

    @property
    def is_complete(self) -> bool:
        """Whether every cell of this sweep has a result."""
        failed = {record.key for one in self.models for record in one.failed}
        return self.planned.isdisjoint(failed)


def read_table(store: Store) -> SweepTable:
    """Reads every cell of a folder.

    Raises:
        ResultError: a saved result cannot be read.
    """
    groups: dict[tuple[str, str, str, str], tuple[list[Row], list[Record]]] = {}
    for record in store.records():
        row = _row(store, record) if record.is_done else None
        place = (record.device, record.runtime) if row is None else (row.device, row.runtime)
        rows, failed = groups.setdefault((record.model, *place, record.digest), ([], []))
        if row is None:
            failed.append(record)
        else:
            rows.append(row)
    tables = (
        ModelTable(model, device, runtime, judged(rows), tuple(failed))
        for (model, device, runtime, _), (rows, failed) in sorted(
            groups.items(), key=lambda group: group[0]
        )
    )
    return SweepTable(str(store.folder), tuple(tables))


def _row(store: Store, record: Record) -> Row:
    analysis = Analysis(load_profile(store.result_path(record.key)))
    profile = analysis.profile
    device, runtime = record.device, record.runtime
    # TensorRT may refuse the GPU only when the engine is loaded: the CPU then stands in.
    if profile.backend != record.backend:
        environment = profile.environment
        device, runtime = environment.device or environment.cpu, environment.runtime
    return Row(
        record,
        figures_of(analysis),
        precision=profile.precision,
        batch=profile.batch,
        device=device,
        runtime=runtime,
    )


def figures_of(analysis: Analysis) -> dict[str, Figure]:
    """The figures of one saved result; those that it lacks are left out."""
    wall, profile = analysis.latency.wall, analysis.profile
    found: dict[str, Figure] = {}
    if wall is not None:
        low, high = _known(analysis.intervals["wall_ms"])
        found["latency_ms"] = Figure(wall.median_ms, low, high)
        if profile.batch:
            # Of the median, so that its interval is that of the latency.
            per_s = 1000.0 * profile.batch
            found["items_per_s"] = Figure(
                per_s / wall.median_ms, per_s / high, per_s / low if low else math.inf
            )
    if profile.energy is not None and profile.energy.is_known:
        # By item: by inference the smallest batch would always be best.
        found["energy_mj_per_item"] = _exact(profile.energy.millijoules / max(profile.batch, 1))
    build = profile.build
    if build is not None and build.memory is not None:
        found["memory_bytes"] = _exact(build.memory.context_bytes + build.plan_bytes)
    if profile.accuracy is not None and not math.isnan(profile.accuracy.relative_l2):
        found["error"] = _exact(profile.accuracy.relative_l2)
    return found


def _exact(value: float) -> Figure:
    return Figure(float(value), float(value), float(value))


def _known(interval: Interval) -> Interval:
    """The interval, or the widest where there are too few iterations for one."""
    return (0.0, math.inf) if math.isnan(interval[0]) else interval


def judged(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Returns the rows of one model with the best and the front marked, lowest latency first."""
    given = sorted(rows, key=_order)
    front = _front(given)
    return tuple(
        replace(row, best=_best(row, given), on_front=i in front) for i, row in enumerate(given)
    )


def _order(row: Row) -> tuple[float, str]:
    latency = row.figures.get("latency_ms")
    return (math.inf if latency is None else latency.value), row.record.key


def _best(row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    """The figures of a row that are best; of a lone row none are."""
    return tuple(
        name
        for name in FIGURES
        if name in row.figures
        and sum(name in other.figures for other in rows) > 1
        and not any(_is_better(other, row, name) for other in rows)
    )


def _is_better(one: Row, other: Row, name: str) -> bool:
    """Whether a figure of one row is better by more than the intervals of both."""
    if name not in one.figures or name not in other.figures:
        return False
    first, second = one.figures[name], other.figures[name]
    return first.is_below(second) if FIGURES[name] > 0 else second.is_below(first)


def _front(rows: Sequence[Row]) -> set[int]:
    """The places of the rows on the Pareto front, among those that have all of its figures.

    Where no cell has its error measured, the front is of latency against throughput.
    """
    names = [name for name in FRONT if any(name in row.figures for row in rows)]
    whole = [i for i, row in enumerate(rows) if names and all(n in row.figures for n in names)]
    return {i for i in whole if not any(_dominates(rows[j], rows[i], names) for j in whole)}


def _dominates(one: Row, other: Row, names: Sequence[str]) -> bool:
    """Whether a row is as good in everything, and clearly better in something."""
    # By the figures themselves: "not clearly worse" is not transitive, and rows could then
    # exclude each other in a circle until none is left.
    as_good = all(
        FIGURES[n] * one.figures[n].value <= FIGURES[n] * other.figures[n].value for n in names
    )
    return as_good and any(_is_better(one, other, name) for name in names)


def table_data(table: SweepTable) -> dict[str, Any]:
    """The table as plain data, as JSON has it: for pages and other tools."""
    return {
        "schema": "trtcore/sweep",
        "version": 1,
        "folder": table.folder,
        "models": [
            {
                "model": one.model,
                "device": one.device,
                "runtime": one.runtime,
                "cells": [_row_data(row) for row in one.rows],
                "failed": [_failed_data(record) for record in one.failed],
            }
            for one in table.models
        ],
    }


def _row_data(row: Row) -> dict[str, Any]:
    return {
        "key": row.record.key,
        "options": dict(row.record.options),
        "precision": row.precision,
        "batch": row.batch,
        "figures": {
            name: {"value": _finite(one.value), "low": _finite(one.low), "high": _finite(one.high)}
            for name, one in row.figures.items()
        },
        "best": list(row.best),
        "on_front": row.on_front,
        "result": f"{row.record.key}.json",
    }


def _finite(value: float) -> float | None:
    """The value if JSON has such a number."""
    return value if math.isfinite(value) else None


def _failed_data(record: Record) -> dict[str, Any]:
    return {
        "key": record.key,
        "options": dict(record.options),
        "state": record.state.value,
        "message": record.message,
        "last_line": record.last_line,
    }
