"""The layers of a result for the page: rows of the table, and what the script draws."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any, NamedTuple

from trtcore.report.content.rows.concentration import concentrate, concentration_text
from trtcore.report.content.rows.details import LayerDetail, layer_details
from trtcore.report.content.rows.hierarchy import roll_up
from trtcore.report.html.embed import figure, figures
from trtcore.report.html.tables import Table
from trtcore.result.analysis.analysis import Analysis

MANY = 1500
"""Layers above which the pictures draw lines in place of bars, and blocks without their layers: an
element each takes a browser several seconds, and is thinner than a pixel."""
_MOST_POINTS = 500
"""Of the cumulative curve, which is smooth: more would not show."""
_UNKNOWN = "-"


class TableRow(NamedTuple):
    """The cells of a layer, as texts."""

    place: int
    label: str
    kind: str
    block: str
    precision: str
    corrected: str
    median: str
    p95: str
    share: str
    is_below: bool


class KindShare(NamedTuple):
    """A kind of layers and its part of the layer time, such as ``31.5 %``."""

    name: str
    share: str


class LayerTable(NamedTuple):
    """The table of layers and its filters.

    Attributes:
        rows: in order of execution.
        kinds: each kind, the one with most time first.
        blocks: each block, in order of execution.
        precisions: each type, in order of the first layer of it.
        total: time over all layers, corrected and as measured, as texts.
        block_table: time of each block.
        concentration: ``12 of 137 layers are 50 % of the time``.
        is_corrected: whether corrected times are known.
        is_many: whether single layers are too many for some pictures.
    """

    rows: tuple[TableRow, ...]
    kinds: tuple[KindShare, ...]
    blocks: tuple[str, ...]
    precisions: tuple[str, ...]
    total: tuple[str, str]
    concentration: str
    block_table: Table
    is_corrected: bool
    is_many: bool


def table_and_data(analysis: Analysis) -> tuple[LayerTable, dict[str, Any]]:
    """Returns the table of a result's layers, and the same for the script.

    The script reads names, kinds and blocks from the table, so that they are in the page once.
    """
    details = layer_details(analysis)
    kinds = _kinds(details)
    curve = concentrate(analysis)
    rows = [one.row for one in details]
    labels = list(dict.fromkeys(label for one in details for label, _ in one.facts))
    table = LayerTable(
        rows=tuple(map(_row, details)),
        kinds=kinds,
        blocks=tuple(dict.fromkeys(one.block for one in details if one.block)),
        precisions=tuple(dict.fromkeys(one.precision for one in details if one.precision)),
        total=(_ms(sum(row.corrected_ms for row in rows)), _ms(sum(r.median_ms for r in rows))),
        concentration=concentration_text(analysis, curve),
        block_table=_block_table(analysis),
        is_corrected=any(not isnan(row.corrected_ms) for row in rows),
        is_many=len(details) > MANY,
    )
    data = {
        "kinds": [kind.name for kind in kinds],
        "isMany": len(details) > MANY,
        "own": figures(row.own_ms for row in rows),
        "raw": figures(row.median_ms for row in rows),
        # Labels once: a list of pairs would be half a megabyte longer for 5,000 layers.
        "labels": labels,
        "facts": [[dict(one.facts).get(label, "") for label in labels] for one in details],
        "curve": _thinned(figures(curve.shares)),
    }
    return table, data


def _block_table(analysis: Analysis) -> Table:
    rows = tuple(
        (
            bucket.name,
            str(len(bucket.layers)),
            _UNKNOWN if bucket.corrected_ms is None else _ms(bucket.corrected_ms),
            _ms(bucket.median_ms),
            _UNKNOWN if isnan(bucket.share) else f"{100 * bucket.share:.2f}",
        )
        for bucket in roll_up(analysis, "block")
    )
    return Table(("Block", "layers", "corrected", "measured", "share %"), rows)


def _kinds(details: Sequence[LayerDetail]) -> tuple[KindShare, ...]:
    shares: dict[str, float] = {}
    for one in details:
        share = one.row.share
        shares[one.kind] = shares.get(one.kind, 0.0) + (0.0 if isnan(share) else share)
    return tuple(
        KindShare(kind, f"{100 * shares[kind]:.1f} %")
        for kind in sorted(shares, key=lambda kind: -shares[kind])
    )


def _row(one: LayerDetail) -> TableRow:
    row = one.row
    return TableRow(
        row.index,
        one.label,
        one.kind,
        one.block,
        one.precision,
        _ms(row.corrected_ms),
        _ms(row.median_ms),
        _ms(row.p95_ms),
        _UNKNOWN if isnan(row.share) else f"{100 * row.share:.2f}",
        row.is_below_resolution,
    )


def _thinned(shares: list[float | None]) -> list[tuple[int, float | None]]:
    """How many layers hold which part, at no more than `_MOST_POINTS` of them."""
    step = -(-len(shares) // _MOST_POINTS) or 1
    kept = sorted({*range(0, len(shares), step), len(shares) - 1} if shares else ())
    return [(i + 1, shares[i]) for i in kept]


def _ms(value: float) -> str:
    known = figure(value)
    return _UNKNOWN if known is None else f"{known:.4f}"
