"""The rows of a table: layers or what they roll up to, the rest in one line, and the total."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import nan

from trtcore.errors import OptionError, argument
from trtcore.report.content.hierarchy import LEVELS, MARKERS, roll_up
from trtcore.report.content.labels import layer_labels
from trtcore.result.analysis.summary import fold_markers, summarise_layers
from trtcore.result.layers import LayerProfile
from trtcore.result.records import Profile

SORTS = ("order", "time")

_NOUNS = {"layer": "layer", "node": "group", "block": "block", "type": "type"}


@dataclass(frozen=True)
class View:
    """Which rows to show.

    Attributes:
        sort: in ``order`` of execution, or by ``time``, longest first.
        top: only the longest so many; the rest becomes one line.
        group_by: ``layer``, ``node``, ``block`` or ``type``.

    Raises:
        OptionError: a value that makes no sense.
    """

    sort: str = "order"
    top: int | None = None
    group_by: str = "layer"

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("sort", self.sort, SORTS),
            ("group_by", self.group_by, LEVELS),
        ):
            if value not in choices:
                raise OptionError(
                    f"{argument(name)} is '{value}', must be one of {', '.join(choices)}"
                )
        if self.top is not None and self.top < 1:
            raise OptionError(f"{argument('top')} is {self.top}, must be 1 or more")


@dataclass(frozen=True)
class Row:
    """A line of the table; a sum of several layers has neither a 95th percentile nor a minimum.

    ``corrected_ms`` is NaN where it is not known, and marked where it is below the resolution.
    ``tax_ms`` is the part of ``median_ms`` that reformats, casts and copies take.
    """

    label: str
    median_ms: float
    share: float
    corrected_ms: float
    p95_ms: float | None = None
    min_ms: float | None = None
    tax_ms: float = 0.0
    is_below_resolution: bool = False


@dataclass(frozen=True)
class Rows:
    """The lines of a table.

    Attributes:
        shown: the rows that were chosen, with one line for the rest.
        markers: all markers in one line; None if there are none.
        total: everything together.
    """

    shown: tuple[Row, ...]
    markers: Row | None
    total: Row


def make_rows(profile: Profile, view: View) -> Rows:
    """Returns the rows of a profile; their times add up to the total, whatever is shown."""
    layers, folded = fold_markers(summarise_layers(profile))
    label = f"{folded.count} signal and wait markers"
    markers = Row(label, folded.median_ms, folded.share, folded.median_ms) if folded.count else None
    rows = _layer_rows(layers) if view.group_by == "layer" else _rolled_up(profile, view.group_by)
    total = _sum("Time over all layers", [*rows, *filter(None, [markers])])
    return Rows(tuple(_choose(rows, view)), markers, total)


def _layer_rows(layers: Sequence[LayerProfile]) -> list[Row]:
    labels = layer_labels([row.layer for row in layers])
    return [
        Row(
            label,
            row.median_ms,
            row.share,
            row.corrected_ms,
            row.p95_ms,
            row.min_ms,
            is_below_resolution=row.is_below_resolution,
        )
        for label, row in zip(labels, layers, strict=True)
    ]


def _rolled_up(profile: Profile, level: str) -> list[Row]:
    buckets = (bucket for bucket in roll_up(profile, level) if bucket.name != MARKERS)
    return [
        Row(
            bucket.name,
            bucket.median_ms,
            bucket.share,
            nan if bucket.corrected_ms is None else bucket.corrected_ms,
            tax_ms=bucket.tax_ms,
            is_below_resolution=bucket.is_below_resolution,
        )
        for bucket in buckets
    ]


def _choose(rows: list[Row], view: View) -> list[Row]:
    by_time = sorted(rows, key=lambda row: -row.median_ms)
    shown = by_time[: view.top]
    rest = by_time[len(shown) :]
    if view.sort == "order":
        kept = {id(row) for row in shown}
        shown = [row for row in rows if id(row) in kept]
    label = f"{len(rest)} further {_NOUNS[view.group_by]}{'' if len(rest) == 1 else 's'}"
    return [*shown, _sum(label, rest)] if rest else shown


def _sum(label: str, rows: Iterable[Row]) -> Row:
    parts = list(rows)
    return Row(
        label,
        sum(row.median_ms for row in parts),
        sum(row.share for row in parts),
        sum(row.corrected_ms for row in parts),
        tax_ms=sum(row.tax_ms for row in parts),
    )
