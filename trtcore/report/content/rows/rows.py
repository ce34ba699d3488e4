"""The rows of a table: layers or groups of them, the rest in one line, and the total."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan, nan

from trtcore.errors import OptionError, argument
from trtcore.report.content.rows.costs import LayerCosts
from trtcore.report.content.rows.hierarchy import MARKERS, roll_up
from trtcore.report.content.rows.labels import row_labels
from trtcore.report.content.rows.levels import parse_level
from trtcore.result.analysis.analysis import Analysis

SORTS = ("order", "time")

_NOUNS = {"layer": "layer", "node": "group", "block": "block", "type": "type"}


@dataclass(frozen=True)
class View:
    """Which rows to show.

    Attributes:
        sort: in ``order`` of execution, or by ``time``, longest first.
        top: only the longest so many; the rest becomes one line.
        group_by: ``layer``, ``node``, ``block``, ``block:DEPTH``, ``type`` or ``type:2``.
        full_names: all nodes of a row instead of a short name.
        cost: with the part of the peak that each row reaches, and what it is bound by.
        findings: all findings, not the first ones only.

    Raises:
        OptionError: a value that makes no sense.
    """

    sort: str = "order"
    top: int | None = None
    group_by: str = "layer"
    full_names: bool = False
    cost: bool = False
    findings: bool = False

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            choices = ", ".join(SORTS)
            raise OptionError(f"{argument('sort')} is '{self.sort}', must be one of {choices}")
        parse_level(self.group_by)
        if self.top is not None and self.top < 1:
            raise OptionError(f"{argument('top')} is {self.top}, must be 1 or more")

    @property
    def level(self) -> str:
        """What a row is: ``layer``, ``node``, ``block`` or ``type``."""
        return parse_level(self.group_by).name


@dataclass(frozen=True)
class Row:
    """A line of the table; a sum of several layers has neither a 95th percentile nor a minimum.

    ``corrected_ms`` is NaN where it is not known, and marked where it is below the resolution.
    ``reformat_ms`` is the part of ``median_ms`` that reformats, casts and copies take. ``least_ms``
    is its time at the device's peaks, NaN where that is not known, and ``bound`` what it is bound
    by, ``""`` where its layers differ. ``layers`` are the positions of its layers; empty for a sum
    of rows.
    """

    label: str
    median_ms: float
    share: float
    corrected_ms: float
    p95_ms: float | None = None
    min_ms: float | None = None
    reformat_ms: float = 0.0
    is_below_resolution: bool = False
    least_ms: float = nan
    bound: str = ""
    layers: tuple[int, ...] = ()

    @property
    def share_of_peak(self) -> float:
        """``least_ms`` as a part of the row's time; NaN where that is not known."""
        own = self.median_ms if isnan(self.corrected_ms) else self.corrected_ms
        return self.least_ms / own if own > 0 else nan


@dataclass(frozen=True)
class Rows:
    """The lines of a table.

    Attributes:
        shown: the rows that were chosen, with one line for the rest.
        markers: all stream sync layers in one line; None if there are none.
        total: everything together.
    """

    shown: tuple[Row, ...]
    markers: Row | None
    total: Row


def make_rows(analysis: Analysis, view: View) -> Rows:
    """Returns the rows of a profile; their times add up to the total, whatever is shown."""
    _, folded = analysis.folded
    # One line: 126 of the 206 layers of GoogLeNet on four streams are such, and read 0.0.
    label = f"{folded.count} {MARKERS}"
    ms = folded.median_ms
    markers = Row(label, ms, folded.share, ms, least_ms=0.0) if folded.count else None
    rows = _layer_rows(analysis, view) if view.level == "layer" else _rolled_up(analysis, view)
    total = _sum("Time over all layers", [*rows, *filter(None, [markers])])
    return Rows(tuple(_choose(rows, view)), markers, total)


def _layer_rows(analysis: Analysis, view: View) -> list[Row]:
    layers, _ = analysis.folded
    costs = LayerCosts(analysis)
    labels = row_labels(analysis, [row.index for row in layers], full_names=view.full_names)
    return [
        Row(
            label,
            row.median_ms,
            row.share,
            row.corrected_ms,
            row.p95_ms,
            row.min_ms,
            is_below_resolution=row.is_below_resolution,
            layers=(row.index,),
            least_ms=costs.least_ms((row.index,)),
            bound=costs.bound((row.index,)),
        )
        for label, row in zip(labels, layers, strict=True)
    ]


def _rolled_up(analysis: Analysis, view: View) -> list[Row]:
    every = roll_up(analysis, view.group_by, full_names=view.full_names)
    costs = LayerCosts(analysis)
    buckets = (bucket for bucket in every if bucket.name != MARKERS)
    return [
        Row(
            bucket.name,
            bucket.median_ms,
            bucket.share,
            nan if bucket.corrected_ms is None else bucket.corrected_ms,
            reformat_ms=bucket.reformat_ms,
            is_below_resolution=bucket.is_below_resolution,
            layers=bucket.layers,
            least_ms=costs.least_ms(bucket.layers),
            bound=costs.bound(bucket.layers),
        )
        for bucket in buckets
    ]


def _choose(rows: list[Row], view: View) -> list[Row]:
    by_time = sorted(rows, key=lambda row: -row.median_ms)
    shown = by_time[: view.top]
    rest = by_time[len(shown) :]
    # `top` means the longest rows in either order. By identity, as two rows can be equal.
    if view.sort == "order":
        kept = {id(row) for row in shown}
        shown = [row for row in rows if id(row) in kept]
    label = f"{len(rest)} further {_NOUNS[view.level]}{'' if len(rest) == 1 else 's'}"
    return [*shown, _sum(label, rest)] if rest else shown


def _sum(label: str, rows: Iterable[Row]) -> Row:
    parts = list(rows)
    return Row(
        label,
        sum(row.median_ms for row in parts),
        sum(row.share for row in parts),
        sum(row.corrected_ms for row in parts),
        reformat_ms=sum(row.reformat_ms for row in parts),
        least_ms=sum(row.least_ms for row in parts),
    )
