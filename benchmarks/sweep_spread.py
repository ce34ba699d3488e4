"""Whether latencies of a sweep lie within the spread of those measured alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import expm1, inf, log, sqrt
from statistics import mean

from trtcore.stats.student import t_quantile

# Over all cells together: chance alone puts one of them outside in one of 20 benchmarks.
ALARMS = 0.05
OUTSIDE = "cells beyond what chance explains"

Latencies = Mapping[str, Sequence[float]]
"""By cell, such as ``bert_base batch 4 fp16``: a median in ms of each fresh process."""


@dataclass(frozen=True)
class Shift:
    """How much longer a cell takes in a sweep.

    Attributes:
        cell: its name; the first word is its model.
        part: of the latency alone: 0.01 is 1 % longer.
        limit: what chance alone stays below; infinite if no cell was repeated.
    """

    cell: str
    part: float
    limit: float

    @property
    def is_outside(self) -> bool:
        """Whether chance alone does not explain it."""
        return abs(self.part) > self.limit


def shifts(alone: Latencies, together: Latencies) -> list[Shift]:
    """Compares each cell's processes in a sweep with those alone.

    The spread is that between processes alone, pooled over the cells of a model: two or three
    processes of one cell say too little about it.

    Args:
        alone: nothing else ran on the machine.
        together: cells ran on every GPU.
    """
    both = [cell for cell in alone if alone[cell] and together.get(cell)]
    return [_shift(cell, alone, together[cell], ALARMS / len(both)) for cell in both]


def _shift(cell: str, alone: Latencies, inside: Sequence[float], alarms: float) -> Shift:
    spread, freedom = _pooled(cell.partition(" ")[0], alone)
    error = spread * sqrt(1 / len(alone[cell]) + 1 / len(inside))
    part = expm1(_mean(inside) - _mean(alone[cell]))
    return Shift(cell, part, t_quantile(alarms, freedom) * error if freedom else inf)


def _pooled(model: str, alone: Latencies) -> tuple[float, int]:
    """Standard deviation between processes of a model's cells, and its degrees of freedom."""
    own = [times for cell, times in alone.items() if times and cell.partition(" ")[0] == model]
    squares = sum((log(ms) - _mean(times)) ** 2 for times in own for ms in times)
    freedom = sum(len(times) - 1 for times in own)
    return (sqrt(squares / freedom) if freedom else 0.0), freedom


def _mean(times: Sequence[float]) -> float:
    return sum(map(log, times)) / len(times)


def compared(alone: Latencies, together: Latencies) -> tuple[dict[str, float], list[str]]:
    """Figures over all cells, and a note for each."""
    cells = shifts(alone, together)
    figures = {"cells": float(len(cells))}
    known = [one for one in cells if one.limit < inf]
    if known:
        figures[OUTSIDE] = float(sum(one.is_outside for one in known))
        figures["largest difference, %"] = 100 * max(abs(one.part) for one in known)
        figures["largest difference that chance explains, %"] = 100 * max(o.limit for o in known)
        figures["mean difference, %"] = 100 * mean(one.part for one in known)
    notes = [
        f"{one.cell}: {words(alone[one.cell])} alone, {words(together[one.cell])} in a sweep: "
        f"{100 * one.part:+.2f} %, chance explains {100 * one.limit:.2f} %"
        for one in cells
    ]
    return figures, notes


def words(times: Sequence[float]) -> str:
    return f"{', '.join(f'{ms:.4f}' for ms in times)} ms"
